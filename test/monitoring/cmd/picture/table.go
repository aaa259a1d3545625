package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"

	"doks-security/test/monitoring/dashboards"
	"doks-security/test/monitoring/scenario"
)

// table has its columns in order; a row may lack some.
type table struct {
	Columns []string
	Rows    []map[string]any
}

func (t *table) add(column string) {
	if !slices.Contains(t.Columns, column) {
		t.Columns = append(t.Columns, column)
	}
}

// ofVector is what Grafana makes of an instant query: a column a label, and the value.
func ofVector(vector promql.Vector, value string) table {
	var t table
	for _, sample := range vector {
		row := map[string]any{value: sample.F}
		sample.Metric.Range(func(l labels.Label) {
			t.add(l.Name)
			row[l.Name] = l.Value
		})
		t.Rows = append(t.Rows, row)
	}
	t.add(value)
	return t
}

// ofLines is what extractFields makes of log lines: the time, and a column a label.
func ofLines(lines []scenario.Line) table {
	t := table{Columns: []string{"Time"}}
	for _, l := range lines {
		row := map[string]any{"Time": l.At.Format("2006-01-02 15:04:05")}
		for name, value := range l.Labels {
			row[name] = value
		}
		for name, value := range l.Fields {
			row[name] = value
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// transform does what Grafana's transformations of these names do, as far as our dashboards use them.
func transform(frames []table, by []dashboards.Transformation) (*table, error) {
	t := frames[0]
	for _, transformation := range by {
		switch transformation.ID {
		case "merge":
			t = merge(frames)
		case "extractFields": // ofLines has done it
		case "organize":
			var o organize
			if err := json.Unmarshal(transformation.Options, &o); err != nil {
				return nil, err
			}
			t = o.apply(t)
		case "sortBy":
			var o struct{ Sort []struct{ Field string } }
			if err := json.Unmarshal(transformation.Options, &o); err != nil {
				return nil, err
			}
			slices.SortStableFunc(t.Rows, func(a, b map[string]any) int {
				x, _ := a[o.Sort[0].Field].(float64)
				y, _ := b[o.Sort[0].Field].(float64)
				return cmp.Compare(y, x)
			})
		default:
			return nil, fmt.Errorf("the transformation %q is not drawn", transformation.ID)
		}
	}
	return &t, nil
}

// merge puts rows of several tables into one where all columns they share are equal.
func merge(frames []table) table {
	var merged table
	for _, frame := range frames {
		for _, column := range frame.Columns {
			merged.add(column)
		}
	next:
		for _, row := range frame.Rows {
			for _, before := range merged.Rows {
				if agree(row, before) {
					for column, value := range row {
						before[column] = value
					}
					continue next
				}
			}
			merged.Rows = append(merged.Rows, row)
		}
	}
	return merged
}

func agree(a, b map[string]any) bool {
	for column, value := range a {
		if other, both := b[column]; both && other != value {
			return false
		}
	}
	return true
}

type organize struct {
	ExcludeByName map[string]bool
	IncludeByName map[string]bool
	IndexByName   map[string]int
	RenameByName  map[string]string
}

func (o organize) apply(t table) table {
	for column := range o.IncludeByName {
		t.add(column)
	}
	columns := slices.DeleteFunc(t.Columns, func(column string) bool {
		return o.ExcludeByName[column] || len(o.IncludeByName) > 0 && !o.IncludeByName[column]
	})
	slices.SortStableFunc(columns, func(a, b string) int { return cmp.Compare(o.IndexByName[a], o.IndexByName[b]) })
	organized := table{}
	for _, column := range columns {
		organized.add(o.name(column))
	}
	for _, row := range t.Rows {
		kept := map[string]any{}
		for _, column := range columns {
			kept[o.name(column)] = row[column]
		}
		organized.Rows = append(organized.Rows, kept)
	}
	return organized
}

func (o organize) name(column string) string {
	if renamed, ok := o.RenameByName[column]; ok {
		return renamed
	}
	return column
}
