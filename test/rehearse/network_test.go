package rehearse

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"doks-security/components"
	"doks-security/values"
)

func pod(namespace, name string, labels map[string]string, port int32) corev1.Pod {
	return corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace, Labels: labels},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "a",
			Ports: []corev1.ContainerPort{{ContainerPort: port}}}}},
		Status: corev1.PodStatus{Phase: corev1.PodRunning},
	}
}

// falcoNamespace is the part of the stack that speaks to the UI, with the program's own policies.
func falcoNamespace(t *testing.T) *cluster {
	t.Helper()
	releases, err := values.Releases()
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{names: values.Namespaces{}, set: releases}
	for _, role := range []string{components.NamespaceFalco, components.NamespaceMonitoring, components.NamespaceLoki} {
		c.names[role] = role
	}
	for _, name := range []string{"falco", "monitoring", "loki", "default", "kube-system"} {
		c.namespaces = append(c.namespaces, corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
			Name: name, Labels: map[string]string{"kubernetes.io/metadata.name": name},
		}})
	}
	objects, err := components.NetworkPolicyObjects(releases, c.names)
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range objects {
		if object["kind"] == "CiliumNetworkPolicy" {
			p, err := newCiliumPolicy(object)
			if err != nil {
				t.Fatal(err)
			}
			c.cilium = append(c.cilium, p)
			continue
		}
		text, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		var p networkingv1.NetworkPolicy
		if err := json.Unmarshal(text, &p); err != nil {
			t.Fatal(err)
		}
		c.policies = append(c.policies, p)
	}
	sidekick := func(component string) map[string]string {
		return map[string]string{"app.kubernetes.io/name": "falcosidekick", "app.kubernetes.io/component": component}
	}
	c.pods = []corev1.Pod{
		pod("falco", "sidekick", sidekick("core"), 2801), pod("falco", "ui", sidekick("ui"), 2802),
		pod("falco", "redis", sidekick("ui-redis"), 6379),
		pod("monitoring", "prometheus", map[string]string{"app.kubernetes.io/name": "prometheus"}, 9090),
		pod("monitoring", "grafana", map[string]string{"app.kubernetes.io/name": "grafana"}, 3000),
		pod("monitoring", "operator", map[string]string{"app": "kube-prometheus-stack-operator"}, 10250),
		pod("kube-system", "konnectivity-agent", map[string]string{"k8s-app": "konnectivity-agent"}, 8093),
	}
	return c
}

func TestReaches(t *testing.T) {
	c := falcoNamespace(t)
	n := c.network()
	find := func(name string) end {
		for _, p := range append(c.all(), &outsider) {
			if p.Name == name {
				return end{pod: p}
			}
		}
		return end{entity: name}
	}
	for _, x := range []struct {
		from, to string
		port     int
		want     bool
	}{
		{"sidekick", "ui", 2802, true},
		{"ui", "redis", 6379, true},
		{"prometheus", "sidekick", 2801, true},
		{"prometheus", "ui", 2802, false}, // its POSTs are open
		{"outsider", "ui", 2802, false},   // another namespace
		{"outsider", "sidekick", 2801, false},
		{"sidekick", "redis", 6379, false},   // not its business
		{"ui", "sidekick", 2801, false},      // nor back
		{"redis", "prometheus", 9090, false}, // held: leaves for nowhere
		{"ui", "prometheus", 9090, false},
		{"sidekick", "ui", 8080, false}, // another port
		{"kube-apiserver", "operator", 10250, true},
		{"konnectivity-agent", "operator", 10250, true}, // the API server's tunnel
		{"outsider", "operator", 10250, false},
		{"world", "operator", 10250, false},
		{"kube-apiserver", "operator", 8080, false},
		{"grafana", "kube-apiserver", 443, true},
		{"grafana", "kube-apiserver", 6443, true}, // DOKS says which
		{"grafana", "world", 443, false},
		{"grafana", "prometheus", 9090, true},
		{"grafana", "sidekick", 2801, false},
		{"world", "grafana", 3000, false},
		{"prometheus", "world", 443, true}, // not held
	} {
		if got := n.reaches(find(x.from), find(x.to), x.port); got != x.want {
			t.Errorf("%s -> %s:%d is %v, want %v", x.from, x.to, x.port, got, x.want)
		}
	}
}

func TestCheckNetworkFindsErrors(t *testing.T) {
	for _, x := range []struct {
		name, fails string
		change      func(*cluster)
	}{
		{"as it is", "", func(*cluster) {}},
		{"an edge is missing", "that are needed", func(c *cluster) {
			c.policies = slices.DeleteFunc(c.policies,
				func(p networkingv1.NetworkPolicy) bool { return p.Name == "falcosidekick-ui" })
		}},
		{"no default denial", "all other connections", func(c *cluster) {
			c.policies = slices.DeleteFunc(c.policies, func(p networkingv1.NetworkPolicy) bool { return p.Namespace == "falco" })
		}},
		{"a policy opens a port to all", "all other connections", func(c *cluster) {
			for i := range c.policies {
				if c.policies[i].Name == "falcosidekick-ui-redis" {
					c.policies[i].Spec.Ingress[0].From = nil
				}
			}
		}},
		{"the webhook is closed to the API server", "that are needed", func(c *cluster) {
			c.cilium = slices.DeleteFunc(c.cilium, func(p ciliumPolicy) bool { return p.Name == "prometheus-operator" })
		}},
		{"a Cilium policy opens the UI to the world", "all other connections", func(c *cluster) {
			p := ciliumPolicy{Namespace: "falco", Name: "open"}
			p.Spec.Ingress = []ciliumRule{{FromEntities: []string{"world"}}}
			c.cilium = append(c.cilium, p)
		}},
		{"a Cilium policy lets Grafana out", "all other connections", func(c *cluster) {
			for i := range c.cilium {
				if c.cilium[i].Name == "grafana" {
					c.cilium[i].Spec.Egress[0].ToEntities = []string{"kube-apiserver", "world"}
				}
			}
		}},
		{"a pod's labels are others", "every listening pod has a policy",
			func(c *cluster) { c.pods[0].Labels = map[string]string{"app": "sidekick"} }},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := falcoNamespace(t)
			x.change(c)
			out := &bytes.Buffer{}
			r := &report{out: out}
			checkNetwork(c, r)
			if x.fails == "" && len(r.failed) > 0 || x.fails != "" &&
				!slices.ContainsFunc(r.failed, func(f string) bool { return strings.Contains(f, x.fails) }) {
				t.Errorf("failed %q, want %q\n%s", r.failed, x.fails, out)
			}
		})
	}
}

// What the evaluation does not know is an error, not a guess.
func TestUnknownCiliumPolicy(t *testing.T) {
	_, err := newCiliumPolicy(map[string]any{
		"metadata": map[string]any{"name": "a", "namespace": "b"},
		"spec":     map[string]any{"endpointSelector": map[string]any{}, "egress": []any{map[string]any{"toFQDNs": []any{}}}},
	})
	if err == nil || !strings.Contains(err.Error(), "toFQDNs") {
		t.Errorf("error %v", err)
	}
}
