package stack

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"doks-security/values"
)

// settable are settings that, together, make Go set every value that it can set.
func settable(t *testing.T) map[string]map[string]string {
	t.Helper()
	return map[string]map[string]string{
		"dev": {"cluster": onePool},
		"forwarded, with all of Falco's rules": {"cluster": onePool,
			"runtimeSecurity": `{"ruleset":"sandbox","capture":{"rules":["Terminal shell in container"]},` +
				`"outputs":{"splunk":{"host":"https://splunk.example.org","token":"t"}}}`,
			"forward": `{"metrics":{"url":"https://metrics.example.org/push","username":"a","password":"b"},` +
				`"events":{"url":"https://siem.example.org/key"}}`,
			"observability": `{"applications":["shop"]}`},
		"prod on Spaces, by Gateway, with the demo": {"cluster": onePool, "profile": "prod", "exposure": byGateway(t),
			"logging": `{"storage":"spaces"}`, "virtualClusters": `{"demo":true}`},
		"Spaces from a day, with falco-exporter": {"cluster": onePool, "runtimeSecurity": `{"metrics":"falco-exporter"}`,
			"logging": `{"storage":"spaces","spaces":{"from":"2099-01-01"}}`},
	}
}

// An override of a value that Go sets would be one of a setting: the setting would no longer do what it says.
func TestWhatGoSetsIsProtected(t *testing.T) {
	set := 0
	for name, raw := range settable(t) {
		t.Run(name, func(t *testing.T) {
			m := &mocks{encrypted: []string{Project + ":exposure", Project + ":forward", Project + ":runtimeSecurity"}}
			if err := deploy(t, m, "dev", raw); err != nil {
				t.Fatal(err)
			}
			settings, err := Parse("dev", raw)
			if err != nil {
				t.Fatal(err)
			}
			for folder, release := range settings.releases() {
				given := m.resources["kubernetes:helm.sh/v3:Release::"+
					release.Release]["values"].ObjectValue().MapRepl(nil, revealed)
				protected, err := values.ProtectedOf(folder)
				if err != nil {
					t.Fatal(err)
				}
				written := writtenValues(t, folder, settings)
				for path, value := range textLeaves(t, "", given) {
					if slices.Contains(written[path], value) {
						continue
					}
					set++
					if !slices.ContainsFunc(protected, func(p values.Protected) bool { return p.Covers(path) }) {
						t.Errorf("values/%s/protected.yaml does not have %s, which Go sets", folder, path)
					}
				}
			}
		})
	}
	if set < 60 {
		t.Errorf("%d values that Go sets were compared, want at least 60", set)
	}
}

// writtenValues are the texts of every leaf that the files of a release write with any of its options.
func writtenValues(t *testing.T, folder string, s Settings) map[string][]string {
	t.Helper()
	written := map[string][]string{}
	for _, option := range []string{"", "gateway", "provided-crds", "applications", "spaces",
		"spaces-replicated", "spaces-from", "falco-exporter"} {
		options := strings.Fields(option)
		loaded, err := values.Load(folder, string(s.Profile), s.Namespaces.ByRole(), options...)
		if err != nil {
			continue // another release's option
		}
		for path, text := range textLeaves(t, "", loaded) {
			written[path] = append(written[path], text)
		}
	}
	return written
}

func textLeaves(t *testing.T, path string, value any) map[string]string {
	t.Helper()
	if object, ok := value.(map[string]any); ok {
		all := map[string]string{}
		for key, below := range object {
			maps.Copy(all, textLeaves(t, strings.TrimPrefix(path+"."+key, "."), below))
		}
		return all
	}
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{path: string(text)}
}

// What an error names as the setting to use is one.
func TestProtectedNamesSettings(t *testing.T) {
	var settings []string
	elements := regexp.MustCompile(`(\[\]|\.\*)+$`)
	for _, d := range Declarations() {
		settings = append(settings, elements.ReplaceAllString(d.Path, ""))
	}
	releases, err := values.Releases()
	if err != nil {
		t.Fatal(err)
	}
	for folder := range releases {
		protected, err := values.ProtectedOf(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range protected {
			if p.Use != "" && !slices.Contains(settings, p.Use) {
				t.Errorf("values/%s/protected.yaml: %s is no setting", folder, p.Use)
			}
		}
	}
}

// No path is protected twice by the file of a release: the second reason would never be read.
func TestProtectedPathsAreDistinct(t *testing.T) {
	releases, err := values.Releases()
	if err != nil {
		t.Fatal(err)
	}
	for folder := range releases {
		protected, err := values.ProtectedOf(folder)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, p := range protected {
			for _, path := range p.Paths {
				if seen[path] {
					t.Errorf("values/%s/protected.yaml has %s twice", folder, path)
				}
				seen[path] = true
			}
		}
	}
}
