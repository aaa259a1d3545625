// Package values holds what the Helm charts are told, as plain YAML: one file a release, sized for the dev profile;
// prod/ and options/ hold only what differs. The charts' versions are pinned in charts.yaml.
package values

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

//go:embed *.yaml prod options
var files embed.FS

// Chart pins an archive of the repository, an https:// or oci:// address. SHA256 is that of the published archive in
// hexadecimal digits; empty when unknown.
type Chart struct {
	Name       string `yaml:"name"`
	Version    string `yaml:"version"`
	AppVersion string `yaml:"appVersion"`
	Repository string `yaml:"repository"`
	SHA256     string `yaml:"sha256"`
}

// Charts returns the pins, by entry: a release's name, or falco-8 for the last Falco with a gRPC output.
func Charts() (map[string]Chart, error) {
	text, err := files.ReadFile("charts.yaml")
	if err != nil {
		return nil, fmt.Errorf("reading the chart pins: %w", err)
	}
	charts := map[string]Chart{}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&charts); err != nil {
		return nil, fmt.Errorf("reading the chart pins: %w", err)
	}
	return charts, nil
}

// Profiles are what Load takes as profile.
var Profiles = []string{"dev", "prod"}

// Load returns a release's values: its file, then the profile's overlay if it has one, then each option's, which it
// must have. Placeholders are replaced by the names of namespaces.
func Load(release, profile string, namespaces Namespaces, options ...string) (map[string]any, error) {
	if !slices.Contains(Profiles, profile) {
		return nil, fmt.Errorf("no profile %q in values/; allowed: %s", profile, strings.Join(Profiles, ", "))
	}
	loaded, err := read(release + ".yaml")
	if err != nil {
		return nil, err
	}
	overlay, err := read(path.Join(profile, release+".yaml"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	loaded = Merge(loaded, overlay)
	for _, option := range options {
		overlay, err := read(path.Join("options", option, release+".yaml"))
		if err != nil {
			return nil, err
		}
		loaded = Merge(loaded, overlay)
	}
	filled, err := namespaces.fillAll(loaded)
	if err != nil {
		return nil, fmt.Errorf("reading the values of %s: %w", release, err)
	}
	return filled.(map[string]any), nil
}

func read(file string) (map[string]any, error) {
	text, err := files.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading values/%s: %w", file, err)
	}
	content := map[string]any{}
	if err := yaml.Unmarshal(text, &content); err != nil {
		return nil, fmt.Errorf("reading values/%s: %w", file, err)
	}
	return content, nil
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
