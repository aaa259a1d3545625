package values

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed */dashboards/*.json
var dashboardFiles embed.FS

// Dashboards returns Grafana's dashboards of all releases as JSON, by uid: the name of their file.
func Dashboards() (map[string]string, error) {
	names, err := fs.Glob(dashboardFiles, "*/dashboards/*.json")
	if err != nil {
		return nil, fmt.Errorf("reading the dashboards: %w", err)
	}
	dashboards := map[string]string{}
	for _, name := range names {
		text, err := dashboardFiles.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("reading the dashboards: %w", err)
		}
		dashboards[strings.TrimSuffix(path.Base(name), ".json")] = string(text)
	}
	return dashboards, nil
}

// WithoutLogs is a dashboard without the panels that query Loki. Grafana moves the panels below them up.
func WithoutLogs(dashboard string) (string, error) {
	var d map[string]any
	if err := json.Unmarshal([]byte(dashboard), &d); err != nil {
		return "", fmt.Errorf("reading a dashboard: %w", err)
	}
	panels, _ := d["panels"].([]any)
	d["panels"] = slices.DeleteFunc(panels, func(panel any) bool {
		object, _ := panel.(map[string]any)
		return At(object, "datasource", "type") == "loki"
	})
	text, err := json.MarshalIndent(d, "", "  ")
	return string(text), err
}
