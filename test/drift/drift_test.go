package drift

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

func object(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	o := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &o.Object); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestDifferences(t *testing.T) {
	for _, c := range []struct{ name, rendered, live, want string }{
		{"nothing", "{spec: {a: 1, b: [x]}}", "{spec: {a: 1, b: [x]}}", ""},
		{"a number", "{spec: {replicas: 1}}", "{spec: {replicas: 0}}", "spec.replicas: 1 -> 0"},
		{"a missing field", "{spec: {a: {b: 1}}}", "{spec: {}}", `spec.a: {"b":1} -> `},
		{"an element by its name", "{c: [{name: a, image: x}, {name: b, image: old}]}",
			"{c: [{name: b, image: z}, {name: a, image: x}]}", "c[b].image: old -> z"},
		{"an element by its number", "{args: [a, b]}", "{args: [a, c]}", "args[1]: b -> c"},
		{"names that are not unique", "{c: [{name: a, v: 1}, {name: a, v: 2}]}", "{c: [{name: a, v: 1}, {name: a, v: 3}]}",
			"c[1].v: 2 -> 3"},
		{"a key with dots", "{data: {config.yaml: a}}", "{data: {config.yaml: b}}", "data[config.yaml]: a -> b"},
		{"a line of many", `{data: {a: "x\ny\nz"}}`, `{data: {a: "x\nw\nz"}}`, "data.a: line 2: y -> line 2: w"},
		{"another type", "{a: [x]}", "{a: {b: x}}", `a: ["x"] -> {"b":"x"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, d := range differences(nil, object(t, c.rendered).Object, object(t, c.live).Object) {
				rendered, live := d.values(false)
				got = append(got, fmt.Sprintf("%s: %s -> %s", d.path, rendered, live))
			}
			if strings.Join(got, "; ") != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestSecretsAreMasked(t *testing.T) {
	a := object(t, "{data: {x: b2xk, gone: b2xk}, stringData: {y: old}, type: Opaque}").Object
	b := object(t, "{data: {x: bmV3}, stringData: {y: new}, type: other}").Object
	for _, d := range differences(nil, a, b) {
		rendered, live := d.values(true)
		shown := fmt.Sprintf("%s: %s -> %s", d.path, rendered, live)
		if strings.Contains(shown, "b2xk") || strings.Contains(shown, "bmV3") || strings.Contains(shown, "old") ||
			strings.Contains(shown, "new") {
			t.Errorf("shows a value: %s", shown)
		}
	}
	_, live := difference{path{"data"}, nil, map[string]any{"x": "bmV3"}}.values(true)
	if live != "(secret)" {
		t.Errorf("shows %q of a whole map", live)
	}
}

const managed = `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: a
  annotations: {kubectl.kubernetes.io/restartedAt: now, note: mine}
  managedFields:
  - manager: helm
    operation: Update
    fieldsV1: {f:spec: {f:template: {f:spec: {f:containers: {'k:{"name":"c"}': {.: {}, f:name: {}, f:image: {}}}}}}}
  - {manager: kube-controller-manager, operation: Update, subresource: scale, fieldsV1: {f:spec: {f:replicas: {}}}}
  - manager: kubectl-edit
    operation: Update
    fieldsV1:
      f:metadata: {f:annotations: {f:kubectl.kubernetes.io/restartedAt: {}, f:note: {}, f:gone: {}}}
      f:spec: {f:template: {f:spec: {f:containers:
        {'k:{"name":"c"}': {f:image: {}}, 'k:{"name":"d"}': {.: {}, f:name: {}, f:image: {}}}}}}
  - {manager: kubectl-edit, operation: Update, subresource: status, fieldsV1: {f:status: {f:x: {}}}}
spec:
  replicas: 3
  template: {spec: {containers: [{name: c, image: x}, {name: d, image: old}]}}
status: {x: 1}
`

func TestOwners(t *testing.T) {
	live := object(t, managed)
	o, err := readOwners(live)
	if err != nil {
		t.Fatal(err)
	}
	c := &comparer{controllers: map[string]bool{"kube-controller-manager": true}}
	for _, w := range []struct {
		at         path
		managers   []string
		controller bool
	}{
		{path{"spec", "replicas"}, []string{"kube-controller-manager"}, true},
		{path{"spec", "template", "spec", "containers", "[c]", "image"}, []string{"helm", "kubectl-edit"}, false},
		{path{"spec", "template", "spec", "containers", "[c]", "args"}, []string{"helm"}, false}, // of its container
		{path{"spec", "paused"}, nil, false},
	} {
		if got := o.of(w.at); !slices.Equal(got, w.managers) || c.areControllers(got) != w.controller {
			t.Errorf("%s: managers %q, controllers %v; want %+v", w.at, got, c.areControllers(got), w)
		}
	}
	for manager, want := range map[string]bool{
		"cert-manager-cainjector": true, "clusterrole-aggregation-controller": true, "PrometheusOperator": true,
		"helm": false, "pulumi-resource-kubernetes": false, "kubectl-edit": false, "Mozilla": false,
	} {
		if got := c.isController(manager); got != want {
			t.Errorf("%s is a controller: %v, want %v", manager, got, want)
		}
	}
	rendered := object(t, "{metadata: {name: a}, spec: {template: {spec: {containers: [{name: c, image: x}]}}}}")
	var added []string
	for _, d := range o.addedByHand(rendered, live) {
		added = append(added, d.path.String())
	}
	if want := []string{"metadata.annotations.note", "spec.template.spec.containers[d]"}; !slices.Equal(added, want) {
		t.Errorf("added %q, want %q", added, want)
	}
}

func TestAppliable(t *testing.T) {
	claim := func(size string) *unstructured.Unstructured {
		return object(t, "{kind: PersistentVolumeClaim, spec: {storageClassName: null, resources: {requests: {storage: "+size+
			"}}}, status: {}}")
	}
	for _, c := range []struct{ rendered, live, want string }{{"5Gi", "10Gi", "10Gi"}, {"5Gi", "5120Mi", "5Gi"},
		{"5Gi", "1Gi", "5Gi"}} {
		got := appliable(claim(c.rendered), claim(c.live))
		size, _, _ := unstructured.NestedString(got.Object, "spec", "resources", "requests", "storage")
		_, class, _ := unstructured.NestedFieldNoCopy(got.Object, "spec", "storageClassName")
		if size != c.want || class || got.Object["status"] != nil {
			t.Errorf("%+v: applies %v", c, got.Object)
		}
	}
}

func TestParse(t *testing.T) {
	manifest := "# nothing\n---\n# Source: a\nkind: Service\napiVersion: v1\nmetadata: {name: a}\n---\n# only a " +
		"comment\n---\n" +
		"apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: b}}\n- {apiVersion: v1, " +
		"kind: Secret, metadata: {name: c}}\n"
	objects, err := parse(manifest)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range objects {
		got = append(got, o.GetKind()+" "+o.GetName())
	}
	if want := []string{"Service a", "Secret b", "Secret c"}; !slices.Equal(got, want) {
		t.Errorf("parsed %q, want %q", got, want)
	}
}

func TestPrint(t *testing.T) {
	of := func(release string, f Finding) Finding {
		f.Release, f.Namespace, f.Revision = release, "ns", 2
		return f
	}
	report := &Report{Releases: 3, Objects: 9, Findings: []Finding{
		of("a", Finding{Kind: "Deployment", Object: "ns/x", Path: "spec.replicas", Rendered: "1", Live: "0",
			Restorable: true}),
		of("a", Finding{Kind: "Deployment", Object: "ns/x", Path: "metadata.labels.by", Live: strings.Repeat("ü", 200)}),
		of("a", Finding{Kind: "ClusterRole", Object: "y", Restorable: true}),
		of("b", Finding{Path: "status", Rendered: "deployed", Live: "pending-upgrade"}),
	}}
	var text strings.Builder
	report.Print(&text)
	want := `4 differences from what Helm rendered (3 releases, 9 objects)

release a, namespace ns, revision 2
  Deployment ns/x
    spec.replicas
      rendered  1
      live      0
    metadata.labels.by
      rendered  (none)
      live      ` + strings.Repeat("ü", 61) + `...
  ClusterRole y
    is missing
  to restore it:
    helm --namespace ns rollback a 2
  Helm does not restore these; restore them by hand:
    kubectl --namespace ns edit deployment x

release b, namespace ns, revision 2
    status
      rendered  deployed
      live      pending-upgrade
  it was not compared; see its history:
    helm --namespace ns history b
`
	if text.String() != want {
		t.Errorf("prints\n%s\nwant\n%s", &text, want)
	}
	text.Reset()
	(&Report{Releases: 3, Objects: 9}).Print(&text)
	if text.String() != "no object of a release differs from what Helm rendered (3 releases, 9 objects)\n" {
		t.Errorf("prints %q", &text)
	}
}
