package chartfile

import (
	"testing"

	"helm.sh/helm/v3/pkg/chart"
)

// An object has the namespace of the release, but for cluster-wide ones: of Kubernetes and of the chart's own kinds.
func TestRenderedNamespaces(t *testing.T) {
	definition := func(kind, scope string) *chart.File {
		return &chart.File{Name: "crds/" + kind + ".yaml", Data: []byte("{apiVersion: apiextensions.k8s.io/v1, " +
			"kind: CustomResourceDefinition, metadata: {name: " + kind + "}, spec: {scope: " + scope + ", names: {kind: " +
			kind + "}}}\n")}
	}
	c := &chart.Chart{
		Metadata: &chart.Metadata{APIVersion: chart.APIVersionV2, Name: "a", Version: "1.0.0"},
		Files:    []*chart.File{definition("Audit", "Cluster"), definition("Report", "Namespaced")},
		Templates: []*chart.File{{Name: "templates/a.yaml", Data: []byte("" +
			"{apiVersion: example.org/v1, kind: Audit, metadata: {name: audit}}\n---\n" +
			"{apiVersion: example.org/v1, kind: Report, metadata: {name: report}}\n---\n" +
			"{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: role}}\n")}},
	}
	objects, err := Render(c, Target{Release: "a", Namespace: "a", Kubernetes: "1.34"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"Audit": "", "Report": "", "audit": "", "report": "a", "role": ""}
	for _, o := range objects {
		if name := o.GetName(); o.GetNamespace() != want[name] {
			t.Errorf("%s %s has the namespace %q, want %q", o.GetKind(), name, o.GetNamespace(), want[name])
		}
	}
	if len(objects) != len(want) {
		t.Errorf("%d objects, want %d", len(objects), len(want))
	}
}
