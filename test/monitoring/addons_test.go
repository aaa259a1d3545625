package monitoring

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"gopkg.in/yaml.v3"

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
