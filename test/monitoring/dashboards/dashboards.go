// Package dashboards reads values/<release>/dashboards, as far as tests need Grafana's model.
package dashboards

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"

	"doks-security/values"
)

// Dashboard is one of Grafana's.
type Dashboard struct {
	UID           string `json:"uid"`
	Title         string `json:"title"`
	SchemaVersion int    `json:"schemaVersion"`
	Templating    struct {
		List []struct {
			Name       string     `json:"name"`
			Label      string     `json:"label"`
			AllValue   string     `json:"allValue"`
			Datasource Datasource `json:"datasource"`
			Query      struct {
				Query string `json:"query"`
			} `json:"query"`
		} `json:"list"`
	} `json:"templating"`
	Panels []Panel `json:"panels"`
}

// Datasource is what a panel reads from.
type Datasource struct{ Type, UID string }

// Panel is one rectangle of a dashboard; a row is one too.
type Panel struct {
	ID          int                      `json:"id"`
	Title       string                   `json:"title"`
	Description string                   `json:"description"`
	Type        string                   `json:"type"`
	GridPos     struct{ X, Y, W, H int } `json:"gridPos"` // in 24 columns
	Source      Datasource               `json:"datasource"`
	Targets     []struct {
		RefID        string `json:"refId"`
		Expr         string `json:"expr"`
		LegendFormat string `json:"legendFormat"`
	} `json:"targets"`
	FieldConfig     json.RawMessage  `json:"fieldConfig"`
	Transformations []Transformation `json:"transformations"`
}

// Transformation changes the table of a panel.
type Transformation struct {
	ID      string          `json:"id"`
	Options json.RawMessage `json:"options"`
}

// Builtin are variables that Grafana fills in by the time shown and the panel's width; here for a quarter of a day.
var Builtin = map[string]string{"__interval": "2m", "__range": "6h", "__rate_interval": "5m"}

var variable = regexp.MustCompile(`\$([a-zA-Z_]+)`)

// Read returns all dashboards by their uid.
func Read() (map[string]Dashboard, error) {
	files, err := values.Dashboards()
	if err != nil {
		return nil, err
	}
	dashboards := map[string]Dashboard{}
	for uid, text := range files {
		var d Dashboard
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			return nil, fmt.Errorf("dashboards/%s.json: %w", uid, err)
		}
		dashboards[uid] = d
	}
	return dashboards, nil
}

// ReadFile reads the dashboard in a file, such as that of an addon.
func ReadFile(file string) (Dashboard, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return Dashboard{}, err
	}
	var d Dashboard
	if err := json.Unmarshal(text, &d); err != nil {
		return Dashboard{}, fmt.Errorf("%s: %w", file, err)
	}
	return d, nil
}

// Queries are the queries of its panels, by where they are.
func (d Dashboard) Queries() map[string]string {
	queries := map[string]string{}
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			queries[fmt.Sprintf("panel %d %q, %s", p.ID, p.Title, target.RefID)] = target.Expr
		}
	}
	return queries
}

// Fill puts a value for every variable of the dashboard, as Grafana does; one that does not exist is an error.
func (d Dashboard) Fill(expr string, with func(name string) string) (string, error) {
	var unknown error
	filled := variable.ReplaceAllStringFunc(expr, func(match string) string {
		name := match[1:]
		if value, ok := Builtin[name]; ok {
			return value
		}
		for _, v := range d.Templating.List {
			if v.Name == name {
				return with(name)
			}
		}
		unknown = fmt.Errorf("the dashboard %s has no variable %s", d.UID, match)
		return match
	})
	return filled, unknown
}

// All is what Grafana puts in for a variable set to All; nothing for one that does not exist.
func (d Dashboard) All(name string) string {
	for _, v := range d.Templating.List {
		if v.Name == name {
			return v.AllValue
		}
	}
	return ""
}
