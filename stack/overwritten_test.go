package stack

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"doks-security/values"
)

// What Go sets is not also written in values/: no setting would change it there. With settings that are no defaults,
// each value of a file must reach its release in one of these stacks.
func TestNoValueIsOverwritten(t *testing.T) {
	kept := map[string]bool{} // by release and path: false is overwritten
	for _, c := range []struct {
		profile, logging, runtimeSecurity, exposure string
		options                                     map[string][]string
	}{
		{"dev", `{"retention":"4d","volumeGiB":12}`, ``, `{}`, nil},
		{"prod", `{"retention":"4d","volumeGiB":12,"storage":"spaces"}`, ``, byGateway(t),
			map[string][]string{"kube-prometheus-stack": {"gateway"}, "loki": {"spaces", "spaces-replicated"}}},
		{"dev", `{"retention":"4d","volumeGiB":12,"storage":"spaces","spaces":{"from":"2099-01-01"}}`,
			`,"metrics":"falco-exporter"`, `{}`,
			map[string][]string{"falco": {"falco-exporter"}, "loki": {"spaces", "spaces-from"}}},
	} {
		m := &mocks{}
		raw := map[string]string{
			"profile": c.profile, "cluster": onePool, "logging": c.logging, "exposure": c.exposure,
			"charts": `{"unverified":true}`,
			"observability": `{"prometheusRetention":"5d","prometheusVolumeGiB":51,"alertmanagerVolumeGiB":2,` +
				`"grafanaVolumeGiB":6}`,
			"runtimeSecurity": `{"uiRetention":"5d","redisVolumeGiB":2,"alertmanagerFrom":"critical"` + c.runtimeSecurity + `}`,
		}
		if err := deploy(t, m, "dev", raw); err != nil {
			t.Fatal(err)
		}
		settings, err := Parse("dev", raw)
		if err != nil {
			t.Fatal(err)
		}
		for folder, release := range settings.releases() {
			written, err := values.Load(folder, c.profile, settings.Namespaces.ByRole(), c.options[folder]...)
			if err != nil {
				t.Fatal(err)
			}
			given := m.resources["kubernetes:helm.sh/v3:Release::"+
				release.Release]["values"].ObjectValue().MapRepl(nil, revealed)
			compareLeaves(t, folder, written, given, kept)
		}
	}
	if len(kept) < 300 {
		t.Errorf("%d values compared, want at least 300", len(kept))
	}
	for _, path := range slices.Sorted(maps.Keys(kept)) {
		if !kept[path] {
			t.Errorf("values/%s is overwritten by Go: remove it", path)
		}
	}
}

// compareLeaves marks each value below path that is given as written.
func compareLeaves(t *testing.T, path string, written, given any, kept map[string]bool) {
	t.Helper()
	object, isMap := written.(map[string]any)
	other, isOther := given.(map[string]any)
	if isMap && isOther && len(object) > 0 {
		for key, value := range object {
			compareLeaves(t, path+": "+strings.ReplaceAll(key, ": ", ""), value, other[key], kept)
		}
		return
	}
	a, err := json.Marshal(written)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(given)
	if err != nil {
		t.Fatal(err)
	}
	kept[path] = kept[path] || string(a) == string(b) || isMap && len(object) == 0
}
