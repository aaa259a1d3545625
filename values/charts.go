package values

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"gopkg.in/yaml.v3"
)

// Chart pins an archive of the repository, an https:// or oci:// address. SHA256 is that of the published archive in
// hexadecimal digits; empty when unknown.
type Chart struct {
	Name       string `yaml:"name"`
	Version    string `yaml:"version"`
	AppVersion string `yaml:"appVersion"`
	Repository string `yaml:"repository"`
	SHA256     string `yaml:"sha256"`

	File string `yaml:"-"` // the pin's file, from the project's directory: values/loki/chart.yaml
}

// Charts returns the pins by entry. The entry of <release>/chart.yaml is the release, that of <release>/chart-8.yaml,
// another version of its chart, is <release>-8.
func Charts() (map[string]Chart, error) {
	names, err := fs.Glob(files, "*/chart*.yaml")
	if err != nil {
		return nil, fmt.Errorf("reading the chart pins: %w", err)
	}
	charts := map[string]Chart{}
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("reading the chart pins: %w", err)
		}
		chart := Chart{File: "values/" + name}
		decoder := yaml.NewDecoder(bytes.NewReader(text))
		decoder.KnownFields(true)
		if err := decoder.Decode(&chart); err != nil {
			return nil, fmt.Errorf("reading %s: %w", chart.File, err)
		}
		variant := strings.TrimSuffix(strings.TrimPrefix(path.Base(name), "chart"), ".yaml")
		charts[path.Dir(name)+variant] = chart
	}
	return charts, nil
}
