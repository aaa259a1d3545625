package lint

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// exception is a named hole in a rule: the rule stays silent where the fields compare with one row of values.
type exception struct {
	at     Position
	name   string
	fields cell
	comps  cell
	rows   []cell
}

// cell is a text or a list of cells. Neither is what a key without a value leaves.
type cell struct {
	at    Position
	list  bool
	text  string
	cells []cell
}

func (c cell) given() bool { return c.list && len(c.cells) > 0 || !c.list && c.text != "" }

// readExceptions reads the exceptions of a rule's entry. change says that they are appended to those there are.
func readExceptions(doc *document, node *yaml.Node, change bool) []exception {
	var read []exception
	if isNull(node) {
		return nil
	}
	for _, n := range node.Content {
		n = meant(n)
		e := exception{at: doc.place(n)}
		if n.Kind != yaml.MappingNode {
			doc.problems.add(e.at, "an exception is {name, fields, comps, values}")
			continue
		}
		if name := value(n, "name"); !isText(name) {
			doc.problems.add(e.at, "an exception has a name")
			continue
		} else {
			e.name = name.Value
		}
		if slices.ContainsFunc(read, func(other exception) bool { return other.name == e.name }) {
			doc.problems.warn(e.at, exceptionTwice, "exception %s is defined twice", e.name)
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if key := n.Content[i]; !slices.Contains([]string{"name", "fields", "comps", "values"}, key.Value) {
				doc.problems.warn(doc.place(key), ignoredKey,
					"unknown key %s is ignored: an exception has name, fields, comps, values",
					key.Value)
			}
		}
		e.fields, e.comps = readCell(doc, value(n, "fields")), readCell(doc, value(n, "comps"))
		if value(n, "fields") == nil && !change {
			doc.problems.add(e.at, "exception %s has no fields", e.name)
		}
		switch values := value(n, "values"); {
		case values == nil && change:
			doc.problems.warn(e.at, appendNoValues, "exception %s is appended to without values", e.name)
		case values == nil:
		case values.Kind != yaml.SequenceNode:
			doc.problems.add(doc.place(values), "exception %s: values: want a list", e.name)
		default:
			e.rows = readCell(doc, values).cells
		}
		read = append(read, e)
	}
	return read
}

func readCell(doc *document, node *yaml.Node) cell {
	if node == nil {
		return cell{}
	}
	node = meant(node)
	c := cell{at: doc.place(node)}
	switch node.Kind {
	case yaml.ScalarNode:
		switch {
		case isNull(node): // a text without characters
		case node.Value == "":
			doc.problems.add(c.at, "exceptions: a value is empty")
		default:
			c.text = node.Value
		}
	case yaml.SequenceNode:
		c.list = true
		for _, n := range node.Content {
			if n.Kind == yaml.AliasNode && n.Alias == node {
				continue
			}
			c.cells = append(c.cells, readCell(doc, n))
		}
	}
	return c
}

// extend appends exceptions: one with a known name adds its values only.
func extend(falco Falco, exceptions []exception, more []exception, problems *Problems) []exception {
	exceptions = slices.Clone(exceptions)
	for _, e := range more {
		i := slices.IndexFunc(exceptions, func(known exception) bool { return known.name == e.name })
		switch {
		case i >= 0 && (e.fields.given() || e.comps.given()):
			problems.add(e.at, "exception %s is there already: append values only, without fields and comps", e.name)
		case i >= 0:
			exceptions[i].rows = append(slices.Clip(exceptions[i].rows), e.rows...)
		case !e.fields.given():
			problems.add(e.at, "exception %s is not there: give its fields and values", e.name)
		case len(e.rows) == 0:
			problems.add(e.at, "exception %s has no values", e.name)
		case e.complete(falco, problems):
			exceptions = append(exceptions, e)
		}
	}
	return exceptions
}

// complete fills in the comparisons that may be left out, and reports fields and comparisons that do not fit together.
func (e *exception) complete(falco Falco, problems *Problems) bool {
	before := len(*problems)
	if !e.fields.given() {
		problems.add(e.at, "exception %s has no fields", e.name)
		return false
	}
	if !e.comps.given() {
		e.comps = cell{at: e.at, text: "in"}
		if e.fields.list {
			e.comps = cell{at: e.at, list: true}
			for range e.fields.cells {
				e.comps.cells = append(e.comps.cells, cell{at: e.at, text: "="})
			}
		}
	}
	fields, comps := e.fields.cells, slices.Clone(e.comps.cells)
	if !e.fields.list {
		fields, comps = []cell{e.fields}, []cell{e.comps}
	}
	if e.fields.list != e.comps.list || len(fields) != len(comps) {
		problems.add(e.at, "exception %s has %d fields and %d comps", e.name, len(fields), len(e.comps.cells))
		return false
	}
	for i := range comps {
		if falco.since("0.44") {
			comps[i].text = strings.Trim(comps[i].text, " \t\r\n")
		}
		switch comp := comps[i].text; {
		case !falco.knownOperator(comp):
			problems.add(comps[i].at, "exception %s: %q is no operator", e.name, comp)
		case !e.fields.list && (!takesList(comp)):
			problems.add(comps[i].at, "exception %s has one field: want in, intersects or pmatch, not %s", e.name, comp)
		}
	}
	for _, f := range fields {
		if err := falco.tables().exceptionField(falco, f); err != nil {
			problems.add(f.at, "exception %s: %v", e.name, err)
		}
	}
	e.comps.cells = comps
	if !e.fields.list {
		e.comps = comps[0]
	}
	return len(*problems) == before
}

// exceptionField says whether a text is a field, or a transformer around one.
func (t *tables) exceptionField(falco Falco, field cell) error {
	if !strings.Contains(field.text, "(") {
		_, err := t.field(field.text)
		return err
	}
	var ignored Problems
	expr, problem := parse(falco, textAt(field.text+" exists", field.at), &ignored)
	if problem != nil {
		return problem
	}
	check, ok := expr.(*Check)
	if !ok {
		return &Problem{Message: field.text + " is no field"}
	}
	_, err := t.operand(check.Field)
	return err
}
