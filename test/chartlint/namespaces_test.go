package chartlint

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"doks-security/charts/pods"
	"doks-security/rules"
	"doks-security/test/fakecharts"
	"doks-security/test/program"
	"doks-security/values"
)

// renamed are all parts of the stack in namespaces of other names. Every name has a text that nothing else has, so that
// the default names can be put back.
func renamed() map[string]map[string]any {
	type m = map[string]any
	return map[string]map[string]any{
		"a prefix": {"prefix": "zzz-"},
		"names": {"names": m{
			"monitoring": "zzz-monitoring", "loki": "zzz-loki", "node-agents": "zzz-node-agents", "falco": "zzz-falco",
			"metrics-server": "zzz-metrics-server", "vcluster": "zzz-vcluster", "gateway": "zzz-gateway",
			"cert-manager": "zzz-cert-manager",
		}},
		"a prefix and names": {"prefix": "zzz-", "names": m{"monitoring": "zzz-zzz-monitoring", "falco": "falco"}},
	}
}

// loaders are the charts to render: stand-ins, and the published ones where there are any.
func loaders(t *testing.T) map[string]*Renderer {
	t.Helper()
	all := map[string]*Renderer{"stand-in charts": NewRenderer(fakecharts.New)}
	archives, err := fakecharts.OpenIn("../..")
	switch {
	case errors.Is(err, fakecharts.ErrMissing):
		t.Log("without the published charts: ", err)
	case err != nil:
		t.Fatal(err)
	default:
		all["published charts"] = NewRenderer(archives.Load)
	}
	return all
}

// Other names of namespaces change nothing but these names, and everything that goes from one namespace to another
// follows: addresses, monitors, selectors, policies, references.
func TestNamespacesOfOtherNames(t *testing.T) {
	options := map[string]any{
		"virtualClusters": map[string]any{"demo": true}, "logging": map[string]any{"storage": "volume"},
		"exposure": program.Gateway(),
	}
	install := func(t *testing.T, namespaces map[string]any) *program.Installation {
		t.Helper()
		settings := maps.Clone(options)
		settings["namespaces"] = namespaces
		installation, err := program.Run("../..", program.Fixture("prod", settings))
		if err != nil {
			t.Fatal(err)
		}
		return installation
	}
	for charts, r := range loaders(t) {
		usual := rendered(t, r, install(t, map[string]any{}))
		for name, namespaces := range renamed() {
			t.Run(charts+", "+name, func(t *testing.T) {
				s := rendered(t, r, install(t, namespaces))
				compareObjects(t, restored(t, s), restored(t, usual))
				fail(t, misplaced(s))
				for what, find := range map[string]func(*Set) []error{
					"addresses":  func(s *Set) []error { return Addresses(s.Objects) },
					"monitors":   func(s *Set) []error { return Monitors(s.Objects) },
					"jobs":       func(s *Set) []error { return Jobs(s.Objects) },
					"references": func(s *Set) []error { return References(s.Objects) },
					"bindings":   func(s *Set) []error { return Bindings(s.Objects) },
					"falco": func(s *Set) []error {
						wanted, err := rules.Files(s.Settings.RuntimeSecurity.Ruleset, s.Settings.VirtualClusters.Approved)
						return append(Falco(s.Objects, s.Settings.Namespaces.ByRole()[values.NamespaceFalco], wanted), err)
					},
				} {
					// Stand-ins have fewer parts than the charts: what they lack, they lack with the default names too.
					if got, want := messages(find(s)), messages(find(usual)); !slices.Equal(got, want) {
						t.Errorf("%s:\n%s\nwith the default names:\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
					}
				}
			})
		}
	}
}

// rendered are the objects, and each release's values as a file in its namespace: the stand-in charts leave out
// addresses that the charts have.
func rendered(t *testing.T, r *Renderer, i *program.Installation) *Set {
	t.Helper()
	s, err := r.Render(i, Versions()[1])
	if err != nil {
		t.Fatal(err)
	}
	for _, release := range s.Releases {
		text, err := json.Marshal(release.Values)
		if err != nil {
			t.Fatal(err)
		}
		file := &Object{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap",
			"data": map[string]any{"values": string(text)}}}
		file.SetName("values-of-" + release.Name)
		file.SetNamespace(release.Namespace)
		s.Objects = append(s.Objects, file)
	}
	return s
}

// restored are the objects as text, with the default names put back.
func restored(t *testing.T, s *Set) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, o := range s.Objects {
		o = o.DeepCopy()
		if o.GetKind() == "Secret" && strings.Contains(o.GetName(), "sh.helm") {
			continue
		}
		for key, value := range content(o) { // of a Secret: decoded
			if err := unstructured.SetNestedField(o.Object, value, "data", key); err != nil {
				t.Fatal(err)
			}
		}
		text, err := json.Marshal(withoutChecksums(o.Object))
		if err != nil {
			t.Fatal(err)
		}
		texts[strings.ReplaceAll(pods.ID(o), "zzz-", "")] = strings.ReplaceAll(string(text), "zzz-", "")
	}
	return texts
}

// withoutChecksums leaves out the annotations by which charts restart pods when a file changes.
func withoutChecksums(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key, element := range v {
			if strings.HasPrefix(key, "checksum/") {
				delete(v, key)
				continue
			}
			v[key] = withoutChecksums(element)
		}
	case []any:
		for i, element := range v {
			v[i] = withoutChecksums(element)
		}
	}
	return value
}

func compareObjects(t *testing.T, got, want map[string]string) {
	t.Helper()
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%s differs in more than names of namespaces:\n%s\nwant\n%s", name, got[name], text)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s is not there with the default names", name)
		}
	}
}

// misplaced finds objects, and selectors of namespaces by name, of a namespace that is neither the stack's nor
// Kubernetes'.
func misplaced(s *Set) []error {
	known := map[string]bool{"": true, "kube-system": true, "default": true}
	for _, name := range s.Settings.Namespaces.ByRole() {
		known[name] = true
	}
	var errs []error
	for _, o := range s.Objects {
		if !known[o.GetNamespace()] {
			errs = append(errs, fmt.Errorf("%s is in a namespace that is not the stack's", pods.ID(o)))
		}
		content := maps.Clone(o.Object)
		delete(content, "metadata")
		for _, name := range selectedNamespaces(content) {
			if !known[name] {
				errs = append(errs, fmt.Errorf("%s selects the namespace %s, which is not the stack's", pods.ID(o), name))
			}
		}
	}
	return errs
}

// selectedNamespaces are the names in label selectors of namespaces, of Kubernetes and of Cilium, and in lists of
// names.
func selectedNamespaces(value any) []string {
	var names []string
	texts := func(value any) {
		switch v := value.(type) {
		case string:
			if !strings.Contains(v, "{{") { // a label that Prometheus fills
				names = append(names, v)
			}
		case []any:
			for _, element := range v {
				names = append(names, fmt.Sprint(element))
			}
		}
	}
	switch v := value.(type) {
	case map[string]any:
		if v["key"] == "kubernetes.io/metadata.name" {
			texts(v["values"])
		}
		for key, element := range v {
			switch key {
			case "kubernetes.io/metadata.name", "k8s:io.kubernetes.pod.namespace", "namespace", "matchNames":
				texts(element)
			}
			names = append(names, selectedNamespaces(element)...)
		}
	case []any:
		for _, element := range v {
			names = append(names, selectedNamespaces(element)...)
		}
	}
	return names
}

// messages are those of errors with the default names put back, in order.
func messages(errs []error) []string {
	var all []string
	for _, problem := range errs {
		if problem != nil {
			all = append(all, strings.ReplaceAll(problem.Error(), "zzz-", ""))
		}
	}
	slices.Sort(all)
	return all
}

// A literal name is found.
func TestMisplacedObjectsAreFound(t *testing.T) {
	installation, err := program.Run("../..",
		program.Fixture("dev", map[string]any{"namespaces": map[string]any{"prefix": "zzz-"}}))
	if err != nil {
		t.Fatal(err)
	}
	object := func(kind, namespace string, spec map[string]any) *Object {
		o := &Object{Object: map[string]any{"kind": kind, "spec": spec}}
		o.SetName("a")
		o.SetNamespace(namespace)
		return o
	}
	selector := map[string]any{"matchExpressions": []any{map[string]any{"key": "kubernetes.io/metadata.name",
		"values": []any{"zzz-loki", "loki"}}}}
	s := &Set{Settings: installation.Settings, Objects: []*Object{
		object("ConfigMap", "zzz-loki", nil), object("ConfigMap", "monitoring", nil),
		object("Prometheus", "zzz-monitoring", map[string]any{"ruleNamespaceSelector": selector}),
	}}
	want := []string{"ConfigMap monitoring/a is in a namespace that is not the stack's",
		"Prometheus monitoring/a selects the namespace loki, which is not the stack's"}
	if got := messages(misplaced(s)); !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}
