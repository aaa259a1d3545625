package contract

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"doks-security/values"
)

// releases are what the program installs, in every shape.
var releases = []struct {
	name, values, pin, namespace string
	options                      []string
	known                        map[string]any // as the components set it
}{
	{name: "prometheus-operator-crds", namespace: "monitoring"},
	{name: "kube-prometheus-stack", namespace: "monitoring", known: map[string]any{"prometheus": map[string]any{"prometheusSpec": map[string]any{
		"externalLabels": map[string]any{"cluster": "test"}}}}},
	{name: "metrics-server", namespace: "metrics-server"},
	{name: "loki", namespace: "loki"},
	{name: "loki", namespace: "loki", options: []string{"spaces"}, known: map[string]any{"loki": map[string]any{"storage": map[string]any{
		"bucketNames":  map[string]any{"chunks": "bucket", "ruler": "bucket"},
		"object_store": map[string]any{"s3": map[string]any{"endpoint": "fra1.digitaloceanspaces.com", "region": "fra1"}}}}}},
	{name: "alloy", namespace: "node-agents"},
	{name: "falco", namespace: "falco", known: map[string]any{"customRules": map[string]any{"a.yaml": "- list: a\n"}}},
	{name: "falco", namespace: "falco", pin: "falco-8", options: []string{"falco-exporter"}},
	{name: "falco-exporter", namespace: "falco"},
	{name: "demo", values: "vcluster", namespace: "vcluster"},
}

// each calls f for every release in both profiles, with its pin and values.
func each(t *testing.T, f func(t *testing.T, pin values.Chart, release, namespace string, v map[string]any)) {
	t.Helper()
	pins, err := values.Charts()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range releases {
		file := r.values
		if file == "" {
			file = r.name
		}
		pin := r.pin
		if pin == "" {
			pin = file
		}
		for _, profile := range []string{"dev", "prod"} {
			t.Run(strings.Join(append([]string{pin, profile}, r.options...), "/"), func(t *testing.T) {
				loaded, err := values.Load(file, profile, r.options...)
				if err != nil {
					t.Fatal(err)
				}
				f(t, pins[pin], r.name, r.namespace, plain(t, values.Merge(loaded, r.known)))
			})
		}
	}
}

// plain makes the values what Pulumi hands to Helm: JSON.
func plain(t *testing.T, v map[string]any) map[string]any {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestStandInsRender(t *testing.T) {
	each(t, func(t *testing.T, pin values.Chart, release, namespace string, v map[string]any) {
		c, err := New(pin)
		if err != nil {
			t.Fatal(err)
		}
		objects, err := Render(c, release, namespace, v)
		if err != nil {
			t.Fatal(err)
		}
		if len(objects) == 0 {
			t.Error("the stand-in renders nothing")
		}
	})
}

// The published charts keep the contracts: what the rehearsal without them shows is true of them.
func TestChartsKeepTheirContracts(t *testing.T) {
	dir := Dir()
	each(t, func(t *testing.T, pin values.Chart, release, namespace string, v map[string]any) {
		if !present(dir, pin) {
			t.Skipf("%s is not in the chart cache; `make charts` fetches it", Archive("", pin))
		}
		published, err := loader.Load(Archive(dir, pin))
		if err != nil {
			t.Fatal(err)
		}
		rendered, err := Render(published, release, namespace, v)
		if err != nil {
			t.Fatal(err)
		}
		c, err := New(pin)
		if err != nil {
			t.Fatal(err)
		}
		c.Values = nil // no stand-in: the custom resources' schemas are the published chart's
		wanted, err := Render(c, release, namespace, v)
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range Check(wanted, rendered) {
			t.Error(fault)
		}
	})
}

func TestCheckFindsFaults(t *testing.T) {
	service := func(name string, port int, selector map[string]any) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": "Service", "metadata": map[string]any{"name": name, "namespace": "a"},
			"spec": map[string]any{"selector": selector, "ports": []any{map[string]any{"name": "http", "port": port}}},
		}}
	}
	app := map[string]any{"app": "web"}
	for _, c := range []struct {
		name      string
		want, got *unstructured.Unstructured
		fault     string
	}{
		{"the same", service("web", 80, app), service("web", 80, app), ""},
		{"more than asked for", service("web", 80, app), service("web", 80, map[string]any{"app": "web", "tier": "front"}), ""},
		{"another port", service("web", 80, app), service("web", 8080, app), ".spec.ports[http].port: 8080, want 80"},
		{"another selector", service("web", 80, app), service("web", 80, map[string]any{"app": "api"}), ".spec.selector.app: api, want web"},
		{"another name", service("web", 80, app), service("api", 80, app), "Service a/web is not rendered"},
	} {
		t.Run(c.name, func(t *testing.T) {
			faults := Check([]*unstructured.Unstructured{c.want}, []*unstructured.Unstructured{c.got})
			if c.fault == "" && len(faults) > 0 || c.fault != "" && (len(faults) != 1 || !strings.Contains(faults[0].Error(), c.fault)) {
				t.Errorf("faults %v, want %q", faults, c.fault)
			}
		})
	}
}

func TestWriteStandIns(t *testing.T) {
	dir := t.TempDir()
	if err := WriteStandIns(dir); err != nil {
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
