package components

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the table in docs/security.md")

const (
	tableStart = "<!-- edges: go test ./components -update -->\n"
	tableEnd   = "<!-- /edges -->"
)

// The table people read is made of the edges the policies are made of.
func TestEdgesAreDocumented(t *testing.T) {
	const file = "../docs/security.md"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, start := strings.Cut(string(text), tableStart)
	_, after, end := strings.Cut(rest, tableEnd)
	if !start || !end {
		t.Fatalf("%s has no table of edges", file)
	}
	table := "| from | to | port | for |\n|---|---|---|---|\n"
	for _, e := range Edges {
		table += fmt.Sprintf("| %s | %s | %d | %s |\n", e.From.Name, e.To.Name, e.Port, e.Why)
	}
	want := before + tableStart + table + tableEnd + after
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(text) {
		t.Errorf("%s differs from the edges; go test ./components -update writes it", file)
	}
}

func TestNetworkPolicyObjects(t *testing.T) {
	namespaces := []string{NamespaceFalco, NamespaceLoki, NamespaceMonitoring, NamespaceNodeAgents, NamespaceMetricsServer, NamespaceVCluster}
	denied := map[string]bool{}
	names := map[string]bool{}
	for _, p := range NetworkPolicyObjects(namespaces) {
		meta := p["metadata"].(map[string]any)
		key := fmt.Sprint(meta["namespace"], "/", meta["name"])
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
	for _, held := range Held {
		if !names[held.Workload.Namespace+"/"+held.Workload.Name] {
			t.Errorf("%s is held by no policy", held.Workload.Name)
		}
	}
}
