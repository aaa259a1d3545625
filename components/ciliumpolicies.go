package components

import (
	"strconv"

	"doks-security/values"
)

func ciliumPolicy(name, namespace string, spec map[string]any) map[string]any {
	return manifest("cilium.io/v2", "CiliumNetworkPolicy", namespace, name, spec)
}

// ciliumSpec is what a NetworkPolicy cannot say of a workload: its connections to and from the API server, the internet
// and the Gateway, as Cilium's identities (docs.cilium.io, Entities Based). Nil without such connections. Both policies
// add up; a rule's direction is only written where it has connections, since Cilium denies all others in it.
func ciliumSpec(w values.Workload, connections []values.Connection) map[string]any {
	var ingress, egress []any
	for _, c := range connections {
		if c.To.Name == w.Name && !c.From.IsPods() {
			for _, peer := range ciliumSources(c.From) {
				ingress = append(ingress, withPort(peer, c.Port))
			}
		}
		if c.From.Name == w.Name && w.Restricted && !c.To.IsPods() {
			egress = append(egress, withPort(map[string]any{"toEntities": []any{entity(c.To)}}, c.Port))
		}
	}
	spec := map[string]any{"endpointSelector": map[string]any{"matchLabels": labelsOf(w)}}
	if len(ingress) > 0 {
		spec["ingress"] = ingress
	}
	if len(egress) > 0 {
		spec["egress"] = egress
	}
	if len(spec) == 1 {
		return nil
	}
	return spec
}

// entity is Cilium's name for an end that is no pod of the stack.
func entity(w values.Workload) string {
	return map[string]string{values.ControlPlane: "kube-apiserver", values.Internet: "world",
		values.Ingress: "ingress"}[w.Name]
}

// ciliumSources are the identities from which such an end's connections arrive.
func ciliumSources(w values.Workload) []map[string]any {
	if w.Name != values.ControlPlane {
		return []map[string]any{{"fromEntities": []any{entity(w)}}}
	}
	return []map[string]any{
		{"fromEntities": []any{entity(w), "host", "remote-node"}},
		{"fromEndpoints": []any{map[string]any{"matchLabels": map[string]any{
			"k8s:io.kubernetes.pod.namespace": "kube-system",
		}}}},
	}
}

// withPort limits a rule to a port, unless that is 0.
func withPort(rule map[string]any, port int) map[string]any {
	if port > 0 {
		rule["toPorts"] = []any{map[string]any{"ports": []any{map[string]any{"port": strconv.Itoa(port), "protocol": "TCP"}}}}
	}
	return rule
}
