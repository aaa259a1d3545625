package components

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/values"
)

// dashboardFolder is where Grafana shows our dashboards.
const dashboardFolder = "Security"

// Dashboards are those of the releases (<release>/dashboards), in ConfigMaps that Grafana's sidecar loads.
type Dashboards struct {
	pulumi.ResourceState
}

// DashboardsArgs say which, and where.
type DashboardsArgs struct {
	Namespaces  *Namespaces
	Releases    values.Set // that have the dashboards; nil: those of Namespaces
	WithoutLogs bool       // leaves out the panels that query Loki
}

// NewDashboards creates a ConfigMap a dashboard, in Grafana's namespace: its sidecar reads no other namespace.
func NewDashboards(ctx *pulumi.Context, name string, args *DashboardsArgs,
	opts ...pulumi.ResourceOption) (*Dashboards, error) {
	d := &Dashboards{}
	if err := ctx.RegisterComponentResource(typePrefix+"Dashboards", name, d, opts...); err != nil {
		return nil, err
	}
	releases := args.Releases
	if releases == nil {
		releases = args.Namespaces.releases
	}
	dashboards, err := releases.Dashboards()
	if err != nil {
		return nil, err
	}
	for uid, content := range dashboards {
		if args.WithoutLogs {
			if content, err = values.WithoutLogs(content); err != nil {
				return nil, err
			}
		}
		meta := metadata(args.Namespaces.names[NamespaceMonitoring], "dashboard-"+uid,
			map[string]any{"grafana_dashboard": "1"})
		meta["annotations"] = map[string]any{"grafana_dashboard_folder": dashboardFolder}
		_, err := newObject(ctx, args.Namespaces, map[string]any{
			"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": map[string]any{uid + ".json": content},
		}, pulumi.Parent(d), args.Namespaces.dependency(NamespaceMonitoring))
		if err != nil {
			return nil, err
		}
	}
	return d, ctx.RegisterResourceOutputs(d, pulumi.Map{})
}
