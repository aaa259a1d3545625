package rehearse

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"doks-security/components"
	"doks-security/values"
)

// outsider is a pod of another team.
var outsider = corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "outsider", Namespace: "default"}}

// entities are the ends that are no pods, by the name an edge calls them; the first is where
// connections to them go.
var entities = map[string][]string{
	values.ControlPlane: {"kube-apiserver", "remote-node"},
	values.Internet:     {"world"},
	values.Ingress:      {"ingress"},
}

// checkNetwork holds the policies against what runs: every edge is open, and nothing else is.
func checkNetwork(c *cluster, r *report) {
	all, err := c.set.Network()
	if err != nil {
		r.check("network.yaml of all releases", false, "%v", err)
		return
	}
	n, edges := c.network(), all.Of(c.names, c.options()...)
	ours, listening := map[string]bool{}, map[int]bool{443: true}
	for _, e := range edges {
		ours[e.To.Namespace] = true
		if e.Port > 0 {
			listening[e.Port] = true
		}
	}
	connection := func(from, to end, port int) string { return fmt.Sprintf("%s -> %s:%d", from, to, port) }
	wanted := map[string]bool{}
	var closed, open, unknown []string
	for _, e := range edges {
		for _, to := range c.destinations(e.To) {
			for _, from := range c.sources(e.From) {
				for port := range listening {
					if e.Port != 0 && e.Port != port {
						continue
					}
					wanted[connection(from, to, port)] = true
					if !n.reaches(from, to, port) {
						closed = append(closed, connection(from, to, port))
					}
				}
			}
		}
	}
	denied := 0
	try := func(from, to end, port int) {
		switch key := connection(from, to, port); {
		case wanted[key] || from == to || from.onHost():
		case n.reaches(from, to, port):
			open = append(open, key)
		default:
			denied++
		}
	}
	for _, to := range c.all() {
		if !ours[to.Namespace] || to.Spec.HostNetwork {
			continue
		}
		if !isTarget(edges, to) && len(to.Spec.Containers[0].Ports) > 0 {
			unknown = append(unknown, to.Namespace+"/"+to.Name)
		}
		for _, port := range ports(to, listening) {
			for _, from := range append(c.all(), &outsider) {
				try(end{pod: from}, end{pod: to}, port)
			}
			for _, entity := range allEntities() {
				try(end{entity: entity}, end{pod: to}, port)
			}
		}
	}
	for _, w := range all.Workloads {
		if !w.Restricted {
			continue
		}
		for _, from := range c.of(w.In(c.names)) {
			for _, entity := range allEntities() {
				for port := range listening {
					try(end{pod: from}, end{entity: entity}, port)
				}
			}
		}
	}
	r.check(fmt.Sprintf("network policies allow the %d connections that are needed", len(wanted)), len(closed) == 0 &&
		len(wanted) > 0, "closed: %v", closed)
	r.check("every listening pod has a policy", len(unknown) == 0, "none: %v", unknown)
	r.check(fmt.Sprintf("all other connections (%d) are denied", denied), len(open) == 0 && denied > 0, "open: %v", open)
}

// sources are where a workload's connections come from; those of the API server also from kube-system, and from nodes.
func (c *cluster) sources(w values.Workload) []end {
	var all []end
	for _, p := range c.of(w) {
		all = append(all, end{pod: p})
	}
	for _, name := range entities[w.Name] {
		all = append(all, end{entity: name})
	}
	if w.Name != values.ControlPlane {
		return all
	}
	for _, p := range c.all() {
		if p.Namespace == metav1.NamespaceSystem && !p.Spec.HostNetwork {
			all = append(all, end{pod: p})
		}
	}
	return all
}

// destinations are where connections to a workload go.
func (c *cluster) destinations(w values.Workload) []end {
	if names := entities[w.Name]; len(names) > 0 {
		return []end{{entity: names[0]}}
	}
	return c.sources(w)
}

func allEntities() []string {
	var all []string
	for _, names := range entities {
		all = append(all, names...)
	}
	return all
}

// options are the settings that edges depend on, by their values.
func (c *cluster) options() []values.Option {
	var options []values.Option
	for _, s := range c.secrets {
		if s.Namespace == c.names[components.NamespaceLoki] && s.Name == "loki-spaces" {
			options = append(options, values.WithSpaces)
		}
	}
	if c.names[components.NamespaceGateway] != "" {
		options = append(options, values.WithGateway)
	}
	if c.names["falco-talon"] != "" {
		options = append(options, values.WithResponse)
	}
	return options
}

// ports are what a pod says it listens on, and what anything of the stack does.
func ports(pod *corev1.Pod, listening map[int]bool) []int {
	all := map[int]bool{}
	for port := range listening {
		all[port] = true
	}
	for _, container := range pod.Spec.Containers {
		for _, p := range container.Ports {
			all[int(p.ContainerPort)] = true
		}
	}
	var list []int
	for port := range all {
		list = append(list, port)
	}
	return list
}

func (c *cluster) all() []*corev1.Pod {
	var pods []*corev1.Pod
	for i := range c.pods {
		if c.pods[i].Status.Phase == corev1.PodRunning {
			pods = append(pods, &c.pods[i])
		}
	}
	return pods
}

// isTarget reports whether an edge ends at a pod.
func isTarget(edges []values.Connection, pod *corev1.Pod) bool {
	for _, e := range edges {
		if e.To.Namespace == pod.Namespace && labels.SelectorFromSet(e.To.Labels).Matches(labels.Set(pod.Labels)) {
			return true
		}
	}
	return false
}

// of are the pods of a workload.
func (c *cluster) of(w values.Workload) []*corev1.Pod {
	var pods []*corev1.Pod
	for _, p := range c.all() {
		if p.Namespace == w.Namespace && labels.SelectorFromSet(w.Labels).Matches(labels.Set(p.Labels)) {
			pods = append(pods, p)
		}
	}
	return pods
}
