package values

import (
	"encoding/json"
	"io/fs"
	"os"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

func TestMerge(t *testing.T) {
	type m = map[string]any
	for _, c := range []struct {
		name          string
		base, overlay m
		want          m
	}{
		{"maps merge", m{"a": m{"x": 1, "y": 2}}, m{"a": m{"y": 3}}, m{"a": m{"x": 1, "y": 3}}},
		{"lists replace", m{"a": []any{1, 2}}, m{"a": []any{3}}, m{"a": []any{3}}},
		{"a scalar replaces a map", m{"a": m{"x": 1}}, m{"a": "off"}, m{"a": "off"}},
		{"a map replaces a scalar", m{"a": "off"}, m{"a": m{"x": 1}}, m{"a": m{"x": 1}}},
		{"false replaces true", m{"a": true}, m{"a": false}, m{"a": false}},
		{"null replaces, and stays", m{"a": m{"x": 1}}, m{"a": nil}, m{"a": nil}},
		{"null below a map", m{"a": nil}, m{"a": m{"x": 1}}, m{"a": m{"x": 1}}},
		{"nothing below", nil, m{"a": 1}, m{"a": 1}},
		{"nothing above", m{"a": 1}, nil, m{"a": 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Merge(c.base, c.overlay); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestMergeSharesNothing(t *testing.T) {
	type m = map[string]any
	base := m{"a": m{"x": 1}, "b": m{"list": []any{m{"y": 1}}}}
	overlay := m{"a": m{"z": m{"x": 1}}, "c": []any{m{"y": 1}}}
	merged := Merge(base, overlay)
	merged["a"].(m)["x"] = 2
	merged["a"].(m)["z"].(m)["x"] = 2
	merged["b"].(m)["list"].([]any)[0].(m)["y"] = 2
	merged["c"].([]any)[0].(m)["y"] = 2
	if want := (m{"a": m{"x": 1}, "b": m{"list": []any{m{"y": 1}}}}); !reflect.DeepEqual(base, want) {
		t.Errorf("the base changed: %v", base)
	}
	if want := (m{"a": m{"z": m{"x": 1}}, "c": []any{m{"y": 1}}}); !reflect.DeepEqual(overlay, want) {
		t.Errorf("the overlay changed: %v", overlay)
	}
}

func TestLoad(t *testing.T) {
	for _, c := range []struct {
		name, release, profile string
		options                []string
		path                   []string
		want                   any
	}{
		{"the release's file", "loki", "dev", nil, []string{"querier", "max_concurrent"}, 2},
		{"the profile's overlay", "loki", "prod", nil, []string{"querier", "max_concurrent"}, 4},
		{"what the overlay leaves", "loki", "prod", nil, []string{"commonConfig", "replication_factor"}, 1},
		{"the option's overlay", "loki", "prod", []string{"spaces", "spaces-replicated"},
			[]string{"commonConfig", "replication_factor"}, 3},
		{"the option on dev", "loki", "dev", []string{"spaces"}, []string{"querier", "max_concurrent"}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			loaded, err := Load(c.release, c.profile, DefaultNamespaces(), c.options...)
			if err != nil {
				t.Fatal(err)
			}
			got := loaded["loki"]
			for _, key := range c.path {
				got = got.(map[string]any)[key]
			}
			if got != c.want {
				t.Errorf("%v is %v, want %v", c.path, got, c.want)
			}
		})
	}
}

func TestLoadRefuses(t *testing.T) {
	for _, c := range []struct {
		name, release, profile string
		options                []string
		message                string
	}{
		{"an unknown release", "lokki", "dev", nil, "values/lokki/values.yaml"},
		{"an unknown profile", "loki", "staging", nil, `no profile "staging" in values/; allowed: dev, prod`},
		{"an option the release has not", "alloy", "dev", []string{"spaces"}, "values/alloy/spaces.yaml"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Load(c.release, c.profile, DefaultNamespaces(), c.options...)
			if err == nil || !strings.Contains(err.Error(), c.message) {
				t.Errorf("got %v, want an error with %q", err, c.message)
			}
		})
	}
}

// anyFolder reads files of all folders of values/.
var anyFolder = Release{Dir: "values", files: files}

// An overlay that repeats what is below it hides which keys make the difference.
func TestOverlaysOnlyHoldWhatDiffers(t *testing.T) {
	err := fs.WalkDir(files, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(file) != ".yaml" || !isOverlay(file) {
			return err
		}
		t.Run(file, func(t *testing.T) {
			base, err := anyFolder.values(path.Join(path.Dir(file), "values.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			overlay, err := anyFolder.values(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, key := range repeated(base, overlay, "") {
				t.Errorf("%s says the same as the file below it", key)
			}
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// isOverlay reports which files that change a release's values.
func isOverlay(file string) bool {
	name := path.Base(file)
	return name != "values.yaml" && name != "network.yaml" && name != "protected.yaml" &&
		!strings.HasPrefix(name, "chart") &&
		!strings.HasPrefix(name, "alerts")
}

func repeated(base, overlay map[string]any, prefix string) []string {
	var same []string
	for key, value := range overlay {
		below, isMap := base[key].(map[string]any)
		above, overMap := value.(map[string]any)
		switch {
		case isMap && overMap:
			same = append(same, repeated(below, above, prefix+key+".")...)
		case reflect.DeepEqual(base[key], value):
			same = append(same, prefix+key)
		}
	}
	return same
}

func TestChartsArePinned(t *testing.T) {
	charts, err := Charts()
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`^v?[0-9]+\.[0-9]+\.[0-9]+$`)
	digest := regexp.MustCompile(`^([0-9a-f]{64})?$`)
	for name, c := range charts {
		if c.Name == "" || !version.MatchString(c.Version) || !version.MatchString(c.AppVersion) ||
			!strings.HasPrefix(c.Repository, "https://") || !digest.MatchString(c.SHA256) {
			t.Errorf("%s: incomplete pin %+v", name, c)
		}
	}
}

// Renovate finds the pins by their text: one that is written in another order would never be upgraded.
func TestRenovateFindsEveryChart(t *testing.T) {
	text, err := os.ReadFile("../renovate.json")
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		CustomManagers []struct{ ManagerFilePatterns, MatchStrings []string }
	}
	if err := json.Unmarshal(text, &config); err != nil || len(config.CustomManagers) != 1 {
		t.Fatalf("%d custom managers: %v", len(config.CustomManagers), err)
	}
	pattern := regexp.MustCompile(config.CustomManagers[0].MatchStrings[0])
	place := regexp.MustCompile(strings.Trim(config.CustomManagers[0].ManagerFilePatterns[0], "/"))
	charts, err := Charts()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range charts {
		text, err := os.ReadFile("../" + c.File)
		if err != nil {
			t.Fatal(err)
		}
		found := pattern.FindStringSubmatch(string(text))
		if !place.MatchString(c.File) || len(found) == 0 ||
			!slices.Equal(found[1:], []string{c.Name, c.Version, c.Repository}) {
			t.Errorf("%s is not found", c.File)
		}
	}
}

func TestEveryReleaseIsPinned(t *testing.T) {
	charts, err := Charts()
	if err != nil {
		t.Fatal(err)
	}
	names, err := fs.Glob(files, "*/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range names {
		if _, ok := charts[path.Dir(file)]; !ok {
			t.Errorf("values/%s belongs to no pinned chart", file)
		}
	}
}

func TestValuesFilesAreMaps(t *testing.T) {
	err := fs.WalkDir(files, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(file) != ".yaml" || path.Base(file) == "protected.yaml" { // a list
			return err
		}
		text, err := files.ReadFile(file)
		if err != nil {
			return err
		}
		var content map[string]any // yaml.v3 refuses a key that is there twice
		if err := yaml.Unmarshal(text, &content); err != nil || len(content) == 0 {
			t.Errorf("%s: %v, %d keys", file, err, len(content))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
