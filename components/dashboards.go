package components

import (
	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
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
		object := "dashboard-" + uid
		_, err := corev1.NewConfigMap(ctx, logicalName(NamespaceMonitoring, object), &corev1.ConfigMapArgs{
			Metadata: &metav1.ObjectMetaArgs{
				Name: pulumi.String(object), Namespace: pulumi.String(args.Namespaces.names[NamespaceMonitoring]),
				Labels: pulumi.StringMap{
					"app.kubernetes.io/part-of": pulumi.String("doks-security"), "grafana_dashboard": pulumi.String("1"),
				},
				Annotations: pulumi.StringMap{"grafana_dashboard_folder": pulumi.String(dashboardFolder)},
			},
			Data: pulumi.StringMap{uid + ".json": pulumi.String(content)},
		}, pulumi.Parent(d), args.Namespaces.dependency(NamespaceMonitoring))
		if err != nil {
			return nil, err
		}
	}
	return d, ctx.RegisterResourceOutputs(d, pulumi.Map{})
}
