package components

import (
	_ "embed"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gopkg.in/yaml.v3"

	"doks-security/preflight/incluster"
)

var (
	//go:embed monitors.yaml
	monitorsPolicy string
	//go:embed dashboardspolicy.yaml
	dashboardsPolicy string
)

// Applications are ValidatingAdmissionPolicies for the namespaces of applications: their monitors scrape their own
// namespace, not too much of it, and read no file of Prometheus; their dashboards replace none of others.
type Applications struct {
	pulumi.ResourceState
}

// NewApplications creates the policies and their bindings to the namespaces.
func NewApplications(ctx *pulumi.Context, name string, namespaces []string,
	opts ...pulumi.ResourceOption) (*Applications, error) {
	a := &Applications{}
	if err := ctx.RegisterComponentResource(typePrefix+"Applications", name, a, opts...); err != nil {
		return nil, err
	}
	objects, err := ApplicationObjects(namespaces)
	if err != nil {
		return nil, err
	}
	if _, err := newPolicy(ctx, a, objects); err != nil {
		return nil, err
	}
	return a, ctx.RegisterResourceOutputs(a, pulumi.Map{})
}

// ApplicationObjects are the policies, each with its binding, as manifests.
func ApplicationObjects(namespaces []string) ([]map[string]any, error) {
	var objects []map[string]any
	for _, text := range []string{monitorsPolicy, dashboardsPolicy} {
		var policy map[string]any
		if err := yaml.Unmarshal([]byte(text), &policy); err != nil {
			return nil, fmt.Errorf("reading a policy for applications: %w", err)
		}
		name := policy["metadata"].(map[string]any)["name"].(string)
		objects = append(objects, policy, admissionBinding(policy, name, "Deny", "In", namespaces))
	}
	return objects, nil
}

// enforced are the kinds of objects that prometheus-operator confines to their namespace.
var enforced = []string{"servicemonitors", "podmonitors", "probes", "scrapeconfigs", "prometheusrules"}

// watch are the values of kube-prometheus-stack that make Prometheus, Alertmanager and an operator next to another one
// read objects in the stack's namespaces, and in those of applications. What monitors and rules of the latter make has
// the label namespace of their own namespace, and the rules read no other.
func (a *ObservabilityArgs) watch() map[string]any {
	own := a.Namespaces.watched()
	watched := append(slices.Clone(own), a.Applications...)
	ours, all := namedNamespaces(own), namedNamespaces(watched)
	prometheus := map[string]any{
		"serviceMonitorNamespaceSelector": all, "podMonitorNamespaceSelector": all, "ruleNamespaceSelector": all,
		"probeNamespaceSelector": ours, "scrapeConfigNamespaceSelector": ours,
	}
	if len(a.Applications) > 0 {
		exempt := []any{}
		for _, namespace := range own {
			for _, resource := range enforced {
				exempt = append(exempt, map[string]any{
					"group": "monitoring.coreos.com", "resource": resource, "namespace": namespace,
				})
			}
		}
		prometheus["enforcedNamespaceLabel"], prometheus["excludedFromEnforcement"] = "namespace", exempt
	}
	values := map[string]any{
		"prometheus": map[string]any{"prometheusSpec": prometheus},
		"alertmanager": map[string]any{"alertmanagerSpec": map[string]any{
			"alertmanagerConfigNamespaceSelector": all, // the chart's default is every namespace
		}},
	}
	if a.Platform.provides(incluster.OperatorCRDs) {
		values["prometheusOperator"] = map[string]any{"namespaces": map[string]any{"additional": list(watched)}}
	}
	return values
}

// namedNamespaces is a selector of the namespaces with these names.
func namedNamespaces(names []string) map[string]any {
	return map[string]any{"matchExpressions": []any{
		map[string]any{"key": "kubernetes.io/metadata.name", "operator": "In", "values": list(names)},
	}}
}

// list is a list of strings as values have it.
func list(texts []string) []any {
	all := []any{}
	for _, text := range texts {
		all = append(all, text)
	}
	return all
}
