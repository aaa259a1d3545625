package stack

import (
	"slices"
	"strings"

	"doks-security/components"
	"doks-security/values"
)

// newOperatorView is what an operator sees: dashboards, and alerts that link to them and to runbooks.
func newOperatorView(in inCluster, observability *components.Observability) error {
	s := in.settings
	if s.hasDashboards() || s.Observability.Grafana && len(s.addons()) > 0 {
		_, err := components.NewDashboards(in.ctx, logicalName, &components.DashboardsArgs{
			Namespaces: in.namespaces, Releases: s.releases(), WithoutLogs: !s.Logging.Enabled,
		}, in.options...)
		if err != nil {
			return err
		}
	}
	approved := map[string][]string{}
	for _, a := range s.VirtualClusters.Approved {
		approved[a.Namespace] = a.Digests
	}
	var others []values.Output
	for _, d := range s.RuntimeSecurity.Outputs.Destinations() {
		others = append(others, values.Output{Destination: d.Name, Replicas: 1, From: d.From})
	}
	if s.Response.Enabled {
		others = append(others, values.Output{Destination: "talon", Replicas: 1})
	}
	outputs, err := values.Outputs(string(s.Profile), s.Namespaces.ByRole(), s.RuntimeSecurity.AlertmanagerFrom,
		s.Forward.eventsFrom(), others...)
	if err != nil {
		return err
	}
	if !s.hasUI() {
		outputs = slices.DeleteFunc(outputs, func(o values.Output) bool { return o.Destination == "webui" })
	}
	_, err = components.NewAlerts(in.ctx, logicalName, &components.AlertsArgs{
		Namespaces: in.namespaces, Observability: observability,
		Metrics: s.RuntimeSecurity.Metrics, Approved: approved,
		Links: s.alertLinks(), Outputs: outputs, Options: s.options(),
	}, in.options...)
	return err
}

// alertLinks are where alerts and notifications link to.
func (s Settings) alertLinks() values.AlertLinks {
	return values.AlertLinks{Grafana: s.grafanaURL(), Runbooks: s.runbooks(),
		NoGrafana: !s.Observability.Grafana, NoDashboards: !s.hasDashboards()}
}

// runbooks is where the alerts' pages are: published, or in this repository.
func (s Settings) runbooks() string {
	if s.Alerting.Runbooks == "" {
		return "docs/runbooks"
	}
	return strings.TrimSuffix(s.Alerting.Runbooks, "/")
}
