package values

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
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
