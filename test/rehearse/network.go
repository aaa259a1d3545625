package rehearse

import (
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/utils/ptr"
)

// network evaluates the NetworkPolicies and CiliumNetworkPolicies of a cluster, which add up.
type network struct {
	policies   []networkingv1.NetworkPolicy
	cilium     []ciliumPolicy
	namespaces map[string]labels.Set
}

func (c *cluster) network() network {
	n := network{policies: c.policies, cilium: c.cilium, namespaces: map[string]labels.Set{}}
	for _, namespace := range c.namespaces {
		n.namespaces[namespace.Name] = namespace.Labels
	}
	return n
}

// end is a pod, or what Cilium calls an entity: the API server, another node, the world.
type end struct {
	pod    *corev1.Pod
	entity string
}

func (e end) String() string {
	if e.pod == nil {
		return e.entity
	}
	return e.pod.Namespace + "/" + e.pod.Name
}

// onHost reports whether an end is beyond policies: it has no own identity.
func (e end) onHost() bool { return e.pod != nil && e.pod.Spec.HostNetwork }

// reaches reports whether a connection is let through on both sides.
func (n network) reaches(from, to end, port int) bool {
	return n.leaves(from, to, port) && n.enters(from, to, port)
}

func (n network) enters(from, to end, port int) bool {
	if to.pod == nil || to.onHost() {
		return true
	}
	selected := false
	for _, p := range n.policies {
		if !applies(p, to.pod, networkingv1.PolicyTypeIngress) {
			continue
		}
		selected = true
		for _, rule := range p.Spec.Ingress {
			if matchesPort(rule.Ports, port) && n.matchesPeer(p.Namespace, rule.From, from) {
				return true
			}
		}
	}
	for _, p := range n.cilium {
		if p.selects(to.pod) && len(p.Spec.Ingress) > 0 {
			selected = true
			if allows(p.Spec.Ingress, from, port) {
				return true
			}
		}
	}
	return !selected
}

func (n network) leaves(from, to end, port int) bool {
	if from.pod == nil || from.onHost() {
		return true
	}
	selected := false
	for _, p := range n.policies {
		if !applies(p, from.pod, networkingv1.PolicyTypeEgress) {
			continue
		}
		selected = true
		for _, rule := range p.Spec.Egress {
			if matchesPort(rule.Ports, port) && n.matchesPeer(p.Namespace, rule.To, to) {
				return true
			}
		}
	}
	for _, p := range n.cilium {
		if p.selects(from.pod) && len(p.Spec.Egress) > 0 {
			selected = true
			if allows(p.Spec.Egress, to, port) {
				return true
			}
		}
	}
	return !selected
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

func (n network) matchesPeer(namespace string, peers []networkingv1.NetworkPolicyPeer, other end) bool {
	pod := other.pod
	for _, peer := range peers {
		if pod == nil {
			return false // an entity is nothing that a peer names
		}
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
