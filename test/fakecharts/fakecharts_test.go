package fakecharts_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"doks-security/charts/chartfile"
	"doks-security/test/fakecharts"
	"doks-security/test/program"
	"doks-security/values"
)

// each calls f for every release of every case. Cases that install a release alike share a test.
func each(t *testing.T, f func(t *testing.T, r program.Release)) {
	t.Helper()
	seen := map[string]bool{}
	for _, c := range program.Cases() {
		installation, err := program.Run("../..", c)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range installation.Releases {
			text, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			if !seen[string(text)] {
				seen[string(text)] = true
				t.Run(r.Name+" of "+c.Name, func(t *testing.T) { f(t, r) })
			}
		}
	}
}

func render(t *testing.T, c *chart.Chart, r program.Release) []*unstructured.Unstructured {
	t.Helper()
	target := chartfile.Target{Release: r.Name, Namespace: r.Namespace, Kubernetes: "1.34"}
	objects, err := chartfile.Render(c, target, r.Values)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// Helm leaves it to the API server which objects get the release's namespace.
func TestRenderPlacesObjects(t *testing.T) {
	for _, c := range []struct{ name, metadata, kind, namespace string }{
		{"a kind with a namespace", "{name: a}", "ConfigMap", "release"},
		{"another namespace than the release's", "{name: a, namespace: other}", "ConfigMap", "other"},
		{"a kind without a namespace", "{name: a}", "ClusterRole", ""},
		{"a kind without a namespace that is given one", "{name: a, namespace: other}", "ClusterRole", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			objects := render(t, &chart.Chart{
				Metadata: &chart.Metadata{APIVersion: "v2", Name: "a", Version: "1.0.0"},
				Templates: []*chart.File{{Name: "templates/a.yaml",
					Data: []byte("{apiVersion: v1, kind: " + c.kind + ", metadata: " + c.metadata + "}")}},
			}, program.Release{Name: "a", Namespace: "release"})
			if len(objects) != 1 || objects[0].GetNamespace() != c.namespace {
				t.Errorf("rendered %v, want one object in namespace %q", objects, c.namespace)
			}
		})
	}
}

func TestStandInsRender(t *testing.T) {
	each(t, func(t *testing.T, r program.Release) {
		c, err := fakecharts.New(r.Chart)
		if err != nil {
			t.Fatal(err)
		}
		if len(render(t, c, r)) == 0 {
			t.Error("the stand-in renders nothing")
		}
	})
}

// The published charts keep the contracts: what the rehearsal without them shows is true of them.
func TestChartsKeepTheirContracts(t *testing.T) {
	archives, err := fakecharts.OpenIn("../..")
	if errors.Is(err, fakecharts.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Log(strings.Join(archives.Notes, "\n"))
	each(t, func(t *testing.T, r program.Release) {
		published, err := archives.Load(r.Chart)
		if err != nil {
			t.Fatal(err)
		}
		c, err := fakecharts.New(r.Chart)
		if err != nil {
			t.Fatal(err)
		}
		c.Values = nil // no stand-in: the custom resources' schemas are the published chart's
		for _, problem := range fakecharts.Check(render(t, c, r), render(t, published, r)) {
			t.Error(problem)
		}
	})
}

func TestCheckFindsErrors(t *testing.T) {
	service := func(name string, port int, selector map[string]any) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": "Service", "metadata": map[string]any{"name": name, "namespace": "a"},
			"spec": map[string]any{"selector": selector, "ports": []any{map[string]any{"name": "http", "port": port}}},
		}}
	}
	annotated := func(annotations map[string]any) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{"kind": "Deployment",
			"metadata": map[string]any{"name": "web", "annotations": annotations}}}
	}
	app := map[string]any{"app": "web"}
	for _, c := range []struct {
		name      string
		want, got *unstructured.Unstructured
		problem   string
	}{
		{"the same", service("web", 80, app), service("web", 80, app), ""},
		{"more than asked for", service("web", 80, app),
			service("web", 80, map[string]any{"app": "web", "tier": "front"}), ""},
		{"another port", service("web", 80, app), service("web", 8080, app), ".spec.ports[http].port: 8080, want 80"},
		{"another selector", service("web", 80, app), service("web", 80, map[string]any{"app": "api"}),
			".spec.selector.app: api, want web"},
		{"another checksum", annotated(map[string]any{"checksum/config": "1"}),
			annotated(map[string]any{"checksum/config": "2"}), ""},
		{"no checksum", annotated(map[string]any{"checksum/config": "1"}), annotated(map[string]any{}),
			".metadata.annotations.checksum/config: missing"},
		{"another name", service("web", 80, app), service("api", 80, app), "Service a/web is not rendered"},
	} {
		t.Run(c.name, func(t *testing.T) {
			errs := fakecharts.Check([]*unstructured.Unstructured{c.want}, []*unstructured.Unstructured{c.got})
			if c.problem == "" && len(errs) > 0 || c.problem != "" &&
				(len(errs) != 1 || !strings.Contains(errs[0].Error(), c.problem)) {
				t.Errorf("errors %v, want %q", errs, c.problem)
			}
		})
	}
}

func TestWriteStandIns(t *testing.T) {
	dir := t.TempDir()
	if err := fakecharts.WriteStandIns(dir); err != nil {
		t.Fatal(err)
	}
	pins, err := values.Charts()
	if err != nil {
		t.Fatal(err)
	}
	archives, err := os.ReadDir(dir)
	if err != nil || len(archives) != len(pins) {
		t.Errorf("%d archives for %d pins: %v", len(archives), len(pins), err)
	}
}
