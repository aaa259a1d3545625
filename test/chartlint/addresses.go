package chartlint

import (
	"fmt"
	"maps"
	"net"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"doks-security/charts/pods"
)

var (
	urls = regexp.MustCompile(`\b(https?|tcp|redis|grpc)://[A-Za-z0-9._-]+(:[0-9]+)?`)
	// A Service's full name, with the port in front of it (DNS SRV) or after it.
	fullNames = regexp.MustCompile(`(_[a-z0-9-]+\._(tcp|udp)\.)?[a-z0-9][a-z0-9.-]*\.svc(\.cluster\.local)?\b(:[0-9]+)?`)
	// host:port as a whole argument, or the value of a flag or a variable.
	hostPorts = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*[a-z0-9]:[0-9]{2,5}$`)
	words     = regexp.MustCompile(`[\s"'=,;()\[\]]+`)
	// topLevel ends the names of hosts outside the cluster.
	topLevel = []string{"com", "dev", "gov", "io", "net", "org", "run", "sh"}
)

// Addresses finds addresses in containers' arguments and environment, in configuration files and in custom resources
// that are no Service's, or at a port it has not.
func Addresses(objects []*Object) []error {
	x, err := newIndex(objects)
	if err != nil {
		return []error{err}
	}
	var errs []error
	for _, o := range objects {
		if o.GetKind() == "CustomResourceDefinition" {
			continue // descriptions
		}
		seen := map[string]bool{}
		for _, text := range texts(o) {
			for _, address := range x.addresses(text) {
				if problem := x.resolve(o.GetNamespace(), address); problem != "" && !seen[problem] {
					seen[problem] = true
					errs = append(errs, fmt.Errorf("%s: %s: %s", pods.ID(o), address, problem))
				}
			}
		}
	}
	return append(errs, x.alertmanagers()...)
}

// texts are all strings of an object that programs read, a Secret's decoded.
func texts(o *Object) []string {
	if o.GetKind() == "ConfigMap" || o.GetKind() == "Secret" {
		return slices.Collect(maps.Values(content(o)))
	}
	var all []string
	var walk func(key string, value any)
	walk = func(key string, value any) {
		switch v := value.(type) {
		case string:
			if key != "image" {
				all = append(all, v)
			}
		case []any:
			for _, element := range v {
				walk(key, element)
			}
		case map[string]any:
			for below, element := range v {
				walk(below, element)
			}
		}
	}
	for key, value := range o.Object {
		if key != "metadata" {
			walk(key, value)
		}
	}
	return all
}

// addresses finds what looks like the address of a Service in a text.
func (x *index) addresses(text string) []string {
	all := urls.FindAllString(text, -1)
	all = append(all, fullNames.FindAllString(text, -1)...)
	if strings.Count(text, "\n") > 200 || strings.HasPrefix(strings.TrimSpace(text), "{") {
		return all // a dashboard, or another file in which words with a colon are no addresses
	}
	for _, word := range words.Split(text, -1) {
		if hostPorts.MatchString(word) && net.ParseIP(strings.Split(word, ":")[0]) == nil {
			all = append(all, word)
		}
	}
	return all
}

// resolve says why an address, as the namespace's pods see it, does not exist.
func (x *index) resolve(namespace, address string) string {
	scheme, rest, isURL := strings.Cut(address, "://")
	if !isURL {
		rest = address
	}
	host, port, _ := strings.Cut(rest, ":")
	if isURL && port == "" {
		port = map[string]string{"http": "80", "https": "443"}[scheme]
	}
	if first, after, ok := strings.Cut(host, "._tcp."); ok { // DNS SRV
		host, port = after, strings.TrimPrefix(first, "_")
	}
	if host == "localhost" || net.ParseIP(host) != nil {
		return ""
	}
	name := strings.TrimSuffix(strings.TrimSuffix(host, ".cluster.local"), ".svc")
	labels := strings.Split(name, ".")
	switch last := labels[len(labels)-1]; {
	case len(labels) == 1:
		return x.connect(namespace, name, port)
	case x.namespaces[last] != nil:
		return x.connect(last, labels[len(labels)-2], port) // a pod of a headless Service has its own name in front
	case name == host && slices.Contains(topLevel, last):
		return ""
	}
	return "no namespace " + labels[len(labels)-1]
}

// alertmanagers are named by Prometheus in fields of their own.
func (x *index) alertmanagers() []error {
	var errs []error
	for _, o := range x.objects {
		if o.GetKind() != "Prometheus" {
			continue
		}
		list, _, _ := unstructured.NestedSlice(o.Object, "spec", "alerting", "alertmanagers")
		for _, element := range list {
			a, _ := element.(map[string]any)
			namespace, _ := a["namespace"].(string)
			if namespace == "" {
				namespace = o.GetNamespace()
			}
			if problem := x.connect(namespace, fmt.Sprint(a["name"]), fmt.Sprint(a["port"])); problem != "" {
				errs = append(errs, fmt.Errorf("%s alerts %s", pods.ID(o), problem))
			}
		}
	}
	return errs
}
