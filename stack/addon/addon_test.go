package addon

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doks-security/stack/field"
	"doks-security/values"
)

// Two addons may share a namespace, whose level one of them has. What they share with others is checked in stack.
func TestRead(t *testing.T) {
	shipped, err := values.Releases()
	if err != nil {
		t.Fatal(err)
	}
	chart := func(name, level string) string {
		return "name: " + name + "\nversion: 1.0.0\nrepository: oci://registry.example.org/charts\nsha256: \"\"\n" +
			"namespace: backup\n" + level
	}
	const level = "podSecurity: baseline\n"
	for _, c := range []struct{ name, first, second, want string }{
		{"one level", chart("a", level), chart("b", ""), ""},
		{"two levels", chart("a", level), chart("b", level), "in one release of the namespace backup"},
		{"no level", chart("a", ""), chart("b", ""), "in one release of the namespace backup"},
		{"one name", chart("a", level), chart("b", "release: first\n"), "a name of its own: addons/first has it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			for name, text := range map[string]string{"first": c.first, "second": c.second} {
				dir := filepath.Join(root, values.AddonsDir, name)
				if err := os.MkdirAll(dir, 0o755); err != nil {
					t.Fatal(err)
				}
				for file, text := range map[string]string{"chart.yaml": text, "values.yaml": "a: 1\n", ".swp": "\x00"} {
					if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
			var errs field.Errors
			all := Read(root, shipped, []string{"first", "second"}, &errs)
			if c.want == "" && (len(errs) > 0 || len(all) != len(shipped)+2) ||
				c.want != "" && (len(errs) == 0 || !strings.Contains(errs.Error(), c.want)) {
				t.Errorf("%d releases, errs = %v, want %q", len(all), errs, c.want)
			}
		})
	}
}
