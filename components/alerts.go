package components

import (
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/values"
)

// Alerts are the rules Prometheus evaluates: one PrometheusRule for each group of rules of the releases.
type Alerts struct {
	pulumi.ResourceState
}

// AlertsArgs choose the rules.
type AlertsArgs struct {
	Namespaces    *Namespaces
	Observability *Observability
	Metrics       string // NativeMetrics or FalcoExporter
	// Approved are the virtual clusters that may run: the digests of their images by namespace, none for all.
	Approved map[string][]string
	Links    values.AlertLinks
	Outputs  []values.Output // of falcosidekick
	// Options leave out the rules that read what is then missing: those of values.OffOptions.
	Options []values.Option
}

// NewAlerts creates the rules as resources of their own: a preview shows which alert changes, and a change of one does
// not upgrade a release.
func NewAlerts(ctx *pulumi.Context, name string, args *AlertsArgs, opts ...pulumi.ResourceOption) (*Alerts, error) {
	a := &Alerts{}
	if err := ctx.RegisterComponentResource(typePrefix+"Alerts", name, a, opts...); err != nil {
		return nil, err
	}
	groups, err := args.Namespaces.releases.Alerts(args.Metrics, args.Namespaces.names, args.Approved, args.Links,
		args.Outputs...)
	if err != nil {
		return nil, err
	}
	for group, content := range groups {
		if slices.Contains(args.Options, content.Without) {
			continue
		}
		rule := manifest("monitoring.coreos.com/v1", "PrometheusRule", args.Namespaces.names[NamespaceMonitoring], group,
			ruleSpec(content))
		_, err := newObject(ctx, args.Namespaces, rule, pulumi.Parent(a), args.Namespaces.dependency(NamespaceMonitoring),
			args.Observability.dependency())
		if err != nil {
			return nil, err
		}
	}
	return a, ctx.RegisterResourceOutputs(a, pulumi.Map{})
}

// ruleSpec is the group as the custom resource has it, without the fields that are not set.
func ruleSpec(group values.RuleGroup) map[string]any {
	rules := []any{}
	for _, rule := range group.Rules {
		fields := map[string]any{"expr": rule.Expr}
		for key, value := range map[string]string{"record": rule.Record, "alert": rule.Alert, "for": rule.For} {
			if value != "" {
				fields[key] = value
			}
		}
		if len(rule.Labels) > 0 {
			fields["labels"] = rule.Labels
		}
		if len(rule.Annotations) > 0 {
			fields["annotations"] = rule.Annotations
		}
		rules = append(rules, fields)
	}
	return map[string]any{"groups": []any{map[string]any{"name": group.Name, "rules": rules}}}
}
