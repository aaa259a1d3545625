package rehearse

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/utils/ptr"

	"doks-security/components"
)

// network evaluates the NetworkPolicies of a cluster.
type network struct {
	policies   []networkingv1.NetworkPolicy
	namespaces map[string]labels.Set
}

func (c *cluster) network() network {
	n := network{policies: c.policies, namespaces: map[string]labels.Set{}}
	for _, namespace := range c.namespaces {
		n.namespaces[namespace.Name] = namespace.Labels
	}
	return n
}

// reaches tells whether a connection between two pods is let through on both sides. The host's network is beyond
// policies.
func (n network) reaches(from, to *corev1.Pod, port int) bool {
	return n.leaves(from, to, port) && n.enters(from, to, port)
}

func (n network) enters(from, to *corev1.Pod, port int) bool {
	selected := false
	for _, p := range n.policies {
		if !applies(p, to, networkingv1.PolicyTypeIngress) {
			continue
		}
		selected = true
		for _, rule := range p.Spec.Ingress {
			if matchesPort(rule.Ports, port) && n.matchesPeer(p.Namespace, rule.From, from) {
				return true
			}
		}
	}
	return !selected || to.Spec.HostNetwork
}

func (n network) leaves(from, to *corev1.Pod, port int) bool {
	selected := false
	for _, p := range n.policies {
		if !applies(p, from, networkingv1.PolicyTypeEgress) {
			continue
		}
		selected = true
		for _, rule := range p.Spec.Egress {
			if matchesPort(rule.Ports, port) && n.matchesPeer(p.Namespace, rule.To, to) {
				return true
			}
		}
	}
	return !selected || from.Spec.HostNetwork
}

func applies(p networkingv1.NetworkPolicy, pod *corev1.Pod, direction networkingv1.PolicyType) bool {
	if p.Namespace != pod.Namespace || !selects(&p.Spec.PodSelector, pod.Labels) {
		return false
	}
	for _, t := range p.Spec.PolicyTypes {
		if t == direction {
			return true
		}
	}
	return false
}

func (n network) matchesPeer(namespace string, peers []networkingv1.NetworkPolicyPeer, pod *corev1.Pod) bool {
	for _, peer := range peers {
		if peer.IPBlock != nil {
			continue // pods are not addressed by it
		}
		inNamespace := pod.Namespace == namespace
		if peer.NamespaceSelector != nil {
			inNamespace = selects(peer.NamespaceSelector, n.namespaces[pod.Namespace])
		}
		if inNamespace && (peer.PodSelector == nil || selects(peer.PodSelector, pod.Labels)) {
			return true
		}
	}
	return len(peers) == 0
}

func matchesPort(ports []networkingv1.NetworkPolicyPort, port int) bool {
	for _, p := range ports {
		if ptr.Deref(p.Protocol, corev1.ProtocolTCP) != corev1.ProtocolTCP {
			continue
		}
		if p.Port == nil || p.Port.IntValue() == port {
			return true
		}
	}
	return len(ports) == 0
}

func selects(selector *metav1.LabelSelector, set labels.Set) bool {
	s, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && s.Matches(set)
}

// outsider is a pod of somebody else.
var outsider = corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "outsider", Namespace: "default"}}

// checkNetwork holds the policies against the pods: every edge between pods that run is open, and nothing else is.
func checkNetwork(c *cluster, r *report) {
	n := c.network()
	wanted := map[string]bool{}
	connection := func(from, to *corev1.Pod, port int) string {
		return fmt.Sprintf("%s/%s -> %s/%s:%d", from.Namespace, from.Name, to.Namespace, to.Name, port)
	}
	ours := map[string]bool{}
	listening := map[int]bool{}
	var closed, open []string
	for _, e := range components.Edges {
		ours[e.To.Namespace] = true
		listening[e.Port] = true
		for _, to := range c.of(e.To) {
			sources := c.of(e.From)
			if e.From.Name == components.ControlPlane.Name {
				sources = append(c.all(), &outsider) // it arrives without an identity, so all may
			}
			for _, from := range sources {
				wanted[connection(from, to, e.Port)] = true
				if !n.reaches(from, to, e.Port) && e.From.Name != components.ControlPlane.Name {
					closed = append(closed, connection(from, to, e.Port))
				}
			}
		}
	}
	denied := 0
	var unknown []string
	for _, to := range c.all() {
		if !ours[to.Namespace] || to.Spec.HostNetwork {
			continue
		}
		if !c.isTarget(to) && len(to.Spec.Containers[0].Ports) > 0 {
			unknown = append(unknown, to.Namespace+"/"+to.Name)
		}
		for _, port := range ports(to, listening) {
			for _, from := range append(c.all(), &outsider) {
				switch key := connection(from, to, port); {
				case wanted[key] || from.Name == to.Name || from.Spec.HostNetwork:
				case n.reaches(from, to, port):
					open = append(open, key)
				default:
					denied++
				}
			}
		}
	}
	r.check(fmt.Sprintf("NetworkPolicies allow the %d connections between pods that are needed", len(wanted)), len(closed) == 0 && len(wanted) > 0, "closed: %v", closed)
	r.check("every pod that listens is the end of one", len(unknown) == 0, "nobody reaches %v", unknown)
	r.check(fmt.Sprintf("and deny the %d others", denied), len(open) == 0 && denied > 0, "open: %v", open)
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

// isTarget tells whether an edge ends at a pod.
func (c *cluster) isTarget(pod *corev1.Pod) bool {
	for _, e := range components.Edges {
		if e.To.Namespace == pod.Namespace && labels.SelectorFromSet(e.To.Labels).Matches(labels.Set(pod.Labels)) {
			return true
		}
	}
	return false
}

// of are the pods of a workload.
func (c *cluster) of(w components.Workload) []*corev1.Pod {
	var pods []*corev1.Pod
	for _, p := range c.all() {
		if p.Namespace == w.Namespace && labels.SelectorFromSet(w.Labels).Matches(labels.Set(p.Labels)) {
			pods = append(pods, p)
		}
	}
	return pods
}
