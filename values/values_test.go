package values

import (
	"io/fs"
	"path"
	"reflect"
	"regexp"
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

func TestMergeLeavesItsArguments(t *testing.T) {
	base := map[string]any{"a": map[string]any{"x": 1}}
	Merge(base, map[string]any{"a": map[string]any{"x": 2}})
	if got := base["a"].(map[string]any)["x"]; got != 1 {
		t.Errorf("the base changed: %v", got)
	}
}

// An overlay that repeats what stands below it hides which keys make the difference.
func TestOverlaysOnlyHoldWhatDiffers(t *testing.T) {
	err := fs.WalkDir(files, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.Contains(file, "/") {
			return err
		}
		t.Run(file, func(t *testing.T) {
			base, err := read(path.Base(file))
			if err != nil {
				t.Fatal(err)
			}
			overlay, err := read(file)
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

func TestEveryReleaseIsPinned(t *testing.T) {
	charts, err := Charts()
	if err != nil {
		t.Fatal(err)
	}
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range names {
		release := strings.TrimSuffix(file, ".yaml")
		if _, ok := charts[release]; !ok && release != "charts" {
			t.Errorf("values/%s belongs to no pinned chart", file)
		}
	}
}

func TestFilesAreMaps(t *testing.T) {
	err := fs.WalkDir(files, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := files.ReadFile(file)
		if err != nil {
			return err
		}
		var content map[string]any // yaml.v3 refuses a key that stands twice
		if err := yaml.Unmarshal(text, &content); err != nil || len(content) == 0 {
			t.Errorf("%s: %v, %d keys", file, err, len(content))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
