package ci

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestVulnerabilities(t *testing.T) {
	seeded, err := filepath.Abs("testdata/vulndb")
	if err != nil {
		t.Fatal(err)
	}
	empty := t.TempDir()
	write(t, filepath.Join(empty, "index/db.json"), `{"modified": "2026-01-01T00:00:00Z"}`)
	write(t, filepath.Join(empty, "index/modules.json"), `[]`)
	text, err := os.ReadFile(filepath.Join(seeded, "ID/GO-2026-9999.json"))
	if err != nil {
		t.Fatal(err)
	}
	clone, nothing := t.TempDir(), t.TempDir()
	write(t, filepath.Join(clone, "data/osv/GO-2026-9999.json"), string(text))
	for _, c := range []struct {
		name, database string
		accepted       string // in docs/security.md
		code           int
		says           string
	}{
		{"none is known", "file://" + empty, "", 0, "caller: no known vulnerability is called"},
		{"one is called", "file://" + seeded, "", 3, "An invented fault of url.Parse"},
		{"one is called, by a directory", seeded, "", 3, "An invented fault of url.Parse"},
		{"one is called, by a clone of golang/vulndb", clone, "", 3, "An invented fault of url.Parse"},
		{"one is called that is accepted", seeded, "| GO-2026-9999 | `caller` | |", 0,
			"but those of docs/security.md: GO-2026-9999"},
		{"another is accepted", seeded, "| GO-2026-999 | `caller` | |", 3, "An invented fault of url.Parse"},
		{"it is accepted in another module", seeded, "| GO-2026-9999 | `other` | |", 3, "An invented fault of url.Parse"},
		{"a directory without a database", nothing, "", 2, "VULNDB=" + nothing +
			": neither data/osv nor index/modules.json is there"},
		{"no database: nothing is known", "http://127.0.0.1:1", "", 75, "caller: SKIPPED, nothing is known"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := project(t)
			link(t, dir, "tools")
			write(t, filepath.Join(dir, "caller/go.mod"), "module caller\n\ngo 1.26.0\n")
			write(t, filepath.Join(dir, "caller/main.go"),
				"package main\n\nimport \"net/url\"\n\nfunc main() { _, _ = url.Parse(\"x\") }\n")
			write(t, filepath.Join(dir, "docs/security.md"), c.accepted+"\n")
			t.Setenv("VULNDB", c.database)
			t.Setenv("MODULES", "caller")
			out, code := run(t, dir, "vulnerabilities")
			if code != c.code || !strings.Contains(out, c.says) {
				t.Errorf("ends with %d, want %d and %q:\n%s", code, c.code, c.says, out)
			}
		})
	}
}

// What a module is made of is the same at every run.
func TestSBOM(t *testing.T) {
	dir := project(t)
	link(t, dir, "tools")
	write(t, filepath.Join(dir, "go.mod"), "module example.org/caller\n\ngo 1.26.0\n")
	write(t, filepath.Join(dir, "main.go"), "package main\n\nfunc main() {}\n")
	t.Setenv("MODULES", ".")
	var before string
	for range 2 {
		if out, code := run(t, dir, "sbom"); code != 0 {
			t.Fatalf("ends with %d: %s", code, out)
		}
		text, err := os.ReadFile(filepath.Join(dir, "build/sbom/caller.cdx.json"))
		if err != nil || !strings.Contains(string(text), `"name": "example.org/caller"`) ||
			!strings.Contains(string(text), `"CycloneDX"`) {
			t.Errorf("%v in %s", err, text)
		}
		if before != "" && before != string(text) {
			t.Errorf("it differs from one run to the next:\n%s\n%s", before, text)
		}
		before = string(text)
	}
}
