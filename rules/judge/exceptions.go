package judge

import (
	"slices"

	"gopkg.in/yaml.v3"
)

// exception is a named hole in a rule: the rule stays silent where the fields compare with one row of values.
type exception struct {
	at     Position
	name   string
	fields []Value
	single bool // one field, not a list of them: its values are one row
	comps  []string
	rows   [][][]Value // rows, fields, values
}

func readExceptions(doc document, node *yaml.Node, problems *Problems) []exception {
	var read []exception
	for _, n := range node.Content {
		e := exception{at: doc.place(n)}
		if n.Kind != yaml.MappingNode {
			problems.add(e.at, "an exception is {name, fields, comps, values}")
			continue
		}
		var values *yaml.Node
		for i := 0; i+1 < len(n.Content); i += 2 {
			switch key, value := n.Content[i], n.Content[i+1]; key.Value {
			case "name":
				e.name = value.Value
			case "fields":
				e.fields, e.single = valuesOf(doc, value), value.Kind == yaml.ScalarNode
			case "comps":
				for _, comp := range valuesOf(doc, value) {
					e.comps = append(e.comps, comp.Text)
				}
			case "values":
				values = value
			default:
				problems.warn(doc.place(key), "unknown key %s: an exception has name, fields, comps, values", key.Value)
			}
		}
		e.readRows(doc, values)
		read = append(read, e)
	}
	return read
}

func (e *exception) readRows(doc document, values *yaml.Node) {
	switch {
	case values == nil:
	case e.single || !slices.ContainsFunc(values.Content, func(row *yaml.Node) bool { return row.Kind == yaml.SequenceNode }):
		e.rows = [][][]Value{{valuesOf(doc, values)}}
	default:
		for _, row := range values.Content {
			var cells [][]Value
			for _, cell := range row.Content {
				cells = append(cells, valuesOf(doc, cell))
			}
			e.rows = append(e.rows, cells)
		}
	}
}

func valuesOf(doc document, node *yaml.Node) []Value {
	if node.Kind == yaml.ScalarNode {
		return []Value{{at: doc.place(node), Text: node.Value}}
	}
	return listItems(doc.file, node)
}

// extend appends exceptions: one with a known name adds its values only.
func extend(exceptions []exception, more []exception, problems *Problems) []exception {
	for _, e := range more {
		i := slices.IndexFunc(exceptions, func(known exception) bool { return known.name == e.name })
		switch {
		case i < 0:
			exceptions = append(exceptions, e)
		case len(e.fields) > 0 || len(e.comps) > 0:
			problems.add(e.at, "exception %s is there already: append values only, without fields and comps", e.name)
		default:
			exceptions[i].rows = append(slices.Clip(exceptions[i].rows), e.rows...)
		}
	}
	return exceptions
}

// complete drops the exceptions that cannot be used.
func complete(exceptions []exception, problems *Problems) []exception {
	var usable []exception
	for _, e := range exceptions {
		if e.complete(problems) {
			usable = append(usable, e)
		}
	}
	return usable
}

// complete fills in the comparisons that may be left out, and reports what does not fit together.
func (e *exception) complete(problems *Problems) bool {
	before := len(*problems)
	if e.name == "" {
		problems.add(e.at, "an exception has a name")
	}
	for i := 0; len(e.comps) == i && i < len(e.fields); i++ {
		e.comps = append(e.comps, map[bool]string{true: "in", false: "="}[e.single])
	}
	if len(e.fields) == 0 || len(e.comps) != len(e.fields) {
		problems.add(e.at, "exception %s has %d fields and %d comps", e.name, len(e.fields), len(e.comps))
	}
	for _, comp := range e.comps {
		if !slices.Contains(slices.Concat(numberOperators, equalOperators, textOperators, listOperators), comp) {
			problems.add(e.at, "exception %s: %q is no operator", e.name, comp)
		} else if e.single && !listOperator(comp) {
			problems.add(e.at, "exception %s has one field: want in, intersects or pmatch, not %s", e.name, comp)
		}
	}
	for _, row := range e.rows {
		if len(row) != len(e.fields) || slices.ContainsFunc(row, func(cell []Value) bool { return len(cell) == 0 }) {
			problems.add(e.at, "exception %s has %d fields and a row of %d values", e.name, len(e.fields), len(row))
		}
	}
	return len(*problems) == before
}

// excepted is the condition without what the exceptions let through.
func excepted(condition Expr, exceptions []exception) Expr {
	parts := []Expr{condition}
	for _, e := range exceptions {
		for _, row := range e.rows {
			var checks []Expr
			for i, f := range e.fields {
				operand := Operand{at: f.at, Name: f.Text}
				checks = append(checks, &Check{at: f.at, Field: operand, Operator: e.comps[i], Values: row[i]})
			}
			parts = append(parts, &Not{e.at, &All{e.at, checks}})
		}
	}
	if len(parts) == 1 {
		return condition
	}
	return &All{condition.Pos(), parts}
}
