package rehearse

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

func TestAddExamples(t *testing.T) {
	pools := func(first string) string {
		return "doks-security:cluster: {pools: [" + first + ", {name: other, count: 1}]}\n"
	}
	for name, c := range map[string]struct{ before, after string }{
		"nothing of its own": {pools("{name: default, count: 2}"),
			pools("{name: default, count: 3}") + `
doks-security:addons:
  enabled: [external-dns, velero]
  secrets: {external-dns: {token: {secure: "v1:ciphertext"}}, velero: {cloud: {secure: "v1:ciphertext"}}}
`},
		"one of them, and its own": {pools("{name: default, autoScale: {min: 2, max: 2}}") + `
doks-security:addons: {enabled: [mine, velero], secrets: {velero: {cloud: mine}}}
`, pools("{name: default, autoScale: {min: 3, max: 3}}") + `
doks-security:addons:
  enabled: [mine, velero, external-dns]
  secrets: {external-dns: {token: {secure: "v1:ciphertext"}}, velero: {cloud: mine}}
`},
		"no pools": {"{}", `
doks-security:addons:
  enabled: [external-dns, velero]
  secrets: {external-dns: {token: {secure: "v1:ciphertext"}}, velero: {cloud: {secure: "v1:ciphertext"}}}
`},
	} {
		t.Run(name, func(t *testing.T) {
			parse := func(text string) map[string]any {
				config := map[string]any{}
				if err := yaml.Unmarshal([]byte(text), &config); err != nil {
					t.Fatal(err)
				}
				return config
			}
			w, config := &workspace{project: t.TempDir()}, parse(c.before)
			if err := w.addExamples("../..", []string{"external-dns", "velero"}, config); err != nil {
				t.Fatal(err)
			}
			if want := parse(c.after); !reflect.DeepEqual(normal(t, config), want) {
				t.Errorf("got %v\nwant %v", config, want)
			}
			if _, err := os.Stat(filepath.Join(w.project, "addons/external-dns/chart.yaml")); err != nil {
				t.Error(err)
			}
		})
	}
	w := &workspace{project: t.TempDir()}
	if err := w.addExamples("../..", []string{"nope"}, map[string]any{}); err == nil ||
		!strings.Contains(err.Error(), `no example "nope"; allowed: external-dns`) {
		t.Errorf("error %v", err)
	}
}

// normal has the types of a file that was read.
func normal(t *testing.T, config map[string]any) map[string]any {
	t.Helper()
	text, err := yaml.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	same := map[string]any{}
	if err := yaml.Unmarshal(text, &same); err != nil {
		t.Fatal(err)
	}
	return same
}
