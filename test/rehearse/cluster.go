package rehearse

import (
	"context"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"

	"doks-security/components"
	"doks-security/values"
)

// cluster is what the checks look at.
type cluster struct {
	names      values.Namespaces // of the stack's namespaces, by role; look leaves them out
	pods       []corev1.Pod
	claims     []corev1.PersistentVolumeClaim
	services   []corev1.Service
	endpoints  []discoveryv1.EndpointSlice
	secrets    []corev1.Secret
	namespaces []corev1.Namespace
	nodes      []corev1.Node
	sets       []appsv1.StatefulSet
	policies   []networkingv1.NetworkPolicy
	configs    []corev1.ConfigMap
	cilium     []ciliumPolicy
	set        values.Set // all releases of the stack's project; look leaves them out
}

func look(ctx context.Context, client kubernetes.Interface, custom dynamic.Interface) (*cluster, error) {
	all := metav1.ListOptions{}
	pods, err := client.CoreV1().Pods("").List(ctx, all)
	if err != nil {
		return nil, err
	}
	claims, err := client.CoreV1().PersistentVolumeClaims("").List(ctx, all)
	if err != nil {
		return nil, err
	}
	services, err := client.CoreV1().Services("").List(ctx, all)
	if err != nil {
		return nil, err
	}
	endpoints, err := client.DiscoveryV1().EndpointSlices("").List(ctx, all)
	if err != nil {
		return nil, err
	}
	secrets, err := client.CoreV1().Secrets("").List(ctx, all)
	if err != nil {
		return nil, err
	}
	namespaces, err := client.CoreV1().Namespaces().List(ctx, all)
	if err != nil {
		return nil, err
	}
	nodes, err := client.CoreV1().Nodes().List(ctx, all)
	if err != nil {
		return nil, err
	}
	sets, err := client.AppsV1().StatefulSets("").List(ctx, all)
	if err != nil {
		return nil, err
	}
	policies, err := client.NetworkingV1().NetworkPolicies("").List(ctx, all)
	if err != nil {
		return nil, err
	}
	configs, err := client.CoreV1().ConfigMaps("").List(ctx, all)
	if err != nil {
		return nil, err
	}
	cilium, err := ciliumPolicies(ctx, custom)
	if err != nil {
		return nil, err
	}
	return &cluster{nil, pods.Items, claims.Items, services.Items, endpoints.Items, secrets.Items, namespaces.Items,
		nodes.Items, sets.Items, policies.Items, configs.Items, cilium, nil}, nil
}

// releases finds deployed Helm releases, by their storage.
func (c *cluster) releases() (deployed, others []string) {
	latest := map[string]corev1.Secret{}
	for _, s := range c.secrets {
		if s.Labels["owner"] != "helm" {
			continue
		}
		name := s.Labels["name"]
		if old, ok := latest[name]; !ok || old.CreationTimestamp.Before(&s.CreationTimestamp) {
			latest[name] = s
		}
	}
	for name, s := range latest {
		if s.Labels["status"] == "deployed" {
			deployed = append(deployed, name)
		} else {
			others = append(others, name+" is "+s.Labels["status"])
		}
	}
	slices.Sort(deployed)
	return deployed, others
}

func (c *cluster) unready() []string {
	var list []string
	for _, p := range c.pods {
		ready := p.Status.Phase == corev1.PodSucceeded
		reason := string(p.Status.Phase)
		for _, condition := range p.Status.Conditions {
			ready = ready || condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue
			if condition.Reason == corev1.PodReasonUnschedulable {
				reason = condition.Message
			}
		}
		if !ready {
			list = append(list, p.Namespace+"/"+p.Name+": "+reason)
		}
	}
	return list
}

func (c *cluster) hasPrometheus() bool {
	found := 0
	for _, s := range c.sets {
		if s.Namespace == c.names[components.NamespaceMonitoring] && s.Status.ReadyReplicas == ptr.Deref(s.Spec.Replicas, 1) {
			found++
		}
	}
	return found >= 2
}

func (c *cluster) unbound() []string {
	var list []string
	for _, claim := range c.claims {
		if claim.Status.Phase != corev1.ClaimBound {
			list = append(list, claim.Namespace+"/"+claim.Name+" is "+string(claim.Status.Phase))
		}
	}
	return list
}

func (c *cluster) gib() int {
	total := int64(0)
	for _, claim := range c.claims {
		total += claim.Spec.Resources.Requests.Storage().Value()
	}
	return int(total >> 30)
}

func (c *cluster) selecting() int {
	count := 0
	for _, s := range c.services {
		if c.ours(s) {
			count++
		}
	}
	return count
}

// ours leaves out kube-system, whose pods are one stand-in.
func (c *cluster) ours(s corev1.Service) bool {
	return len(s.Spec.Selector) > 0 && s.Namespace != metav1.NamespaceSystem
}

// hasService reports whether a namespace of the stack has a Service of that name.
func (c *cluster) hasService(name string) bool {
	return slices.ContainsFunc(c.services, func(s corev1.Service) bool { return s.Name == name && c.ours(s) })
}

func (c *cluster) withoutEndpoints() []string {
	ready := map[string]bool{}
	for _, slice := range c.endpoints {
		for _, e := range slice.Endpoints {
			if ptr.Deref(e.Conditions.Ready, false) {
				ready[slice.Namespace+"/"+slice.Labels[discoveryv1.LabelServiceName]] = true
			}
		}
	}
	var list []string
	for _, s := range c.services {
		if name := s.Namespace + "/" + s.Name; c.ours(s) && !ready[name] {
			list = append(list, name)
		}
	}
	return list
}

// fill is how much of each node is asked for.
func (c *cluster) fill() []string {
	var lines []string
	for _, n := range c.nodes {
		var cpu, memory int64
		for _, p := range c.pods {
			if p.Spec.NodeName != n.Name || p.Status.Phase == corev1.PodSucceeded {
				continue
			}
			for _, container := range p.Spec.Containers {
				cpu += container.Resources.Requests.Cpu().MilliValue()
				memory += container.Resources.Requests.Memory().Value()
			}
		}
		allocatable := n.Status.Allocatable
		lines = append(lines, fmt.Sprintf("%-18s %s  CPU %4dm of %5dm (%2d %%)  memory %5d of %5d MiB (%2d %%)", n.Name,
			n.Labels["node.kubernetes.io/instance-type"],
			cpu, allocatable.Cpu().MilliValue(), 100*cpu/allocatable.Cpu().MilliValue(),
			memory>>20, allocatable.Memory().Value()>>20, 100*memory/allocatable.Memory().Value()))
	}
	slices.Sort(lines)
	return lines
}

func (c *cluster) secret(namespace, name, key string) string {
	for _, s := range c.secrets {
		if s.Namespace == namespace && s.Name == name {
			return string(s.Data[key])
		}
	}
	return ""
}

// forwards reports whether the Service and port of a port-forward command exist.
func (c *cluster) forwards(command string) bool {
	for _, s := range c.services {
		for _, p := range s.Spec.Ports {
			if strings.Contains(command, "--namespace "+s.Namespace+" ") && strings.Contains(command, " service/"+s.Name+" ") &&
				strings.HasSuffix(command, fmt.Sprintf(":%d", p.Port)) {
				return true
			}
		}
	}
	return false
}
