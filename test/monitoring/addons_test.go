package monitoring

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"gopkg.in/yaml.v3"

	"doks-security/test/monitoring/dashboards"
	"doks-security/values"
)

// The alerts of the example addons have cases as those of values/ have, in testdata/addons/<addon>/.
func TestAlertsOfAddons(t *testing.T) {
	addons, err := values.Addons("../..", values.ExampleAddonsDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range addons.Folders() {
		file := filepath.Join("../..", values.ExampleAddonsDir, folder, "alerts.yaml")
		for _, alert := range alertsOf(t, file) {
			tests := readTestsIn(t, filepath.Join("addons", folder), alert)
			for _, kind := range []string{"firing", "silent", "recovery"} {
				if !slices.ContainsFunc(tests, func(c alertTest) bool { return isOf(t, c, kind) }) {
					t.Errorf("%s has no test of %s", alert, kind)
				}
			}
			for _, c := range tests {
				t.Run(alert+"/"+c.Name, func(t *testing.T) { compare(t, alert, c, firingOf(t, []string{file}, alert, c)) })
			}
		}
	}
}

// The alerts of an addon whose program was recorded, their cases and its dashboard read what that exports, in the
// version of the addon.
func TestAddonsReadWhatIsExported(t *testing.T) {
	addons, err := values.Addons("../..", values.ExampleAddonsDir)
	if err != nil {
		t.Fatal(err)
	}
	c := readCatalog(t)
	for _, folder := range addons.Folders() {
		source, recorded := c.Sources[folder]
		if !recorded {
			continue
		}
		if source.Version != addons[folder].Chart.AppVersion {
			t.Errorf("metrics.yaml has the metrics of %s %s, pinned is %s: look them up again (at: %s)", folder,
				source.Version, addons[folder].Chart.AppVersion, source.At)
		}
		read := map[string]string{}
		groups, err := addons[folder].RuleGroups("alerts.yaml", values.DefaultNamespaces())
		if err != nil {
			t.Fatal(err)
		}
		for _, group := range groups {
			for _, rule := range group.Rules {
				read[rule.Alert+rule.Record] = rule.Expr
				for _, test := range readTestsIn(t, filepath.Join("addons", folder), rule.Alert) {
					for _, series := range test.InputSeries {
						read[rule.Alert+", "+test.Name+": "+series.Series] = series.Series
					}
				}
			}
		}
		d, err := dashboards.ReadFile(filepath.Join("../..", values.ExampleAddonsDir, folder, "dashboards", folder+".json"))
		if err != nil {
			t.Fatal(err)
		}
		maps.Copy(read, d.Queries())
		for where, expr := range read {
			for _, problem := range c.check("prometheus", expr) {
				t.Errorf("%s: %s: %s", folder, where, problem)
			}
		}
	}
}

// alertsOf are the names of the alerts in a file of rules.
func alertsOf(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var parsed struct {
		Groups []values.RuleGroup `yaml:"groups"`
	}
	if err := yaml.Unmarshal(text, &parsed); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, group := range parsed.Groups {
		for _, rule := range group.Rules {
			if rule.Alert != "" {
				names = append(names, rule.Alert)
			}
		}
	}
	return names
}
