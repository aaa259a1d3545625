package stack

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// everything is a stack file with every setting that is a string: those of the file, and examples of the others.
func everything(t testing.TB) map[string]any {
	t.Helper()
	text, err := os.ReadFile("testdata/everything.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]any
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	config := file["config"].(map[string]any)
	for _, d := range Declarations() {
		section, key, _ := strings.Cut(d.Path, ".")
		if d.Example == "" {
			continue
		}
		section = Project + ":" + section
		if config[section] == nil {
			config[section] = map[string]any{}
		}
		set(config[section].(map[string]any), strings.Split(key, "."), d.Example)
	}
	return file
}

func set(object map[string]any, path []string, value any) {
	for _, key := range path[:len(path)-1] {
		below, ok := object[key].(map[string]any)
		if !ok {
			below = map[string]any{}
			object[key] = below
		}
		object = below
	}
	object[path[len(path)-1]] = value
}

// A new string is fuzzed: it is in the file, or its declaration has an example.
func TestEveryStringIsFuzzed(t *testing.T) {
	excluded := map[string]string{
		"addons.enabled[]":                 "directories",
		"cluster.existing":                 "excludes the settings of a cluster of the stack",
		"cluster.kubeconfig":               "excludes the settings of a cluster of the stack",
		"cluster.vpc":                      "excludes cluster.network.vpc: existing-vpc.yaml",
		"namespaces.prefix":                "namespaces_test.go",
		"namespaces.names.*":               "namespaces_test.go",
		"runtimeSecurity.rules":            "a directory",
		"exposure.certificates.secretName": "excludes an issuer",
	}
	var paths []string
	var walk func(path string, value any)
	walk = func(path string, value any) {
		switch v := value.(type) {
		case map[string]any:
			for key, below := range v {
				walk(path+"."+key, below)
			}
		case []any:
			for _, element := range v {
				walk(path+"[]", element)
			}
		default:
			paths = append(paths, path)
		}
	}
	for key, section := range everything(t)["config"].(map[string]any) {
		walk(strings.TrimPrefix(key, Project+":"), section)
	}
	for _, d := range Declarations() {
		holds := d.Type
		if holds.Kind() == reflect.Slice || holds.Kind() == reflect.Map {
			holds = holds.Elem()
		}
		if d.Secret || len(d.Format.Enum) > 0 || holds.Kind() != reflect.String {
			continue
		}
		pattern := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(d.Path), `\*`, ".*") + "(\\.secure)?$")
		found := slices.ContainsFunc(paths, pattern.MatchString)
		if _, isExcluded := excluded[d.Path]; found == isExcluded {
			t.Errorf("%s: fuzzed %t, excluded %t; add it to testdata/everything.yaml or give it an example", d.Path, found,
				isExcluded)
		}
	}
}
