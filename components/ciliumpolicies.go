package components

import "strconv"

func ciliumPolicy(name, namespace string, spec map[string]any) map[string]any {
	return manifest("cilium.io/v2", "CiliumNetworkPolicy", namespace, name, spec)
}

// ciliumSpec is what a NetworkPolicy cannot say of a workload: its edges to and from the API server, the internet and the
// Gateway, as Cilium's identities (docs.cilium.io, Entities Based). Nil without such edges. Both policies add up; a
// rule's direction is only written where it has edges, since Cilium denies all others in it.
func (w Workload) ciliumSpec(edges []Edge) map[string]any {
	var ingress, egress []any
	for _, e := range edges {
		if e.To.Name == w.Name && !e.From.isPods() {
			for _, peer := range e.From.ciliumSources() {
				ingress = append(ingress, withPort(peer, e.Port))
			}
		}
		if e.From.Name == w.Name && w.isHeld() && !e.To.isPods() {
			egress = append(egress, withPort(map[string]any{"toEntities": []any{e.To.entity()}}, e.Port))
		}
	}
	spec := map[string]any{"endpointSelector": map[string]any{"matchLabels": w.labels()}}
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
func (w Workload) entity() string {
	return map[string]string{ControlPlane.Name: "kube-apiserver", Internet.Name: "world", Ingress.Name: "ingress"}[w.Name]
}

// ciliumSources are the identities from which such an end's connections arrive.
func (w Workload) ciliumSources() []map[string]any {
	if w.Name != ControlPlane.Name {
		return []map[string]any{{"fromEntities": []any{w.entity()}}}
	}
	return []map[string]any{
		{"fromEntities": []any{w.entity(), "host", "remote-node"}},
		{"fromEndpoints": []any{map[string]any{"matchLabels": map[string]any{"k8s:io.kubernetes.pod.namespace": "kube-system"}}}},
	}
}

// withPort limits a rule to a port, unless that is 0.
func withPort(rule map[string]any, port int) map[string]any {
	if port > 0 {
		rule["toPorts"] = []any{map[string]any{"ports": []any{map[string]any{"port": strconv.Itoa(port), "protocol": "TCP"}}}}
	}
	return rule
}
