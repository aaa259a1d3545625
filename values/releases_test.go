package values

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestNamespacesOfReleases(t *testing.T) {
	for _, c := range []struct {
		name     string
		releases map[string]Release
		message  string
	}{
		{"one release", map[string]Release{"a": {Namespace: "n", PodSecurity: "baseline"}}, ""},
		{"two releases in a namespace", map[string]Release{"a": {Namespace: "n", PodSecurity: "baseline"},
			"b": {Namespace: "n"}}, ""},
		{"no namespace", map[string]Release{"a": {PodSecurity: "baseline"}}, "has no namespace"},
		{"no level", map[string]Release{"a": {Namespace: "n"}},
			`namespace n: podSecurity ""; allowed: restricted, baseline or privileged`},
		{"an unknown level", map[string]Release{"a": {Namespace: "n", PodSecurity: "none"}}, `podSecurity "none"`},
		{"a level twice", map[string]Release{"a": {Namespace: "n", PodSecurity: "baseline"},
			"b": {Namespace: "n", PodSecurity: "restricted"}},
			`podSecurity "baselinerestricted"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := namespacesOf(c.releases).check()
			if (err == nil) != (c.message == "") || err != nil && !strings.Contains(err.Error(), c.message) {
				t.Errorf("err = %v, want it to contain %q", err, c.message)
			}
		})
	}
}

// Two releases of one name would be one in Helm.
func TestReleaseNamesAreUnique(t *testing.T) {
	releases, err := Releases()
	if err != nil {
		t.Fatal(err)
	}
	folders := map[string]string{}
	for _, folder := range slices.Sorted(maps.Keys(releases)) {
		name := releases[folder].Release
		if other, found := folders[name]; found {
			t.Errorf("%s and %s have the name %s", other, folder, name)
		}
		folders[name] = folder
	}
	if folders["demo"] != "vcluster" {
		t.Errorf("releases %v, want demo of vcluster", folders)
	}
}
