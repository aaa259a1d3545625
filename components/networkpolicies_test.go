package components

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"doks-security/values"
)

var update = flag.Bool("update", false, "rewrite the table in docs/security.md")

const (
	tableStart = "<!-- connections: go test ./components -update -->\n"
	tableEnd   = "<!-- /connections -->"
)

// The table people read is made of the connections the policies are made of.
func TestConnectionsAreDocumented(t *testing.T) {
	const file = "../docs/security.md"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, start := strings.Cut(string(text), tableStart)
	_, after, end := strings.Cut(rest, tableEnd)
	if !start || !end {
		t.Fatalf("%s has no table of connections", file)
	}
	table := "| from | to | port | for | only with |\n|---|---|---|---|---|\n"
	network, err := values.ReadNetwork()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range network.Connections {
		port := "any"
		if c.Port > 0 {
			port = fmt.Sprint(c.Port)
		}
		table += fmt.Sprintf("| %s | %s | %s | %s | %s |\n", c.From.Name, c.To.Name, port, c.Why, c.With)
	}
	want := before + tableStart + table + tableEnd + after
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(text) {
		t.Errorf("%s differs from values/<release>/network.yaml; go test ./components -update writes it", file)
	}
}

func policies(t *testing.T, namespaces values.Namespaces, options ...values.Option) []map[string]any {
	t.Helper()
	all, err := NetworkPolicyObjects(namespaces, options...)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestNetworkPolicyObjects(t *testing.T) {
	namespaces := values.DefaultNamespaces()
	denied := map[string]bool{}
	names := map[string]bool{}
	for _, p := range policies(t, namespaces, values.WithGateway) {
		meta := p["metadata"].(map[string]any)
		key := fmt.Sprint(p["kind"], meta["namespace"], "/", meta["name"])
		if names[key] {
			t.Errorf("two policies %s", key)
		}
		names[key] = true
		if meta["name"] == "default-deny-ingress" {
			denied[fmt.Sprint(meta["namespace"])] = true
		}
	}
	for _, namespace := range namespaces {
		if denied[namespace] != (namespace != NamespaceVCluster) { // its chart brings a policy of its own
			t.Errorf("%s: denied by default %v", namespace, denied[namespace])
		}
	}
	network, err := values.ReadNetwork()
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range network.Workloads {
		if w.Restricted && !names["NetworkPolicy"+w.Namespace+"/"+w.Name] {
			t.Errorf("%s is restricted by no policy", w.Name)
		}
	}
}

// What Cilium has to say beside the NetworkPolicies, word for word: these identities are what the API server, nodes and the
// internet have there.
func TestCiliumPolicies(t *testing.T) {
	namespaces := values.DefaultNamespaces()
	delete(namespaces, NamespaceVCluster)
	delete(namespaces, "cert-manager")
	for _, x := range []struct {
		name    string
		options []values.Option
		want    map[string]string // by name: spec as JSON
	}{
		{"volumes", nil, map[string]string{
			"grafana": `{"egress":[{"toEntities":["kube-apiserver"]}],"endpointSelector":{"matchLabels":{"app.kubernetes.io/name":"grafana"}}}`,
			"metrics-server": `{"endpointSelector":{"matchLabels":{"app.kubernetes.io/name":"metrics-server"}},"ingress":[` +
				`{"fromEntities":["kube-apiserver","host","remote-node"],"toPorts":[{"ports":[{"port":"10250","protocol":"TCP"}]}]},` +
				`{"fromEndpoints":[{"matchLabels":{"k8s:io.kubernetes.pod.namespace":"kube-system"}}],"toPorts":[{"ports":[{"port":"10250","protocol":"TCP"}]}]}]}`,
			"prometheus-operator": `{"endpointSelector":{"matchLabels":{"app":"kube-prometheus-stack-operator"}},"ingress":[` +
				`{"fromEntities":["kube-apiserver","host","remote-node"],"toPorts":[{"ports":[{"port":"10250","protocol":"TCP"}]}]},` +
				`{"fromEndpoints":[{"matchLabels":{"k8s:io.kubernetes.pod.namespace":"kube-system"}}],"toPorts":[{"ports":[{"port":"10250","protocol":"TCP"}]}]}]}`,
		}},
		{"Spaces", []values.Option{values.WithSpaces}, map[string]string{
			"loki": `{"egress":[{"toEntities":["world"],"toPorts":[{"ports":[{"port":"443","protocol":"TCP"}]}]}],` +
				`"endpointSelector":{"matchLabels":{"app.kubernetes.io/component":"single-binary","app.kubernetes.io/name":"loki"}}}`,
		}},
		{"gateway", []values.Option{values.WithGateway}, map[string]string{
			"grafana": `{"egress":[{"toEntities":["kube-apiserver"]},{"toEntities":["world"],"toPorts":[{"ports":[{"port":"443","protocol":"TCP"}]}]}],` +
				`"endpointSelector":{"matchLabels":{"app.kubernetes.io/name":"grafana"}},` +
				`"ingress":[{"fromEntities":["ingress"],"toPorts":[{"ports":[{"port":"3000","protocol":"TCP"}]}]}]}`,
			"oauth2-proxy": `{"egress":[{"toEntities":["world"],"toPorts":[{"ports":[{"port":"443","protocol":"TCP"}]}]}],` +
				`"endpointSelector":{"matchLabels":{"app.kubernetes.io/name":"oauth2-proxy"}},` +
				`"ingress":[{"fromEntities":["ingress"],"toPorts":[{"ports":[{"port":"4180","protocol":"TCP"}]}]}]}`,
		}},
	} {
		t.Run(x.name, func(t *testing.T) {
			got := map[string]string{}
			for _, p := range policies(t, namespaces, x.options...) {
				if p["kind"] == "CiliumNetworkPolicy" {
					spec, err := json.Marshal(p["spec"])
					if err != nil {
						t.Fatal(err)
					}
					got[fmt.Sprint(p["metadata"].(map[string]any)["name"])] = string(spec)
				}
			}
			for name, want := range x.want {
				if got[name] != want {
					t.Errorf("%s\n%s\nwant\n%s", name, got[name], want)
				}
			}
			if _, ok := got["loki"]; ok != slices.Contains(x.options, values.WithSpaces) {
				t.Error("Loki leaves the cluster only for Spaces")
			}
		})
	}
}
