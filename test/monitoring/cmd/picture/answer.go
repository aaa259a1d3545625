package main

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"doks-security/test/monitoring/dashboards"
	"doks-security/test/monitoring/scenario"
)

// shownTime is how far back a dashboard looks when it is opened: dashboards.Builtin's __range.
const shownTime = 6 * time.Hour

// panel is a dashboard's panel with what its queries return, as draw.js wants it.
type panel struct {
	Title, Description, Type string
	GridPos                  struct{ X, Y, W, H int }
	FieldConfig              json.RawMessage
	Series                   []series `json:",omitempty"`
	Value                    *float64 `json:",omitempty"`
	Table                    *table   `json:",omitempty"`
	Lines                    []line   `json:",omitempty"`
	Note                     string   `json:",omitempty"`
	Query                    string   `json:",omitempty"` // of a panel that stays empty
}

type series struct {
	Name   string
	Points [][2]float64 // seconds, value
}

type line struct{ Time, Text string }

// answer runs the queries of all panels.
func answer(ctx context.Context, lived *scenario.Day, d dashboards.Dashboard) ([]panel, error) {
	var panels []panel
	for _, p := range d.Panels {
		shown := panel{Title: p.Title, Description: p.Description, Type: p.Type, GridPos: p.GridPos,
			FieldConfig: p.FieldConfig}
		exprs := make([]string, len(p.Targets))
		for i, target := range p.Targets {
			expr, err := d.Fill(target.Expr, d.All)
			if err != nil {
				return nil, err
			}
			exprs[i] = expr
		}
		if err := shown.ask(ctx, lived, p, exprs); err != nil {
			return nil, fmt.Errorf("%s, panel %q: %w", d.Title, p.Title, err)
		}
		panels = append(panels, shown)
	}
	return panels, nil
}

func (shown *panel) ask(ctx context.Context, lived *scenario.Day, p dashboards.Panel, exprs []string) error {
	switch {
	case p.Type == "row":
		return nil
	case p.Source.Type == "loki":
		return shown.askLogs(p, exprs[0])
	case p.Type == "timeseries":
		matrix, err := lived.Range(ctx, exprs[0], now.Add(-shownTime), now)
		if err != nil {
			return err
		}
		for _, s := range matrix {
			one := series{Name: legend(p.Targets[0].LegendFormat, s.Metric)}
			for _, point := range s.Floats {
				one.Points = append(one.Points, [2]float64{float64(point.T) / 1000, point.F})
			}
			shown.Series = append(shown.Series, one)
		}
		return nil
	case p.Type == "stat":
		vector, err := lived.Instant(ctx, exprs[0], now)
		if err != nil {
			return err
		}
		if len(vector) != 1 {
			return fmt.Errorf("%d values", len(vector))
		}
		shown.Value = &vector[0].F
		return nil
	}
	var frames []table
	for i, expr := range exprs {
		vector, err := lived.Instant(ctx, expr, now)
		if err != nil {
			return err
		}
		value := "Value"
		if len(exprs) > 1 {
			value += " #" + p.Targets[i].RefID
		}
		frames = append(frames, ofVector(vector, value))
	}
	var err error
	shown.Table, err = transform(frames, p.Transformations)
	return err
}

// askLogs shows the lines of the generated events; where there are none, the query.
func (shown *panel) askLogs(p dashboards.Panel, expr string) error {
	lines, err := scenario.Lines(expr, now.Add(-shownTime), now)
	if err != nil {
		return err
	}
	shown.Note = "Loki does not run here: these are the generated events that the selector matches."
	switch {
	case len(lines) == 0:
		shown.Note, shown.Query = "Loki does not run here, and these lines are not generated. The query:", expr
	case p.Type == "table":
		shown.Table, err = transform([]table{ofLines(lines)}, p.Transformations)
	default:
		for _, l := range lines {
			shown.Lines = append(shown.Lines, line{l.At.Format("15:04:05"), l.Text})
		}
	}
	return err
}

var placeholder = regexp.MustCompile(`\{\{(\w+)\}\}`)

// legend fills the labels of a series into {{name}}.
func legend(format string, of labels.Labels) string {
	return placeholder.ReplaceAllStringFunc(format, func(match string) string { return of.Get(match[2 : len(match)-2]) })
}
