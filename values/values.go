// Package values holds what the Helm charts are told, as plain YAML: one file a release, sized for the dev profile;
// prod/ and options/ hold only what differs. The charts' versions are pinned in charts.yaml.
package values

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"

	"gopkg.in/yaml.v3"
)

//go:embed *.yaml prod options
var files embed.FS

// Chart pins an archive. SHA256 is the digest of the published one; empty when unknown.
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

// Load returns a release's values: its file, then the profile's overlay, then each option's. A release without an
// overlay is the same in every profile.
func Load(release, profile string, options ...string) (map[string]any, error) {
	loaded, err := read(release + ".yaml")
	if err != nil {
		return nil, err
	}
	overlays := []string{path.Join(profile, release+".yaml")}
	for _, option := range options {
		overlays = append(overlays, path.Join("options", option, release+".yaml"))
	}
	for _, file := range overlays {
		overlay, err := read(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		loaded = Merge(loaded, overlay)
	}
	return loaded, nil
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

// Merge lays overlay over base as Helm does: maps merge, anything else replaces. Neither argument changes.
func Merge(base, overlay map[string]any) map[string]any {
	merged := maps.Clone(base)
	if merged == nil {
		merged = map[string]any{}
	}
	for key, value := range overlay {
		below, isMap := merged[key].(map[string]any)
		above, overMap := value.(map[string]any)
		if isMap && overMap {
			merged[key] = Merge(below, above)
			continue
		}
		merged[key] = value
	}
	return merged
}
