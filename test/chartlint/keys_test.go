package chartlint

import (
	"slices"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"
	"sigs.k8s.io/yaml"
)

func TestKeys(t *testing.T) {
	reviewed := map[string]string{"config.color": "a test", "config.extra.deep": "a test"}
	for _, c := range []struct {
		name, values string
		unknown      []string
	}{
		{"the chart's own", `{replicas: 2, image: {tag: a}, config: {level: debug}}`, nil},
		{"below an empty map", `{resources: {limits: {memory: 1Gi}}}`, nil},
		{"below nothing", `{nodeSelector: {disk: fast}}`, nil},
		{"of the schema, by reference", `{service: {port: 80}}`, nil},
		{"of the schema, not of the values", `{config: {format: json}}`, nil},
		{"of a chart inside, under its alias", `{backend: {size: 2Gi, password: {existingSecret: a}}, global: {a: 1}}`, nil},
		{"reviewed", `{config: {color: red, extra: {deep: 1}}}`, nil},
		{"misspelled", `{replcas: 2}`, []string{"replcas"}},
		{"misspelled below", `{image: {tga: a}}`, []string{"image.tga"}},
		{"misspelled in a chart inside", `{backend: {password: {existingSecrets: a}}}`,
			[]string{"backend.password.existingSecrets"}},
		{"under the inside chart's own name", `{store: {size: 2Gi}}`, []string{"store.size"}},
		{"misspelled below the schema", `{service: {prt: 80}}`, []string{"service.prt"}},
		{"misspelled next to a reviewed one", `{config: {extra: {deep: 1, dep: 2}}}`, []string{"config.extra.dep"}},
		{"an object for a text", `{config: {level: {a: 1}}}`, []string{"config.level (an object; the chart has info)"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			shop, err := loader.Load("testdata/charts/shop")
			if err != nil {
				t.Fatal(err)
			}
			var given map[string]any
			if err := yaml.Unmarshal([]byte(c.values), &given); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, fault := range Keys(shop, given, reviewed, map[string]bool{}) {
				got = append(got, fault.Error())
			}
			var want []string
			for _, key := range c.unknown {
				want = append(want, key+": chart shop 1.0.0 knows no such value")
			}
			if !slices.Equal(got, want) {
				t.Errorf("faults %q, want %q", got, want)
			}
		})
	}
}
