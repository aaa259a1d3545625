package components

import (
	_ "embed"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gopkg.in/yaml.v3"
)

//go:embed monitors.yaml
var monitorsPolicy string

// Applications is a ValidatingAdmissionPolicy for the monitors in the namespaces of applications: they scrape their own
// namespace, not too much of it, and read no file of Prometheus.
type Applications struct {
	pulumi.ResourceState
}

// NewApplications creates the policy and its binding to the namespaces.
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
	if err := newPolicy(ctx, a, objects); err != nil {
		return nil, err
	}
	return a, ctx.RegisterResourceOutputs(a, pulumi.Map{})
}

// ApplicationObjects are the policy and its binding, as manifests.
func ApplicationObjects(namespaces []string) ([]map[string]any, error) {
	var policy map[string]any
	if err := yaml.Unmarshal([]byte(monitorsPolicy), &policy); err != nil {
		return nil, fmt.Errorf("reading the policy of monitors: %w", err)
	}
	name := policy["metadata"].(map[string]any)["name"].(string)
	return []map[string]any{policy, admissionBinding(policy, name, "Deny", "In", namespaces)}, nil
}

// enforced are the kinds of objects that prometheus-operator confines to their namespace.
var enforced = []string{"servicemonitors", "podmonitors", "probes", "scrapeconfigs", "prometheusrules"}

// applicationValues are the values of kube-prometheus-stack that make Prometheus and Alertmanager read objects in the
// namespaces of applications, besides the stack's own. What those monitors and rules make has the label namespace of
// their own namespace, and the rules read no other.
func applicationValues(applications, own []string) map[string]any {
	if len(applications) == 0 {
		return nil
	}
	names := []any{}
	for _, namespace := range append(own, applications...) {
		names = append(names, namespace)
	}
	exempt := []any{}
	for _, namespace := range own {
		for _, resource := range enforced {
			exempt = append(exempt, map[string]any{
				"group": "monitoring.coreos.com", "resource": resource, "namespace": namespace,
			})
		}
	}
	selector := map[string]any{"matchExpressions": []any{
		map[string]any{"key": "kubernetes.io/metadata.name", "operator": "In", "values": names},
	}}
	return map[string]any{
		"prometheus": map[string]any{"prometheusSpec": map[string]any{
			"serviceMonitorNamespaceSelector": selector, "podMonitorNamespaceSelector": selector,
			"ruleNamespaceSelector": selector, "enforcedNamespaceLabel": "namespace", "excludedFromEnforcement": exempt,
		}},
		"alertmanager": map[string]any{"alertmanagerSpec": map[string]any{
			"alertmanagerConfigNamespaceSelector": selector,
		}},
	}
}
