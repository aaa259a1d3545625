package values

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Dashboards returns Grafana's dashboards of the releases as JSON, by uid: the name of their file. Two of one uid are
// an error.
func (s Set) Dashboards() (map[string]string, error) {
	dashboards, of := map[string]string{}, map[string]string{}
	for _, folder := range s.Folders() {
		names, err := fs.Glob(s[folder].files, "dashboards/*.json")
		if err != nil {
			return nil, fmt.Errorf("reading the dashboards: %w", err)
		}
		for _, name := range names {
			text, err := s[folder].read(name)
			if err != nil {
				return nil, err
			}
			uid := strings.TrimSuffix(path.Base(name), ".json")
			if other, found := of[uid]; found {
				return nil, fmt.Errorf("%s/%s: %s has a dashboard of this name, too", s[folder].Dir, name, s[other].Dir)
			}
			dashboards[uid], of[uid] = string(text), folder
		}
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
