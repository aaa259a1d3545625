package rehearse

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"doks-security/test/program"
)

// outside is what the program exposes, with a load balancer as Cilium makes it.
func outside(t *testing.T) *exposed {
	t.Helper()
	all := program.Cases()
	installation, err := program.Run("../..",
		all[slices.IndexFunc(all, func(c program.Case) bool { return c.Name == "prod by Gateway" })])
	if err != nil {
		t.Fatal(err)
	}
	e := &exposed{domain: "example.org", records: map[string]string{"grafana": "A 203.0.113.10",
		"falco": "A 203.0.113.10"}}
	for _, o := range installation.Objects {
		switch o.GetKind() {
		case "Gateway":
			e.gateways = append(e.gateways, *o)
		case "HTTPRoute":
			e.routes = append(e.routes, *o)
		case "Certificate":
			e.certificates = append(e.certificates, *o)
		}
	}
	service := func(namespace, name string, kind corev1.ServiceType) corev1.Service {
		return corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
			Spec: corev1.ServiceSpec{Type: kind, Ports: []corev1.ServicePort{{Port: 80}}}}
	}
	balancer := service("gateway", "cilium-gateway-web", corev1.ServiceTypeLoadBalancer)
	balancer.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "203.0.113.10"}}
	annotations, _, err := unstructured.NestedStringMap(e.gateways[0].Object, "spec", "infrastructure", "annotations")
	if err != nil {
		t.Fatal(err)
	}
	balancer.Annotations = annotations
	e.services = []corev1.Service{balancer, service("gateway", "oauth2-proxy", corev1.ServiceTypeClusterIP),
		service("monitoring", "kube-prometheus-stack-grafana", corev1.ServiceTypeClusterIP)}
	return e
}

func TestExposureErrorsAreFound(t *testing.T) {
	for _, x := range []struct {
		name, says string
		change     func(*exposed)
	}{
		{"as it is", "", func(*exposed) {}},
		{"a second way in", "2 Services are open to the outside",
			func(e *exposed) { e.services[2].Spec.Type = corev1.ServiceTypeNodePort }},
		{"for everyone", "takes connections from everywhere", func(e *exposed) { e.services[0].Annotations = nil }},
		{"a record of another address", `grafana.example.org: the record is "A 203.0.113.11"`,
			func(e *exposed) { e.records["grafana"] = "A 203.0.113.11" }},
		{"no record", `falco.example.org: the record is ""`, func(e *exposed) { delete(e.records, "falco") }},
		{"no certificate", "falco.example.org: no certificate", func(e *exposed) {
			e.certificates = slices.DeleteFunc(e.certificates,
				func(c unstructured.Unstructured) bool { return c.GetName() == "falcosidekick-ui" })
		}},
		{"a certificate in another namespace", "grafana.example.org: no certificate", func(e *exposed) {
			for i := range e.certificates {
				if e.certificates[i].GetName() == "grafana" {
					e.certificates[i].SetNamespace("monitoring")
				}
			}
		}},
		{"no Service behind it", "no Service gateway/oauth2-proxy with port 80",
			func(e *exposed) { e.services = slices.Delete(e.services, 1, 2) }},
		{"no route", "grafana.example.org: no route", func(e *exposed) {
			e.routes = slices.DeleteFunc(e.routes,
				func(r unstructured.Unstructured) bool { return r.GetNamespace() == "monitoring" })
		}},
		{"no HSTS", "no Strict-Transport-Security header", func(e *exposed) {
			for i := range e.routes {
				rules, _, _ := unstructured.NestedSlice(e.routes[i].Object, "spec", "rules")
				delete(rules[0].(map[string]any), "filters")
				if err := unstructured.SetNestedSlice(e.routes[i].Object, rules, "spec", "rules"); err != nil {
					panic(err)
				}
			}
		}},
	} {
		t.Run(x.name, func(t *testing.T) {
			e := outside(t)
			x.change(e)
			found := strings.Join(e.errs([]string{"grafana.example.org", "falco.example.org"}), "; ")
			if x.says == "" && found != "" || !strings.Contains(found, x.says) {
				t.Errorf("found %q, want %q", found, x.says)
			}
		})
	}
}
