package values

import (
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

func TestNetworkNamesEachWorkloadOnce(t *testing.T) {
	n, err := ReadNetwork()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, w := range n.Workloads {
		if seen[w.Name] {
			t.Errorf("two workloads %s", w.Name)
		}
		seen[w.Name] = true
		if len(w.Labels) == 0 || w.Namespace == "" {
			t.Errorf("%s has no labels or no namespace: %+v", w.Name, w)
		}
	}
	if len(seen) < 20 || len(n.Connections) < 40 {
		t.Errorf("%d workloads, %d connections", len(seen), len(n.Connections))
	}
	for _, c := range n.Connections {
		if c.Why == "" {
			t.Errorf("%s -> %s has no reason", c.From.Name, c.To.Name)
		}
	}
}

func TestNetworkRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, message string }{
		{"nothing wrong", `{name: a, labels: {a: b}, from: [{name: b, port: 1, why: c}]}`, ""},
		{"an unknown workload", `{name: a, from: [{name: c, port: 1}]}`,
			`values/x/network.yaml: a: no workload "c"; allowed: ["a" "b" "the internet"]`},
		{"an unknown option", `{name: a, from: [{name: b, with: "a: b"}]}`,
			`a: no option "a: b"; allowed: ["logging.storage: spaces"`},
		{"another egress", `{name: a, egress: none}`, `a: egress "none"; allowed: restricted`},
		{"to a workload", `{name: a, to: [{name: b, port: 1}]}`, "a: to b: write it to the network.yaml of b, as from"},
		{"to the internet", `{name: a, to: [{name: the internet, port: 1}]}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var file networkFile
			if err := yaml.Unmarshal([]byte("workloads: ["+c.text+"]"), &file); err != nil {
				t.Fatal(err)
			}
			ends := map[string]Workload{"a": {Name: "a", Namespace: "n"}, "b": {Name: "b", Namespace: "n"},
				Internet: {Name: Internet}}
			err := (&Network{}).connect(map[string]networkFile{"values/x": file}, ends)
			if (err == nil) != (c.message == "") || err != nil && !strings.Contains(err.Error(), c.message) {
				t.Errorf("err = %v, want it to contain %q", err, c.message)
			}
		})
	}
}
