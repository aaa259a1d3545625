package stack

import (
	"fmt"
	"strings"
	"testing"
)

// customResource prefixes the rules among the registered resources.
const customResource = "kubernetes:monitoring.coreos.com/v1:PrometheusRule::monitoring-"

func TestDeployAlerts(t *testing.T) {
	for _, c := range []struct {
		name, runtimeSecurity, virtualClusters string
		file, want                             string
	}{
		{"native metrics", `{}`, `{}`, "events", "falcosecurity_falcosidekick_falco_events_total"},
		{"falco-exporter's metrics", `{"metrics":"falco-exporter"}`, `{}`, "events", "falco_events"},
		{"an approved namespace", `{}`, `{"approved":[{"namespace":"team-a"}]}`, "approved-virtual-clusters", "namespace:team-a"},
		{"a runbook", `{}`, `{}`, "falco", "docs/runbooks/FalcoMissingOnNode.md"},
		{"a dashboard", `{}`, `{}`, "falco", "http://localhost:3000/d/runtime-security"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &mocks{}
			err := deploy(t, m, "dev", map[string]string{
				"cluster": onePool, "runtimeSecurity": c.runtimeSecurity, "virtualClusters": c.virtualClusters,
			})
			if err != nil {
				t.Fatal(err)
			}
			rules, ok := m.resources[customResource+c.file]
			if !ok {
				t.Fatalf("no %s", customResource+c.file)
			}
			if got := fmt.Sprint(rules["spec"].Mappable()); !strings.Contains(got, c.want) {
				t.Errorf("no %q in %s", c.want, got)
			}
		})
	}
}

func TestDeployDashboards(t *testing.T) {
	m := &mocks{}
	if err := deploy(t, m, "dev", map[string]string{"cluster": onePool}); err != nil {
		t.Fatal(err)
	}
	for _, uid := range []string{"runtime-security", "virtual-clusters"} {
		dashboard := m.resources["kubernetes:core/v1:ConfigMap::monitoring-dashboard-"+uid]
		metadata := fmt.Sprint(dashboard["metadata"].Mappable())
		for _, want := range []string{"namespace:monitoring", "grafana_dashboard:1", "grafana_dashboard_folder:Security"} {
			if !strings.Contains(metadata, want) {
				t.Errorf("%s: no %q in %s: Grafana's sidecar would not load it", uid, want, metadata)
			}
		}
		if _, ok := dashboard["data"].Mappable().(map[string]any)[uid+".json"]; !ok {
			t.Errorf("%s has no %s.json", uid, uid)
		}
	}
}
