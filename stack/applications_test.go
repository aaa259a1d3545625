package stack

import (
	"testing"

	"doks-security/values"
)

// Each namespace of applications is a folder of Grafana, and one container reads them all; without Grafana or without
// such namespaces there is none.
func TestDashboardsOfApplications(t *testing.T) {
	for _, c := range []struct {
		name, observability string
		providers           int
	}{
		{"none", "{}", 0},
		{"two namespaces", `{"applications":["shop","team"]}`, 2},
		{"without Grafana", `{"applications":["shop"],"grafana":false}`, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &mocks{}
			if err := deploy(t, m, "dev", map[string]string{"cluster": onePool, "observability": c.observability}); err != nil {
				t.Fatal(err)
			}
			given := m.values("kube-prometheus-stack").Mappable()
			container, _ := values.At(given, "grafana", "extraContainers").(string)
			if (container == "") != (c.providers == 0) {
				t.Errorf("the container is %q", container)
			}
			providers, _ := values.At(given, "grafana", "dashboardProviders", "applications.yaml", "providers").([]any)
			if len(providers) != c.providers {
				t.Errorf("the providers are %v", providers)
			}
			for _, provider := range providers {
				p := provider.(map[string]any)
				if values.At(p, "options", "path") != "/tmp/applications/"+p["folder"].(string) {
					t.Errorf("the provider is %v", p)
				}
			}
		})
	}
}
