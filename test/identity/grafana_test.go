package identity

import (
	"fmt"
	"testing"

	"github.com/jmespath/go-jmespath"
	"gopkg.in/ini.v1"

	"doks-security/components"
)

// What Grafana makes of its configuration and of a user's claims, with the libraries it uses itself for both.
func TestGrafanaReadsClaims(t *testing.T) {
	for _, x := range []struct {
		name, claim string
		admins      []string
		claims      map[string]any
		groups      string
		role        string
	}{
		{"an administrator", "groups", []string{"operators"}, map[string]any{"groups": []any{"others", "operators"}},
			"[others operators]", "Admin"},
		{"one of the second group of administrators", "groups", []string{"a", "b"}, map[string]any{"groups": []any{"b"}},
			"[b]", "Admin"},
		{"another user", "groups", []string{"operators"}, map[string]any{"groups": []any{"others"}}, "[others]", "Viewer"},
		{"a name that only begins alike", "groups", []string{"operators"}, map[string]any{"groups": []any{"operators-old"}},
			"[operators-old]", "Viewer"},
		{"an editor", "groups", []string{"operators"}, map[string]any{"groups": []any{"developers"}}, "[developers]",
			"Editor"},
		{"an administrator who is an editor too", "groups", []string{"operators"},
			map[string]any{"groups": []any{"developers", "operators"}}, "[developers operators]", "Admin"},
		{"editors without administrators", "groups", nil, map[string]any{"groups": []any{"developers"}}, "[developers]",
			"Editor"},
		{"no administrators", "groups", nil, map[string]any{"groups": []any{"operators"}}, "[operators]", "Viewer"},
		{"a claim that is a URL", "https://example.org/groups", []string{"operators"},
			map[string]any{"https://example.org/groups": []any{"operators"}}, "[operators]", "Admin"},
		{"nested claims, as Keycloak has them", "resource_access.observability.roles", []string{"operators"},
			map[string]any{"resource_access": map[string]any{"observability": map[string]any{"roles": []any{"operators"}}}},
			"[operators]", "Admin"},
		{"a claim whose name has dots before nested ones", "a.b", []string{"operators"},
			map[string]any{"a.b": []any{"operators"}, "a": map[string]any{"b": []any{"others"}}}, "[operators]", "Admin"},
		{"nested claims of another client", "resource_access.observability.roles", []string{"operators"},
			map[string]any{"resource_access": map[string]any{"other": map[string]any{"roles": []any{"operators"}}}},
			"<nil>", "Viewer"},
		{"no claim", "groups", []string{"operators"}, map[string]any{}, "<nil>", "Viewer"},
	} {
		t.Run(x.name, func(t *testing.T) {
			login := components.GrafanaLogin{Hostname: "grafana.example.org",
				Identity: components.IdentitySettings{GroupsClaim: x.claim, AdminGroups: x.admins,
					EditorGroups: []string{"developers"}}}
			file, err := ini.Load([]byte(grafanaINI(login.Values()["grafana.ini"].(map[string]any))))
			if err != nil {
				t.Fatal(err)
			}
			for key, want := range map[string]string{"groups_attribute_path": x.groups, "role_attribute_path": x.role} {
				path := file.Section("auth.generic_oauth").Key(key).String()
				got, err := jmespath.Search(path, x.claims)
				if err != nil || fmt.Sprint(got) != want {
					t.Errorf("%s: %s is %v, %v; want %s", key, path, got, err, want)
				}
			}
		})
	}
}
