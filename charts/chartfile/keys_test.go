package chartfile

import (
	"slices"
	"testing"

	"sigs.k8s.io/yaml"
)

func TestUnknown(t *testing.T) {
	reviewed := []string{"config.color", "config.extra.deep"}
	for _, c := range []struct {
		name, values string
		unknown      []Key
	}{
		{"the chart's own", `{replicas: 2, image: {tag: a}, config: {level: debug}}`, nil},
		{"below an empty map", `{resources: {limits: {memory: 1Gi}}}`, nil},
		{"below nothing", `{nodeSelector: {disk: fast}}`, nil},
		{"of the schema, by reference", `{service: {port: 80}}`, nil},
		{"of the schema, not of the values", `{config: {format: json}}`, nil},
		{"of a chart inside, under its alias", `{backend: {size: 2Gi, password: {existingSecret: a}}, global: {a: 1}}`, nil},
		{"reviewed", `{config: {color: red, extra: {deep: 1}}}`, nil},
		{"misspelled", `{replcas: 2}`, []Key{{Path: "replcas", Closest: "replicas"}}},
		{"misspelled below", `{image: {tga: a}}`, []Key{{Path: "image.tga", Closest: "image.tag"}}},
		{"misspelled in a chart inside", `{backend: {password: {existingSecrets: a}}}`,
			[]Key{{Path: "backend.password.existingSecrets", Closest: "backend.password.existingSecret"}}},
		{"under the inside chart's own name", `{store: {size: 2Gi}}`, []Key{{Path: "store.size"}}},
		{"misspelled below the schema", `{service: {prt: 80}}`, []Key{{Path: "service.prt", Closest: "service.port"}}},
		{"misspelled next to a reviewed one", `{config: {extra: {deep: 1, dep: 2}}}`, []Key{{Path: "config.extra.dep"}}},
		{"an object for a text", `{config: {level: {a: 1}}}`, []Key{{Path: "config.level", Has: "info"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			shop, err := Load("testdata/charts/shop")
			if err != nil {
				t.Fatal(err)
			}
			var given map[string]any
			if err := yaml.Unmarshal([]byte(c.values), &given); err != nil {
				t.Fatal(err)
			}
			got := Unknown(shop, given, func(path string) bool { return slices.Contains(reviewed, path) })
			if !slices.Equal(got, c.unknown) {
				t.Errorf("unknown %+v, want %+v", got, c.unknown)
			}
		})
	}
}
