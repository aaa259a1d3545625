package rehearse

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// exposed are the objects by which the cluster is reached from outside.
type exposed struct {
	gateways, routes, certificates []unstructured.Unstructured
	services                       []corev1.Service
	records                        map[string]string // name: type and value
	domain                         string
}

// checkExposure looks at the way in as a user outside would: by name, to the load balancer, through a listener with a
// certificate, to a Service.
func checkExposure(ctx context.Context, client dynamic.Interface, a *account, c *cluster, outputs auto.OutputMap,
	domain string, r *report) error {
	e := exposed{services: c.services, records: a.simulator.Records(domain), domain: domain}
	for _, list := range []struct {
		into                     *[]unstructured.Unstructured
		group, version, resource string
	}{
		{&e.gateways, "gateway.networking.k8s.io", "v1", "gateways"},
		{&e.routes, "gateway.networking.k8s.io", "v1", "httproutes"},
		{&e.certificates, "cert-manager.io", "v1", "certificates"},
	} {
		found, err := client.Resource(schema.GroupVersionResource{Group: list.group, Version: list.version,
			Resource: list.resource}).List(ctx, metav1.ListOptions{})
		if err != nil {
			return fmt.Errorf("listing %s: %w", list.resource, err)
		}
		*list.into = found.Items
	}
	var hostnames []string
	for _, name := range []string{"grafanaUrl", "falcosidekickUiUrl"} {
		if _, exported := outputs[name]; !exported {
			continue // the part is off
		}
		hostnames = append(hostnames, strings.TrimPrefix(fmt.Sprint(outputs[name].Value), "https://"))
	}
	errs := e.errs(hostnames)
	r.check("one load balancer; "+strings.Join(hostnames, " and ")+" lead to it over TLS and on to their Services",
		len(errs) == 0, "%v", errs)
	return nil
}

// errors are what keeps people out, or lets others in.
func (e *exposed) errs(hostnames []string) []string {
	var errs []string
	var outside []corev1.Service
	for _, s := range e.services {
		if s.Spec.Type == corev1.ServiceTypeLoadBalancer || s.Spec.Type == corev1.ServiceTypeNodePort {
			outside = append(outside, s)
		}
	}
	if len(outside) != 1 || len(e.gateways) != 1 {
		return []string{fmt.Sprintf("%d Services are open to the outside, and %d Gateways; want one of each", len(outside),
			len(e.gateways))}
	}
	if outside[0].Annotations["service.beta.kubernetes.io/do-loadbalancer-allow-rules"] == "" {
		errs = append(errs, "the load balancer takes connections from everywhere")
	}
	address := ""
	for _, ingress := range outside[0].Status.LoadBalancer.Ingress {
		address = ingress.IP
	}
	for _, hostname := range hostnames {
		if record := e.records[strings.TrimSuffix(hostname, "."+e.domain)]; address == "" || record != "A "+address {
			errs = append(errs, fmt.Sprintf("%s: the record is %q, the load balancer %q", hostname, record, address))
		}
		errs = append(errs, e.site(hostname)...)
	}
	return errs
}

// site follows a hostname from its listener to its Service.
func (e *exposed) site(hostname string) []string {
	listeners, _, _ := unstructured.NestedSlice(e.gateways[0].Object, "spec", "listeners")
	index := slices.IndexFunc(listeners, func(l any) bool { return l.(map[string]any)["hostname"] == hostname })
	if index < 0 {
		return []string{hostname + ": no listener"}
	}
	listener := listeners[index].(map[string]any)
	var errs []string
	references, _, _ := unstructured.NestedSlice(listener, "tls", "certificateRefs")
	if listener["protocol"] != "HTTPS" || len(references) != 1 ||
		!e.certified(hostname, references[0].(map[string]any)["name"]) {
		errs = append(errs, hostname+": no certificate for its listener")
	}
	routed := false
	for _, route := range e.routes {
		parents, _, _ := unstructured.NestedSlice(route.Object, "spec", "parentRefs")
		names, _, _ := unstructured.NestedStringSlice(route.Object, "spec", "hostnames")
		if !slices.Contains(names, hostname) || len(parents) != 1 ||
			parents[0].(map[string]any)["sectionName"] != listener["name"] {
			continue
		}
		routed = true
		rules, _, _ := unstructured.NestedSlice(route.Object, "spec", "rules")
		for _, rule := range rules {
			backends, _, _ := unstructured.NestedSlice(rule.(map[string]any), "backendRefs")
			for _, backend := range backends {
				b := backend.(map[string]any)
				if !e.serves(route.GetNamespace(), b["name"], b["port"]) {
					errs = append(errs, fmt.Sprintf("%s: no Service %s/%v with port %v", hostname, route.GetNamespace(), b["name"],
						b["port"]))
				}
			}
		}
		if !strings.Contains(fmt.Sprint(rules), "Strict-Transport-Security") {
			errs = append(errs, hostname+": no Strict-Transport-Security header")
		}
	}
	if !routed {
		errs = append(errs, hostname+": no route")
	}
	return errs
}

func (e *exposed) certified(hostname string, secret any) bool {
	return slices.ContainsFunc(e.certificates, func(c unstructured.Unstructured) bool {
		names, _, _ := unstructured.NestedStringSlice(c.Object, "spec", "dnsNames")
		into, _, _ := unstructured.NestedString(c.Object, "spec", "secretName")
		return slices.Contains(names, hostname) && into == secret && c.GetNamespace() == e.gateways[0].GetNamespace()
	})
}

func (e *exposed) serves(namespace string, name, port any) bool {
	return slices.ContainsFunc(e.services, func(s corev1.Service) bool {
		return s.Namespace == namespace && s.Name == name &&
			slices.ContainsFunc(s.Spec.Ports, func(p corev1.ServicePort) bool { return fmt.Sprint(p.Port) == fmt.Sprint(port) })
	})
}
