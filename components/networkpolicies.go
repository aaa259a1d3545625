package components

import (
	"cmp"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/values"
)

// NetworkPolicies deny what comes into the stack's namespaces, but for the edges, and what leaves the workloads of Held.
type NetworkPolicies struct {
	pulumi.ResourceState
}

// NetworkPoliciesArgs choose the edges.
type NetworkPoliciesArgs struct {
	Namespaces *Namespaces
	Options    []values.Option
}

// NewNetworkPolicies creates the policies. The demo's namespace brings its own.
func NewNetworkPolicies(ctx *pulumi.Context, name string, args *NetworkPoliciesArgs, opts ...pulumi.ResourceOption) (*NetworkPolicies, error) {
	n := &NetworkPolicies{}
	if err := ctx.RegisterComponentResource(typePrefix+"NetworkPolicies", name, n, opts...); err != nil {
		return nil, err
	}
	for _, policy := range NetworkPolicyObjects(args.Namespaces.created(), args.Options...) {
		namespace := policy["metadata"].(map[string]any)["namespace"].(string)
		role, _ := args.Namespaces.names.RoleOf(namespace)
		if _, err := newObject(ctx, args.Namespaces, policy, pulumi.Parent(n), args.Namespaces.dependency(role)); err != nil {
			return nil, err
		}
	}
	return n, ctx.RegisterResourceOutputs(n, pulumi.Map{})
}

// NetworkPolicyObjects are the policies of these namespaces, as manifests: a NetworkPolicy for what is between pods, and a
// CiliumNetworkPolicy beside it for what is not.
func NetworkPolicyObjects(namespaces values.Namespaces, options ...values.Option) []map[string]any {
	edges := EdgesOf(namespaces, options...)
	all, _ := values.AllNamespaces() // an error of NewNamespaces
	var policies []map[string]any
	for _, role := range namespaces.Roles() {
		if all[role].Tenant {
			continue
		}
		namespace := namespaces[role]
		policies = append(policies, policy("default-deny-ingress", namespace, map[string]any{
			"podSelector": map[string]any{}, "policyTypes": []any{"Ingress"},
		}))
		for _, w := range targets(namespace, edges) {
			policies = append(policies, policy(w.Name, namespace, w.spec(edges)))
			if spec := w.ciliumSpec(edges); spec != nil {
				policies = append(policies, ciliumPolicy(w.Name, namespace, spec))
			}
		}
	}
	return policies
}

func policy(name, namespace string, spec map[string]any) map[string]any {
	return manifest("networking.k8s.io/v1", "NetworkPolicy", namespace, name, spec)
}

// targets are the workloads of a namespace that edges end at, each once, by name.
func targets(namespace string, edges []Edge) []Workload {
	var all []Workload
	for _, e := range edges {
		if e.To.Namespace == namespace {
			all = append(all, e.To)
		}
	}
	slices.SortFunc(all, func(a, b Workload) int { return cmp.Compare(a.Name, b.Name) })
	return slices.CompactFunc(all, func(a, b Workload) bool { return a.Name == b.Name })
}

// isPods tells workloads from the ends that only Cilium can name.
func (w Workload) isPods() bool { return w.Namespace != "" }

func (w Workload) isHeld() bool {
	return slices.ContainsFunc(Held, func(held Workload) bool { return held.Name == w.Name })
}

// spec is the NetworkPolicy of one workload.
func (w Workload) spec(edges []Edge) map[string]any {
	types := []any{"Ingress"}
	ingress, egress := []any{}, []any{}
	for _, e := range edges {
		if e.To.Name == w.Name && e.From.isPods() {
			ingress = append(ingress, map[string]any{"from": []any{e.From.peer()}, "ports": ports(e.Port)})
		}
		if e.From.Name == w.Name && e.To.isPods() {
			egress = append(egress, map[string]any{"to": []any{e.To.peer()}, "ports": ports(e.Port)})
		}
	}
	spec := map[string]any{"podSelector": map[string]any{"matchLabels": w.labels()}, "ingress": ingress}
	if w.isHeld() {
		types = append(types, "Egress")
		if len(egress) > 0 { // names have to be found
			egress = append(egress, map[string]any{"to": []any{dns.peer()}, "ports": ports(53)})
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
