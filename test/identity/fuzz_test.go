package identity

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/jmespath/go-jmespath"
	"gopkg.in/ini.v1"

	"doks-security/components"
	"doks-security/stack"
	"doks-security/stack/stacktest"
)

// Whatever the settings of an exposure are: either they are refused, or Grafana reads each value of its configuration
// as it was meant, and finds the groups where they are.
func FuzzExposure(f *testing.F) {
	text, err := os.ReadFile("../../stack/testdata/everything.yaml")
	if err != nil {
		f.Fatal(err)
	}
	file, err := stack.ReadFile("everything.yaml", text)
	if err != nil {
		f.Fatal(err)
	}
	config, _, err := file.Config(func(_ string, value any) any { return value })
	if err != nil {
		f.Fatal(err)
	}
	raw := stack.OwnKeys(config)
	for _, seed := range stacktest.Seeds() {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var exposure map[string]any
		if err := json.Unmarshal([]byte(raw["exposure"]), &exposure); err != nil {
			t.Fatal(err)
		}
		stacktest.Alter(exposure, data)
		encoded, err := json.Marshal(exposure)
		if err != nil {
			t.Fatal(err)
		}
		settings, err := stack.Parse("dev", map[string]string{"exposure": string(encoded), "cluster": raw["cluster"]})
		if err != nil || settings.Exposure.Mode != components.ByGateway {
			return
		}
		checkGrafana(t, settings.Exposure)
	})
}

func checkGrafana(t *testing.T, e stack.ExposureSettings) {
	t.Helper()
	login := components.GrafanaLogin{Hostname: e.Hostnames.Grafana, Identity: e.Identity, Client: e.Clients.Grafana}
	sections := login.Values()["grafana.ini"].(map[string]any)
	file, err := ini.Load([]byte(grafanaINI(sections)))
	if err != nil {
		t.Fatalf("%v\n%s", err, grafanaINI(sections))
	}
	keys := 0
	for name, section := range sections {
		for key, want := range section.(map[string]any) {
			keys++
			got := file.Section(name).Key(key).String()
			if got != want || strings.Contains(got, "${") || strings.Contains(got, "$__") {
				t.Errorf("[%s] %s is %q, want %q", name, key, got, want)
			}
		}
	}
	found := 0
	for _, section := range file.Sections() {
		found += len(section.Keys())
	}
	if found != keys {
		t.Errorf("%d keys, want %d:\n%s", found, keys, grafanaINI(sections))
	}
	claims := map[string]any{e.Identity.GroupsClaim: []any{"group"}}
	path := file.Section("auth.generic_oauth").Key("groups_attribute_path").String()
	if got, err := jmespath.Search(path, claims); err != nil || fmt.Sprint(got) != "[group]" {
		t.Errorf("%s is %v, %v", path, got, err)
	}
	for _, admin := range e.Identity.AdminGroups {
		claims[e.Identity.GroupsClaim] = []any{admin}
		role := file.Section("auth.generic_oauth").Key("role_attribute_path").String()
		if got, err := jmespath.Search(role, claims); err != nil || got != "Admin" {
			t.Errorf("%q: %s is %v, %v", admin, role, got, err)
		}
	}
}

// grafanaINI is grafana.ini as the chart writes it.
func grafanaINI(sections map[string]any) string {
	text := ""
	for section, keys := range sections {
		text += "[" + section + "]\n"
		for key, value := range keys.(map[string]any) {
			text += fmt.Sprintf("%s = %v\n", key, value)
		}
	}
	return text
}
