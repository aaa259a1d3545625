package chartlint

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"

	"doks-security/charts/pods"
	"doks-security/stack"
	"doks-security/test/program"
	"doks-security/values"
)

// docs/scanning.md says on how many nodes dev has room for scans, and what they cost. A scan is a pod with a container
// for each one of the scanned pod; the largest has room next to everything else.
func TestDevHasRoomForScans(t *testing.T) {
	_, r := published(t)
	installation, err := program.Run("../..", program.Case{Name: "dev", Stack: "dev", Dir: program.Fixtures,
		Addons: values.ExampleAddonsDir, Settings: map[string]any{"addons": program.Example("trivy-operator")}})
	if err != nil {
		t.Fatal(err)
	}
	set, err := r.Render(installation, Versions()[1])
	if err != nil {
		t.Fatal(err)
	}
	workloads, err := pods.Workloads(set.Objects)
	if err != nil {
		t.Fatal(err)
	}
	most, of := 0, ""
	for _, w := range workloads {
		if n := len(w.Containers()); n > most {
			most, of = n, pods.ID(w.Unstructured)
		}
	}
	var request resource.Quantity
	for _, release := range set.Releases {
		if text, ok := values.At(release.Values, "trivy", "resources", "requests", "memory").(string); ok {
			request = resource.MustParse(text)
		}
	}
	demand, err := pods.Measure(set.Objects)
	if err != nil {
		t.Fatal(err)
	}
	scan := most * int(request.Value()>>20)
	nodes, room := stack.Room(set.Settings)
	free := room.MiB - nodes*demand.PerNode.MiB - demand.Shared.MiB
	cost, err := stack.MonthlyCost(set.Settings, map[string]float64{"s-2vcpu-4gb": 24})
	if err != nil {
		t.Fatal(err)
	}
	if scan == 0 || free/nodes < scan {
		t.Errorf("%d MiB are free on each of %d nodes, a scan of %s requests %d", free/nodes, nodes, of, scan)
	}
	page, err := os.ReadFile("../../docs/scanning.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{fmt.Sprintf("%d nodes of the size s-2vcpu-4gb", nodes),
		fmt.Sprintf("$%.2f a month", cost.Total), fmt.Sprintf("%d MiB are free", free),
		fmt.Sprintf("%d MiB while it runs", scan)} {
		if !strings.Contains(strings.Join(strings.Fields(string(page)), " "), want) {
			t.Errorf("docs/scanning.md does not say %q (%s)", want, of)
		}
	}
}
