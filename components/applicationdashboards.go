package components

import "doks-security/values"

// ApplicationDashboardsRequest is what the container of the option applications requests: as much as the other sidecars
// of Grafana.
var ApplicationDashboardsRequest = values.Resources{MilliCPU: 10, MiB: 80}

// hasApplicationDashboards reports whether Grafana shows dashboards of applications: those in ConfigMaps labeled
// grafana_dashboard: "1". A namespace gives Grafana's ServiceAccount the right to list its ConfigMaps, or has none.
func (a *ObservabilityArgs) hasApplicationDashboards() bool {
	return len(a.Applications) > 0 && !a.WithoutGrafana
}

// applicationDashboards are the values of kube-prometheus-stack that show them, each namespace in a folder of its name.
func (a *ObservabilityArgs) applicationDashboards() map[string]any {
	if !a.hasApplicationDashboards() {
		return nil
	}
	providers := []any{}
	for _, namespace := range a.Applications {
		providers = append(providers, map[string]any{
			"name": namespace, "folder": namespace, "type": "file", "updateIntervalSeconds": 30,
			"allowUiUpdates": false, "disableDeletion": false,
			"options": map[string]any{"path": "/tmp/applications/" + namespace},
		})
	}
	return map[string]any{"grafana": map[string]any{"dashboardProviders": map[string]any{
		"applications.yaml": map[string]any{"apiVersion": 1, "providers": providers},
	}}}
}
