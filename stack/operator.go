package stack

import (
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/components"
	"doks-security/values"
)

// newOperatorView is what an operator sees: dashboards, and alerts that link to them and to runbooks.
func newOperatorView(ctx *pulumi.Context, name string, s Settings, namespaces *components.Namespaces,
	observability *components.Observability, opts ...pulumi.ResourceOption) error {
	_, err := components.NewDashboards(ctx, name, &components.DashboardsArgs{Namespaces: namespaces}, opts...)
	if err != nil {
		return err
	}
	approved := map[string][]string{}
	for _, a := range s.VirtualClusters.Approved {
		approved[a.Namespace] = a.Digests
	}
	_, err = components.NewAlerts(ctx, name, &components.AlertsArgs{
		Namespaces: namespaces, Observability: observability,
		Metrics: s.RuntimeSecurity.Metrics, Approved: approved,
		Links: values.AlertLinks{Grafana: s.grafanaURL(), Runbooks: s.runbooks()},
	}, opts...)
	return err
}

// runbooks is where the alerts' pages are: published, or in this repository.
func (s Settings) runbooks() string {
	if s.Alerting.Runbooks == "" {
		return "docs/runbooks"
	}
	return strings.TrimSuffix(s.Alerting.Runbooks, "/")
}
