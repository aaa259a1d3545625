package monitoring

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"gopkg.in/yaml.v3"

	"doks-security/test/monitoring/scenario"
	"doks-security/values"
)

// promtool comes to the same results as the rule manager of TestAlerts. It would compare annotations too, and gets
// none.
func TestPromtool(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("no promtool on PATH")
	}
	files, err := filepath.Glob("testdata/alerts/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no tests", err)
	}
	dir := t.TempDir()
	for _, metrics := range []string{"native", "falco-exporter"} {
		writeRules(t, filepath.Join(dir, metrics+".yaml"), metrics)
	}
	args := []string{"test", "rules"}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		copied := filepath.Join(dir, "test-"+filepath.Base(file)) // rule_files are relative to it
		if err := os.WriteFile(copied, text, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, copied)
	}
	if out, err := exec.CommandContext(t.Context(), promtool, args...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// writeRules writes all rules into one file, without annotations.
func writeRules(t *testing.T, file, metrics string) {
	t.Helper()
	groups, err := values.Alerts(metrics, values.DefaultNamespaces(), scenario.Approved, values.AlertLinks{},
		scenario.Outputs...)
	if err != nil {
		t.Fatal(err)
	}
	var all []values.RuleGroup
	for _, group := range groups {
		for i := range group.Rules {
			group.Rules[i].Annotations = nil
		}
		all = append(all, group)
	}
	text, err := yaml.Marshal(map[string]any{"groups": all})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
