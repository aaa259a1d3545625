package components

import (
	"cmp"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/values"
)

// NetworkPolicies deny all connections into the stack's namespaces, and from restricted workloads, but those of
// values/<release>/network.yaml.
type NetworkPolicies struct {
	pulumi.ResourceState
}

// NetworkPoliciesArgs choose the connections.
type NetworkPoliciesArgs struct {
	Namespaces *Namespaces
	Options    []values.Option
}

// NewNetworkPolicies creates the policies. The demo's namespace brings its own.
func NewNetworkPolicies(ctx *pulumi.Context, name string, args *NetworkPoliciesArgs,
	opts ...pulumi.ResourceOption) (*NetworkPolicies, error) {
	n := &NetworkPolicies{}
	if err := ctx.RegisterComponentResource(typePrefix+"NetworkPolicies", name, n, opts...); err != nil {
		return nil, err
	}
	policies, err := NetworkPolicyObjects(args.Namespaces.releases, args.Namespaces.created(), args.Options...)
	if err != nil {
		return nil, err
	}
	for _, policy := range policies {
		namespace := policy["metadata"].(map[string]any)["namespace"].(string)
		role, _ := args.Namespaces.names.RoleOf(namespace)
		if _, err := newObject(ctx, args.Namespaces, policy, pulumi.Parent(n), args.Namespaces.dependency(role)); err != nil {
			return nil, err
		}
	}
	return n, ctx.RegisterResourceOutputs(n, pulumi.Map{})
}

// NetworkPolicyObjects are the policies of these namespaces of releases, as manifests: a NetworkPolicy for what is
// between pods, and a CiliumNetworkPolicy in addition for what is not.
func NetworkPolicyObjects(releases values.Set, namespaces values.Namespaces, options ...values.Option) (
	[]map[string]any, error,
) {
	network, err := releases.Network()
	if err != nil {
		return nil, err
	}
	all := releases.Namespaces()
	connections := network.Of(namespaces, options...)
	var policies []map[string]any
	for _, role := range namespaces.Roles() {
		if all[role].Tenant {
			continue
		}
		namespace := namespaces[role]
		policies = append(policies, policy("default-deny-ingress", namespace, map[string]any{
			"podSelector": map[string]any{}, "policyTypes": []any{"Ingress"},
		}))
		for _, w := range selected(network.Workloads, namespaces, namespace, connections, options) {
			policies = append(policies, policy(w.Name, namespace, policySpec(w, connections)))
			if spec := ciliumSpec(w, connections); spec != nil {
				policies = append(policies, ciliumPolicy(w.Name, namespace, spec))
			}
		}
	}
	return policies, nil
}

func policy(name, namespace string, spec map[string]any) map[string]any {
	return manifest("networking.k8s.io/v1", "NetworkPolicy", namespace, name, spec)
}

// selected are the workloads of a namespace that have a policy, by name: those that connections end at, and those that
// are restricted.
func selected(all []values.Workload, namespaces values.Namespaces, namespace string, connections []values.Connection,
	options []values.Option) []values.Workload {
	var chosen []values.Workload
	for _, w := range all {
		ends := slices.ContainsFunc(connections, func(c values.Connection) bool { return c.To.Name == w.Name })
		if w = w.In(namespaces); w.Namespace == namespace && !w.IsOff(options) && (ends || w.Restricted) {
			chosen = append(chosen, w)
		}
	}
	slices.SortFunc(chosen, func(a, b values.Workload) int { return cmp.Compare(a.Name, b.Name) })
	return chosen
}

// policySpec is the NetworkPolicy of one workload.
func policySpec(w values.Workload, connections []values.Connection) map[string]any {
	types := []any{"Ingress"}
	ingress, egress := []any{}, []any{}
	connects := false // names have to be found
	for _, c := range connections {
		connects = connects || c.From.Name == w.Name
		if c.To.Name == w.Name && c.From.IsPods() {
			ingress = append(ingress, map[string]any{"from": []any{podsOf(c.From)}, "ports": ports(c.Port)})
		}
		if c.From.Name == w.Name && c.To.IsPods() {
			egress = append(egress, map[string]any{"to": []any{podsOf(c.To)}, "ports": ports(c.Port)})
		}
	}
	spec := map[string]any{"podSelector": map[string]any{"matchLabels": labelsOf(w)}, "ingress": ingress}
	if w.Restricted {
		types = append(types, "Egress")
		if connects {
			egress = append(egress, map[string]any{"to": []any{podsOf(dns)}, "ports": ports(53)})
		}
		spec["egress"] = egress
	}
	spec["policyTypes"] = types
	return spec
}

var dns = values.Workload{
	Name: "the cluster's DNS", Namespace: "kube-system", Labels: map[string]string{"k8s-app": "kube-dns"},
}

func podsOf(w values.Workload) map[string]any {
	return map[string]any{
		"namespaceSelector": map[string]any{"matchLabels": map[string]any{"kubernetes.io/metadata.name": w.Namespace}},
		"podSelector":       map[string]any{"matchLabels": labelsOf(w)},
	}
}

func labelsOf(w values.Workload) map[string]any {
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
