package components

import (
	"maps"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// NetworkPolicies deny what comes into the stack's namespaces, but for Edges, and what leaves the workloads of Held.
type NetworkPolicies struct {
	pulumi.ResourceState
}

// NetworkPoliciesArgs name the namespaces; edges between others are left out.
type NetworkPoliciesArgs struct {
	Namespaces *Namespaces
	Names      []string
}

// NewNetworkPolicies creates the policies. The demo's namespace brings its own.
func NewNetworkPolicies(ctx *pulumi.Context, name string, args *NetworkPoliciesArgs, opts ...pulumi.ResourceOption) (*NetworkPolicies, error) {
	n := &NetworkPolicies{}
	if err := ctx.RegisterComponentResource(typePrefix+"NetworkPolicies", name, n, opts...); err != nil {
		return nil, err
	}
	for _, policy := range NetworkPolicyObjects(args.Names) {
		namespace := policy["metadata"].(map[string]any)["namespace"].(string)
		if _, err := newObject(ctx, policy, pulumi.Parent(n), args.Namespaces.dependency(namespace)); err != nil {
			return nil, err
		}
	}
	return n, ctx.RegisterResourceOutputs(n, pulumi.Map{})
}

// NetworkPolicyObjects are the policies of these namespaces, as manifests.
func NetworkPolicyObjects(namespaces []string) []map[string]any {
	var policies []map[string]any
	for _, namespace := range slices.Sorted(slices.Values(namespaces)) {
		if namespace == NamespaceVCluster {
			continue
		}
		policies = append(policies, policy("default-deny-ingress", namespace, map[string]any{
			"podSelector": map[string]any{}, "policyTypes": []any{"Ingress"},
		}))
		for _, w := range targets() {
			if w.Namespace == namespace {
				policies = append(policies, policy(w.Name, namespace, w.spec()))
			}
		}
	}
	return policies
}

func policy(name, namespace string, spec map[string]any) map[string]any {
	return map[string]any{
		"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
		"metadata": map[string]any{"name": name, "namespace": namespace, "labels": map[string]any{"app.kubernetes.io/part-of": "doks-security"}},
		"spec":     spec,
	}
}

// targets are the workloads that edges end at, each once.
func targets() []Workload {
	byName := map[string]Workload{}
	for _, e := range Edges {
		byName[e.To.Name] = e.To
	}
	var all []Workload
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		all = append(all, byName[name])
	}
	return all
}

// spec is the policy of one workload.
func (w Workload) spec() map[string]any {
	types := []any{"Ingress"}
	ingress := []any{}
	for _, e := range Edges {
		if e.To.Name != w.Name {
			continue
		}
		rule := map[string]any{"ports": ports(e.Port)}
		if e.From.Name != ControlPlane.Name {
			rule["from"] = []any{e.From.peer()}
		}
		ingress = append(ingress, rule)
	}
	spec := map[string]any{"podSelector": map[string]any{"matchLabels": w.labels()}, "ingress": ingress}
	for _, held := range Held {
		if held.Workload.Name != w.Name {
			continue
		}
		types = append(types, "Egress")
		egress := []any{}
		for _, e := range Edges {
			if e.From.Name == w.Name {
				egress = append(egress, map[string]any{"to": []any{e.To.peer()}, "ports": ports(e.Port)})
			}
		}
		if len(egress) > 0 { // names have to be found
			egress = append(egress, map[string]any{"to": []any{dns.peer()}, "ports": ports(53)})
		}
		if len(held.Outside) > 0 {
			egress = append(egress, map[string]any{"ports": ports(held.Outside...)})
		}
		spec["egress"] = egress
	}
	spec["policyTypes"] = types
	return spec
}

var dns = Workload{"the cluster's DNS", "kube-system", map[string]string{"k8s-app": "kube-dns"}}

func (w Workload) peer() map[string]any {
	return map[string]any{
		"namespaceSelector": map[string]any{"matchLabels": map[string]any{"kubernetes.io/metadata.name": w.Namespace}},
		"podSelector":       map[string]any{"matchLabels": w.labels()},
	}
}

func (w Workload) labels() map[string]any {
	labels := map[string]any{}
	for key, value := range w.Labels {
		labels[key] = value
	}
	return labels
}

// ports are open by both protocols where there are two: gossip and DNS use UDP too.
func ports(numbers ...int) []any {
	var all []any
	for _, n := range numbers {
		all = append(all, map[string]any{"port": n, "protocol": "TCP"})
		if n == 53 || n == 7946 || n == 9094 {
			all = append(all, map[string]any{"port": n, "protocol": "UDP"})
		}
	}
	return all
}
