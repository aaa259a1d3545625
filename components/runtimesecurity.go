package components

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/rules/lint"
	"doks-security/values"
)

// Versions of Falco, by minor. The charts are pinned in values/falco.
const (
	NewestFalco = "0.44"
	// LastFalcoWithGRPC is what falco-exporter needs: 0.44 removed the gRPC output.
	LastFalcoWithGRPC = "0.43"
)

// Where the metrics of Falco's events come from.
const (
	// NativeMetrics are exported by Falco and falcosidekick themselves.
	NativeMetrics = "native"
	// FalcoExporter is a separate program, deprecated since 2025 and without a successor.
	FalcoExporter = "falco-exporter"
)

// FalcoPins are the entries of values.Charts, by version.
var FalcoPins = map[string]string{NewestFalco: "falco", LastFalcoWithGRPC: "falco-8"}

// RuntimeSecurity is Falco on every node, falcosidekick, its UI with Redis, and Falco's events as metrics.
type RuntimeSecurity struct {
	pulumi.ResourceState

	UI Login // none without the UI
}

// RuntimeSecurityArgs choose the Falco and what it loads.
type RuntimeSecurityArgs struct {
	Platform      Platform
	Namespaces    *Namespaces
	Observability *Observability
	Falco         string            // NewestFalco or LastFalcoWithGRPC
	Metrics       string            // NativeMetrics or FalcoExporter
	Rules         map[string]string // files for /etc/falco/rules.d, loaded in the order of their names
	// Ruleset is which of Falco's own rules are loaded (lint.Rulesets). Rules are loaded behind them.
	Ruleset     string
	UIRetention string
	// RedisVolumeGiB is the volume of the UI's store.
	RedisVolumeGiB int
	// AlertmanagerFrom is the lowest priority that becomes an alert.
	AlertmanagerFrom string
	Forward          *EventsForward
	// WithoutUI leaves out falcosidekick-ui and its Redis, WithoutGrafana the dashboards of the charts.
	WithoutUI, WithoutGrafana bool
	// Outputs are environment variables of falcosidekick, which a Secret holds.
	Outputs map[string]string
	// Response has falcosidekick send every event to Falco Talon.
	Response bool
	// Capture needs NewestFalco. Nil: nothing is captured.
	Capture *Capture
}

// NewRuntimeSecurity installs Falco and the delivery of its events. The passwords are generated.
func NewRuntimeSecurity(ctx *pulumi.Context, name string, args *RuntimeSecurityArgs,
	opts ...pulumi.ResourceOption) (*RuntimeSecurity, error) {
	s := &RuntimeSecurity{}
	if err := ctx.RegisterComponentResource(typePrefix+"RuntimeSecurity", name, s, opts...); err != nil {
		return nil, err
	}
	parent := pulumi.Parent(s)
	namespace := args.Namespaces.dependency(NamespaceFalco)
	version, err := newVersions(ctx, name+"-runtime-security", parent)
	if err != nil {
		return nil, err
	}
	secrets, webui, err := s.newUI(ctx, name, args, version, parent, namespace)
	if err != nil {
		return nil, err
	}
	outputs, forward, err := args.outputs(ctx, version, parent, namespace)
	if err != nil {
		return nil, err
	}
	var response map[string]any
	if args.Response {
		response = talon(args.Namespaces)
	}
	known := values.Merge(args.values(), map[string]any{
		"falcosidekick": values.Merge(values.Merge(forward, response), webui),
	})
	falco := chartRelease{
		folder: "falco", pin: FalcoPins[args.Falco],
		known: values.Merge(known,
			args.Capture.values(args.Namespaces.releases["falco"].Chart, args.Platform.Overrides["falco"])),
		options: args.options(),
	}
	// Its dashboards go where Grafana looks for them.
	installed, err := args.Platform.install(ctx, args.Namespaces, falco, parent, secrets, pulumi.DependsOn(outputs),
		args.Observability.dependency(),
		args.Namespaces.dependency(NamespaceMonitoring)) // of its dashboards
	if err != nil {
		return nil, err
	}
	if args.Metrics == FalcoExporter {
		warning := "falco-exporter is end of life (deprecated in 2025, no fixes) and holds Falco at " + LastFalcoWithGRPC +
			"; runtimeSecurity.metrics: native needs neither"
		if err := ctx.Log.Warn(warning, &pulumi.LogArgs{Resource: s}); err != nil {
			return nil, err
		}
		_, err := args.Platform.install(ctx, args.Namespaces, chartRelease{folder: FalcoExporter},
			parent, args.Observability.dependency(), pulumi.DependsOn([]pulumi.Resource{installed}))
		if err != nil {
			return nil, err
		}
	}
	return s, ctx.RegisterResourceOutputs(s, pulumi.Map{})
}

// options are the overlays of Falco's values.
func (a *RuntimeSecurityArgs) options() []string {
	var options []string
	if a.Metrics == FalcoExporter {
		options = append(options, FalcoExporter)
	}
	if a.WithoutUI {
		options = append(options, "no-ui")
	}
	if a.WithoutGrafana {
		options = append(options, "no-grafana")
	}
	return options
}

// values are what the program knows of Falco's chart.
func (a *RuntimeSecurityArgs) values() map[string]any {
	customRules := map[string]any{}
	for file, content := range a.Rules {
		customRules[file] = content
	}
	stocks, refs, loaded := lint.StocksOf(a.Ruleset), []any{}, []any{}
	for _, stock := range stocks {
		refs, loaded = append(refs, stock.Ref), append(loaded, "/etc/falco/"+stock.Name)
	}
	matching := "first"
	if len(stocks) > 1 {
		// These rules are so general that one of them would be the first, and ours would not be reported.
		matching = "all"
	}
	return map[string]any{
		"customRules": customRules,
		"falcoctl": map[string]any{
			"config": map[string]any{"artifact": map[string]any{"install": map[string]any{"refs": refs}}},
		},
		"falco": map[string]any{
			"rules_files":   append(loaded, "/etc/falco/falco_rules.local.yaml", "/etc/falco/rules.d"),
			"rule_matching": matching,
		},
		"falcosidekick": map[string]any{
			"config": map[string]any{
				"customfields": "cluster:" + a.Platform.Cluster,
				"alertmanager": map[string]any{"minimumpriority": a.AlertmanagerFrom},
			},
		},
	}
}
