package chartlint

import (
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"doks-security/charts/pods"
)

// Services finds Services and disruption budgets that select no pod, and ports no container has, but for those
// reviewed.
func Services(objects []*Object, reviewed map[string]string) []error {
	x, err := newIndex(objects)
	if err != nil {
		return []error{err}
	}
	var errs []error
	for _, o := range objects {
		switch o.GetKind() {
		case "Service":
			s := x.services[o.GetNamespace()+"/"+o.GetName()]
			if len(s.Spec.Selector) == 0 {
				continue
			}
			selected := x.selected(s.Namespace, labels.SelectorFromSet(s.Spec.Selector))
			if len(selected) == 0 {
				errs = append(errs, fmt.Errorf("%s selects no pod: %v", pods.ID(o), s.Spec.Selector))
				continue
			}
			for _, port := range s.Spec.Ports {
				if target := targetOf(port); !listens(selected, target) && reviewed[pods.ID(o)+": "+target.String()] == "" {
					errs = append(errs, fmt.Errorf("%s: no container of its pods has the port %s", pods.ID(o), target.String()))
				}
			}
		case "PodDisruptionBudget":
			var budget policyv1.PodDisruptionBudget
			if err := pods.Convert(o, &budget); err != nil {
				errs = append(errs, err)
				continue
			}
			selector, err := metav1.LabelSelectorAsSelector(budget.Spec.Selector)
			if err != nil || len(x.selected(o.GetNamespace(), selector)) == 0 {
				errs = append(errs, fmt.Errorf("%s selects no pod: %v", pods.ID(o), budget.Spec.Selector))
			}
		}
	}
	for _, w := range x.workloads {
		for _, c := range w.Containers() {
			for _, port := range probed(c) {
				if port.Type == intstr.String &&
					!listens([]pods.Workload{{Pod: corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{c}}}}},
						port) {
					errs = append(errs, fmt.Errorf("%s: %s is probed at a port %s, which it has not",
						pods.ID(w.Unstructured), c.Name, port.String()))
				}
			}
		}
	}
	return errs
}

// selected are the workloads whose pods carry the labels.
func (x *index) selected(namespace string, selector labels.Selector) []pods.Workload {
	var all []pods.Workload
	for _, w := range x.workloads {
		if w.GetNamespace() == namespace && selector.Matches(labels.Set(w.Pod.Labels)) {
			all = append(all, w)
		}
	}
	return all
}

func targetOf(port corev1.ServicePort) intstr.IntOrString {
	if port.TargetPort == (intstr.IntOrString{}) {
		return intstr.FromInt32(port.Port)
	}
	return port.TargetPort
}

// listens reports whether a container declares the port, by name or number.
func listens(selected []pods.Workload, port intstr.IntOrString) bool {
	for _, w := range selected {
		for _, c := range w.Containers() {
			for _, p := range c.Ports {
				if port.Type == intstr.String && p.Name == port.StrVal || port.Type == intstr.Int &&
					p.ContainerPort == port.IntVal {
					return true
				}
			}
		}
	}
	return false
}

func probed(c corev1.Container) []intstr.IntOrString {
	var ports []intstr.IntOrString
	for _, p := range []*corev1.Probe{c.LivenessProbe, c.ReadinessProbe, c.StartupProbe} {
		if p != nil && p.HTTPGet != nil {
			ports = append(ports, p.HTTPGet.Port)
		}
		if p != nil && p.TCPSocket != nil {
			ports = append(ports, p.TCPSocket.Port)
		}
	}
	return ports
}

// connect reports why nothing answers at a Service's port, by number or name; without a port, whether it exists.
func (x *index) connect(namespace, name, port string) string {
	s, ok := x.services[namespace+"/"+name]
	if !ok {
		return fmt.Sprintf("the Service %s/%s, which does not exist", namespace, name)
	}
	for _, p := range s.Spec.Ports {
		target := targetOf(p)
		// Without a cluster IP the name stands for the pods themselves, and their ports.
		if port == "" || port == strconv.Itoa(int(p.Port)) || port == p.Name || s.Spec.ClusterIP == corev1.ClusterIPNone &&
			port == target.String() {
			return ""
		}
	}
	return fmt.Sprintf("the port %s of the Service %s/%s, which has none", port, namespace, name)
}
