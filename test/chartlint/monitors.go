package chartlint

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"

	"doks-security/charts/pods"
)

// selects names the fields by which a Prometheus chooses objects of a kind, and their namespaces.
var selects = map[string]struct{ objects, namespaces string }{
	"ServiceMonitor": {"serviceMonitorSelector", "serviceMonitorNamespaceSelector"},
	"PodMonitor":     {"podMonitorSelector", "podMonitorNamespaceSelector"},
	"PrometheusRule": {"ruleSelector", "ruleNamespaceSelector"},
	"Probe":          {"probeSelector", "probeNamespaceSelector"},
	"ScrapeConfig":   {"scrapeConfigSelector", "scrapeConfigNamespaceSelector"},
}

// Monitors finds monitors and rules that no Prometheus selects, and monitors of ports that nothing has.
func Monitors(objects []*Object) []error {
	x, err := newIndex(objects)
	if err != nil {
		return []error{err}
	}
	var errs []error
	for _, o := range objects {
		if _, ok := selects[o.GetKind()]; !ok {
			continue
		}
		if !x.isSelected(o) {
			errs = append(errs, fmt.Errorf("%s is selected by no Prometheus", pods.ID(o)))
		}
		if o.GetKind() == "ServiceMonitor" || o.GetKind() == "PodMonitor" {
			errs = append(errs, x.scraped(o)...)
		}
	}
	return errs
}

func (x *index) isSelected(o *Object) bool {
	fields := selects[o.GetKind()]
	for _, prometheus := range x.objects {
		if prometheus.GetKind() != "Prometheus" {
			continue
		}
		inNamespaces := o.GetNamespace() == prometheus.GetNamespace() // what no namespace selector means
		if selector, ok := selectorAt(prometheus, "spec", fields.namespaces); ok {
			inNamespaces = selector.Matches(x.namespaceLabels(o.GetNamespace()))
		}
		selector, ok := selectorAt(prometheus, "spec", fields.objects)
		if ok && inNamespaces && selector.Matches(labels.Set(o.GetLabels())) {
			return true
		}
	}
	return false
}

// namespaceLabels are a namespace's, with the name the API server adds.
func (x *index) namespaceLabels(name string) labels.Set {
	set := labels.Set{corev1.LabelMetadataName: name}
	if namespace := x.namespaces[name]; namespace != nil {
		for key, value := range namespace.GetLabels() {
			set[key] = value
		}
	}
	return set
}

// selectorAt reads a label selector; false when there is none, which selects nothing.
func selectorAt(o *Object, path ...string) (labels.Selector, bool) {
	raw, ok, err := unstructured.NestedMap(o.Object, path...)
	if !ok || err != nil {
		return labels.Nothing(), false
	}
	var selector metav1.LabelSelector
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(raw, &selector); err != nil {
		return labels.Nothing(), false
	}
	parsed, err := metav1.LabelSelectorAsSelector(&selector)
	return parsed, err == nil
}

// endpoint is a port to scrape: a Service's by name, or a container's.
type endpoint struct {
	Port       string              `json:"port"`
	TargetPort *intstr.IntOrString `json:"targetPort"`
	PortNumber *int32              `json:"portNumber"`
	// Relabelings change the labels of targets, job among them.
	Relabelings []struct {
		TargetLabel string `json:"targetLabel"`
		Replacement string `json:"replacement"`
	} `json:"relabelings"`
}

// monitor is the part of ServiceMonitor and PodMonitor that says what is scraped.
type monitor struct {
	Spec struct {
		JobLabel          string `json:"jobLabel"`
		NamespaceSelector struct {
			Any        bool     `json:"any"`
			MatchNames []string `json:"matchNames"`
		} `json:"namespaceSelector"`
		Endpoints           []endpoint `json:"endpoints"`
		PodMetricsEndpoints []endpoint `json:"podMetricsEndpoints"`
	} `json:"spec"`
}

// monitored are the namespaces a monitor looks in, and the Services it selects there.
func (x *index) monitored(o *Object, m monitor) (namespaces []string, services []corev1.Service) {
	selector, _ := selectorAt(o, "spec", "selector")
	namespaces = m.Spec.NamespaceSelector.MatchNames
	if m.Spec.NamespaceSelector.Any {
		for name := range x.namespaces {
			namespaces = append(namespaces, name)
		}
	}
	if len(namespaces) == 0 {
		namespaces = []string{o.GetNamespace()}
	}
	for _, s := range x.services {
		if o.GetKind() == "ServiceMonitor" && slices.Contains(namespaces, s.Namespace) &&
			selector.Matches(labels.Set(s.Labels)) {
			services = append(services, s)
		}
	}
	return namespaces, services
}

func (x *index) scraped(o *Object) []error {
	var m monitor
	if err := pods.Convert(o, &m); err != nil {
		return []error{err}
	}
	selector, _ := selectorAt(o, "spec", "selector")
	namespaces, services := x.monitored(o, m)
	var selected []pods.Workload
	ports := map[string]bool{}
	if o.GetKind() == "PodMonitor" {
		for _, namespace := range namespaces {
			selected = append(selected, x.selected(namespace, selector)...)
		}
	}
	for _, s := range services {
		for _, p := range s.Spec.Ports {
			ports[p.Name] = true
		}
		selected = append(selected, x.selected(s.Namespace, labels.SelectorFromSet(s.Spec.Selector))...)
	}
	if len(selected) == 0 && len(ports) == 0 {
		return []error{fmt.Errorf("%s selects nothing in %v: %s", pods.ID(o), namespaces, selector)}
	}
	var errs []error
	for _, e := range append(m.Spec.Endpoints, m.Spec.PodMetricsEndpoints...) {
		switch {
		case e.PortNumber != nil && listens(selected, intstr.FromInt32(*e.PortNumber)), e.TargetPort != nil &&
			listens(selected, *e.TargetPort):
		case o.GetKind() == "PodMonitor" && listens(selected, intstr.FromString(e.Port)):
		case o.GetKind() == "ServiceMonitor" && e.Port != "" && ports[e.Port]:
		default:
			errs = append(errs, fmt.Errorf("%s scrapes the port %s, which nothing it selects has", pods.ID(o), e.name()))
		}
	}
	return errs
}

func (e endpoint) name() string {
	switch {
	case e.TargetPort != nil:
		return e.TargetPort.String()
	case e.PortNumber != nil:
		return fmt.Sprint(*e.PortNumber)
	}
	return fmt.Sprintf("%q", e.Port)
}
