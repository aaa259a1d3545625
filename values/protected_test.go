package values

import (
	"maps"
	"path"
	"testing"
)

func TestProtectedCovers(t *testing.T) {
	p := Protected{Paths: []string{"a.b", "**.securityContext", "c.*.d", "grafana.grafana.ini.auth.*"}}
	for at, want := range map[string]bool{
		"a.b": true, "a.b.c": true, "a": false, "a.bc": false, "x.a.b": false,
		"securityContext": true, "x.y.securityContext.runAsUser": true, "x.podsecurityContext": false,
		"x.securityContextOf": false,
		"c.x.d":               true, "c.d": false, "c.x.y.d": false,
		"grafana.grafana.ini.auth.anonymous.enabled": true, "grafana.grafana.ini.authors": false,
	} {
		if got := p.Covers(at); got != want {
			t.Errorf("%s: covered %t, want %t", at, got, want)
		}
	}
}

func TestProtectedBelow(t *testing.T) {
	p := Protected{Paths: []string{"a.b.c", "**.securityContext", "d.e.*.f"}}
	for at, want := range map[string]string{
		"a": "a.b.c", "a.b": "a.b.c", "a.b.c": "", "b": "", "x": "", "d": "d.e.*.f", "d.e": "d.e.*.f", "d.e.x": "",
	} {
		if got := p.Below(at); got != want {
			t.Errorf("%s: %q, want %q", at, got, want)
		}
	}
}

// A file of a folder without a chart would protect nothing.
func TestProtectedFilesBelongToReleases(t *testing.T) {
	releases, err := Releases()
	if err != nil {
		t.Fatal(err)
	}
	for folder := range maps.Keys(releases) {
		if _, err := ProtectedOf(folder); err != nil {
			t.Error(err)
		}
		if _, err := files.ReadFile(path.Join(folder, "protected.yaml")); err != nil {
			t.Errorf("what overrides may not change of %s: %v", folder, err)
		}
	}
}
