package components

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"doks-security/values"
)

var update = flag.Bool("update", false, "rewrite the tables in docs/network.md")

// The table people read is made of the connections the policies are made of.
func TestConnectionsAreDocumented(t *testing.T) {
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
	checkTable(t, "connections", table)
}

// So is the table of namespaces, of the releases in them.
func TestNamespacesAreDocumented(t *testing.T) {
	releases, err := values.Releases()
	if err != nil {
		t.Fatal(err)
	}
	all, err := values.AllNamespaces()
	if err != nil {
		t.Fatal(err)
	}
	in, created := map[string][]string{}, map[string]string{}
	for _, folder := range slices.Sorted(maps.Keys(releases)) {
		r := releases[folder]
		in[r.Namespace] = append(in[r.Namespace], "`"+r.Release+"`")
		switch {
		case r.With == "" && r.Without == "":
			created[r.Namespace] = "always"
		case created[r.Namespace] != "":
		case r.With == "":
			created[r.Namespace] = "unless `" + string(r.Without) + "`"
		default:
			created[r.Namespace] = "`" + string(r.With) + "`"
		}
		for _, role := range r.AlsoIn {
			in[role], created[role] = append(in[role], "a part of `"+r.Release+"`"), "always"
		}
	}
	table := "| role and default name | releases | Pod Security level | created |\n|---|---|---|---|\n"
	for _, role := range slices.Sorted(maps.Keys(all)) {
		table += fmt.Sprintf("| `%s` | %s | %s | %s |\n", role, strings.Join(in[role], ", "), all[role].PodSecurity,
			created[role])
	}
	checkTable(t, "namespaces", table)
}

// checkTable compares a table of docs/network.md with what it is made of, or writes it.
func checkTable(t *testing.T, name, table string) {
	t.Helper()
	const file = "../docs/network.md"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	first, last := "<!-- "+name+": go test ./components -update -->\n", "<!-- /"+name+" -->"
	before, rest, start := strings.Cut(string(text), first)
	_, after, end := strings.Cut(rest, last)
	if !start || !end {
		t.Fatalf("%s has no table of %s", file, name)
	}
	want := before + first + table + last + after
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(text) {
		t.Errorf("the table of %s in %s differs from values/<release>/; go test ./components -update writes it", name, file)
	}
}

func policies(t *testing.T, namespaces values.Namespaces, options ...values.Option) []map[string]any {
	t.Helper()
	releases, err := values.Releases()
	if err != nil {
		t.Fatal(err)
	}
	all, err := NetworkPolicyObjects(releases, namespaces, options...)
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
		if denied[namespace] != (namespace != NamespaceVCluster) { // its chart brings its own policy
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

// What Cilium adds to the NetworkPolicies, word for word: these identities are what the API server, nodes and
// the internet have there.
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
			"grafana": `{"egress":[{"toEntities":["kube-apiserver"]}],` +
				`"endpointSelector":{"matchLabels":{"app.kubernetes.io/name":"grafana"}}}`,
			"metrics-server": `{"endpointSelector":{"matchLabels":{"app.kubernetes.io/name":"metrics-server"}},"ingress":[` +
				`{"fromEntities":["kube-apiserver","host","remote-node"],"toPorts":[{"ports":[{"port":"10250",` +
				`"protocol":"TCP"}]}]},` +
				`{"fromEndpoints":[{"matchLabels":{"k8s:io.kubernetes.pod.namespace":"kube-system"}}],` +
				`"toPorts":[{"ports":[{"port":"10250","protocol":"TCP"}]}]}]}`,
			"prometheus-operator": `{"endpointSelector":{"matchLabels":{"app":"kube-prometheus-stack-operator"}},"ingress":[` +
				`{"fromEntities":["kube-apiserver","host","remote-node"],"toPorts":[{"ports":[{"port":"10250",` +
				`"protocol":"TCP"}]}]},` +
				`{"fromEndpoints":[{"matchLabels":{"k8s:io.kubernetes.pod.namespace":"kube-system"}}],` +
				`"toPorts":[{"ports":[{"port":"10250","protocol":"TCP"}]}]}]}`,
		}},
		{"Spaces", []values.Option{values.WithSpaces}, map[string]string{
			"loki": `{"egress":[{"toEntities":["world"],"toPorts":[{"ports":[{"port":"443","protocol":"TCP"}]}]}],` +
				`"endpointSelector":{"matchLabels":{"app.kubernetes.io/component":"single-binary",` +
				`"app.kubernetes.io/name":"loki"}}}`,
		}},
		{"gateway", []values.Option{values.WithGateway}, map[string]string{
			"grafana": `{"egress":[{"toEntities":["kube-apiserver"]},{"toEntities":["world"],` +
				`"toPorts":[{"ports":[{"port":"443","protocol":"TCP"}]}]}],` +
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
