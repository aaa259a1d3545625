// Package values holds all that is data about a Helm release, as plain YAML, in its own folder:
//
//	loki/chart.yaml    which chart is installed: name, version, repository, sha256
//	loki/values.yaml   its values, sized for the profile dev
//	loki/prod.yaml     what the profile prod changes
//	loki/spaces.yaml   what the option "spaces" changes; no-<part>.yaml what it takes to leave a part out
//	loki/network.yaml  who may connect to it, on which port, and why
//	loki/protected.yaml  which of its values the files in overrides/ may not change, and why
//	loki/alerts.yaml   Prometheus' rules; dashboards/*.json are Grafana's dashboards
//
// A project has releases of its own in the same format, in addons/: a Release is the same whatever its source. The
// functions of this package are about the releases of values/, the methods of Set about those of a stack.
package values

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Profiles are what Load takes as profile.
var Profiles = []string{"dev", "prod"}

// Load returns the values of the release in a folder: values.yaml, then the profile's overlay if it has one, then each
// option's, which it must have. Placeholders are replaced by the names of namespaces.
func (s Set) Load(folder, profile string, namespaces Namespaces, options ...string) (map[string]any, error) {
	release, found := s[folder]
	if !found {
		return nil, fmt.Errorf("reading values/%s/values.yaml: %w", folder, fs.ErrNotExist)
	}
	if !slices.Contains(Profiles, profile) {
		return nil, fmt.Errorf("no profile %q in values/; allowed: %s", profile, strings.Join(Profiles, ", "))
	}
	loaded, err := release.values("values.yaml")
	if err != nil {
		return nil, err
	}
	overlay, err := release.values(profile + ".yaml")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	loaded = Merge(loaded, overlay)
	for _, option := range options {
		overlay, err := release.values(option + ".yaml")
		if err != nil {
			return nil, err
		}
		loaded = Merge(loaded, overlay)
	}
	filled, err := namespaces.fillAll(loaded)
	if err != nil {
		return nil, fmt.Errorf("reading the values of %s: %w", folder, err)
	}
	return filled.(map[string]any), nil
}

// values reads a file of values of the release's folder.
func (r Release) values(file string) (map[string]any, error) {
	text, err := r.read(file)
	if err != nil {
		return nil, err
	}
	content := map[string]any{}
	if err := yaml.Unmarshal(text, &content); err != nil {
		return nil, fmt.Errorf("reading %s/%s: %w", r.Dir, file, err)
	}
	return content, nil
}

// At is the value below keys, or nil where there is none.
func At(loaded map[string]any, keys ...string) any {
	var found any = loaded
	for _, key := range keys {
		below, ok := found.(map[string]any)
		if !ok {
			return nil
		}
		found = below[key]
	}
	return found
}

// Merge lays overlay over base as Helm does with files of values: maps merge, anything else replaces, a null too, which
// then removes the chart's default. The result shares nothing with the arguments.
func Merge(base, overlay map[string]any) map[string]any {
	merged := make(map[string]any, len(base)+len(overlay))
	for key, value := range base {
		merged[key] = clone(value)
	}
	for key, value := range overlay {
		below, isMap := merged[key].(map[string]any)
		above, overMap := value.(map[string]any)
		if isMap && overMap {
			merged[key] = Merge(below, above)
			continue
		}
		merged[key] = clone(value)
	}
	return merged
}

func clone(value any) any {
	switch v := value.(type) {
	case map[string]any:
		return Merge(v, nil)
	case []any:
		cloned := make([]any, len(v))
		for i, element := range v {
			cloned[i] = clone(element)
		}
		return cloned
	}
	return value
}
