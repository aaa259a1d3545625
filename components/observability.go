package components

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/alerting"
	"doks-security/preflight/incluster"
	"doks-security/values"
)

// Observability is metrics-server, and kube-prometheus-stack with its CRDs: Prometheus, Alertmanager and Grafana.
type Observability struct {
	pulumi.ResourceState

	Grafana Login

	// crds is what every release with a monitor or a rule waits for: without them charts leave their monitors out. Empty
	// where the cluster provides them.
	crds []pulumi.Resource
}

// plain are the releases that need nothing but their folder in values/ and, for monitors and rules, the CRDs.
var plain = []string{
	incluster.MetricsServer,
}

// ObservabilityArgs size the parts.
type ObservabilityArgs struct {
	Platform              Platform
	Namespaces            *Namespaces
	PrometheusRetention   string
	PrometheusVolumeGiB   int // per replica
	AlertmanagerVolumeGiB int // per replica
	GrafanaVolumeGiB      int
	AlertmanagerConfig    string // secret: it holds the receivers' keys
	RemoteWrite           *RemoteWrite
	GrafanaLogin          *GrafanaLogin // nil: with a generated password, inside of the cluster
	// WithoutGrafana leaves Grafana out, WithoutLogs its data source Loki.
	WithoutGrafana, WithoutLogs bool
	// Applications are namespaces whose monitors, rules and AlertmanagerConfigs are read.
	Applications []string
}

// NewObservability installs the releases; Grafana's password is generated.
func NewObservability(ctx *pulumi.Context, name string, args *ObservabilityArgs,
	opts ...pulumi.ResourceOption) (*Observability, error) {
	o := &Observability{}
	if err := ctx.RegisterComponentResource(typePrefix+"Observability", name, o, opts...); err != nil {
		return nil, err
	}
	parent := pulumi.Parent(o)
	if !args.Platform.provides(incluster.OperatorCRDs) {
		crds, err := args.Platform.install(ctx, args.Namespaces, chartRelease{folder: incluster.OperatorCRDs}, parent)
		if err != nil {
			return nil, err
		}
		o.crds = []pulumi.Resource{crds}
	}
	for _, folder := range plain {
		if args.Platform.provides(folder) {
			continue
		}
		if _, err := args.Platform.install(ctx, args.Namespaces, chartRelease{folder: folder}, parent,
			o.dependency()); err != nil {
			return nil, err
		}
	}
	grafana, secrets, err := o.newGrafana(ctx, name, args, parent)
	if err != nil {
		return nil, err
	}
	receivers, err := args.Namespaces.newSecret(ctx, NamespaceMonitoring, "alertmanager-config", pulumi.StringMap{
		"alertmanager.yaml": pulumi.String(args.AlertmanagerConfig),
	}, parent, args.Namespaces.dependency(NamespaceMonitoring))
	if err != nil {
		return nil, err
	}
	remote, err := args.RemoteWrite.secret(ctx, args.Namespaces, parent, args.Namespaces.dependency(NamespaceMonitoring))
	if err != nil {
		return nil, err
	}
	stack := chartRelease{
		folder: "kube-prometheus-stack", options: args.options(), timeout: 15 * time.Minute,
		known: values.Merge(values.Merge(args.values(grafana), args.watch()), args.applicationDashboards()),
	}
	_, err = args.Platform.install(ctx, args.Namespaces, stack, parent, o.dependency(),
		pulumi.DependsOn(slices.Concat(remote, secrets, []pulumi.Resource{receivers})),
		args.Namespaces.dependency(NamespaceNodeAgents)) // node-exporter's
	if err != nil {
		return nil, err
	}
	return o, ctx.RegisterResourceOutputs(o, pulumi.Map{})
}

// dependency makes a release wait for the monitoring CRDs.
func (o *Observability) dependency() pulumi.ResourceOption {
	return pulumi.DependsOn(o.crds)
}

// options are the overlays of kube-prometheus-stack's values.
func (a *ObservabilityArgs) options() []string {
	var options []string
	if a.GrafanaLogin != nil && !a.WithoutGrafana {
		options = append(options, ByGateway)
	}
	if a.Platform.provides(incluster.OperatorCRDs) {
		options = append(options, "provided-crds")
	}
	if a.WithoutGrafana {
		options = append(options, "no-grafana")
	}
	if a.WithoutLogs {
		options = append(options, "no-logging")
	}
	if a.hasApplicationDashboards() {
		options = append(options, "applications")
	}
	return options
}

// values are what the program knows of kube-prometheus-stack.
func (a *ObservabilityArgs) values(grafana map[string]any) map[string]any {
	return map[string]any{
		"prometheus": map[string]any{"prometheusSpec": values.Merge(a.RemoteWrite.values(), map[string]any{
			"externalLabels": map[string]any{"cluster": a.Platform.Cluster},
			"retention":      a.PrometheusRetention,
			// Prometheus deletes early rather than fill its volume: blocks take 80 %, the rest is the write-ahead log's.
			"retentionSize": fmt.Sprintf("%dMB", a.PrometheusVolumeGiB*1024*8/10),
			"storageSpec":   a.Platform.claim(a.PrometheusVolumeGiB),
		})},
		"alertmanager": map[string]any{"alertmanagerSpec": map[string]any{
			"storage": a.Platform.claim(a.AlertmanagerVolumeGiB),
			// Each event is an alert for 15 minutes: without a limit, a flood of 70,000 events takes 783 MiB.
			"additionalArgs": []any{map[string]any{
				"name": "alerts.per-alertname-limit", "value": strconv.Itoa(alerting.MaxOfOneName),
			}},
		}},
		"grafana": grafana,
	}
}

// claim is the size and class of a volume claim template; the access mode is in the file of values.
func (p Platform) claim(size int) map[string]any {
	return map[string]any{"volumeClaimTemplate": map[string]any{"spec": map[string]any{
		"storageClassName": p.class(),
		"resources":        map[string]any{"requests": map[string]any{"storage": gib(size)}},
	}}}
}

func gib(size int) string { return fmt.Sprintf("%dGi", size) }
