package judge

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// File is a rule file. Files are loaded in the order they are given.
type File struct {
	Name string
	Text string
	// Stock marks Falco's own: its style is not judged.
	Stock bool
	// Names marks a file that only names what Falco's own rules define; see StockNames.
	Names bool
}

// definition is a list, a macro or a rule after all overrides.
type definition struct {
	kind  string
	name  string
	at    Position
	stock bool
	used  bool
	// index is the place in the load order; what was defined before visible can be referred to. A redefinition keeps
	// the index, so that earlier users see it, and refers to what its own file sees.
	index, visible int

	items     []Value // of a list
	condition source  // of a macro or rule
	expr      Expr    // the condition parsed
	named     bool    // only the name is known
	events    eventTypes

	enabled    bool
	quiet      bool // warn_evttypes: false
	output     source
	priority   string
	tags       []string
	exceptions []exception
}

// Ruleset is what Falco has after loading: every rule with its resolved condition.
type Ruleset struct {
	definitions []*definition
	byName      map[string]*definition // by kind and name
	resolved    map[*definition]Expr   // rules and macros
}

// Load reads files in their order and checks them. The ruleset is usable when there are no problems.
func Load(files ...File) (*Ruleset, Problems) {
	var problems Problems
	set := &Ruleset{byName: map[string]*definition{}}
	counter := 0
	for _, file := range files {
		if file.Names {
			set.addNames(file)
			counter = len(set.definitions)
			continue
		}
		before := len(problems)
		d := readDocument(file, &problems)
		for _, e := range d.entries {
			set.add(d, e, file.Stock, counter, &problems)
			counter++
		}
		if file.Stock { // Falco's own warnings are not ours to mend
			problems = append(problems[:before], slices.DeleteFunc(problems[before:], func(p Problem) bool { return p.Warning })...)
		}
	}
	set.parse(&problems)
	set.check(&problems)
	return set, problems.sorted()
}

func (s *Ruleset) find(kind, name string) *definition { return s.byName[kind+" "+name] }

func (s *Ruleset) put(d *definition) {
	s.definitions = append(s.definitions, d)
	s.byName[d.kind+" "+d.name] = d
}

// add applies one entry of a file: a definition, a redefinition or an override.
func (s *Ruleset) add(doc document, e entry, stock bool, counter int, problems *Problems) {
	previous := s.find(e.kind, e.name)
	if e.override != nil || e.onlyEnables() {
		if previous == nil {
			problems.add(e.at, "no %s %q is loaded before: nothing to override", e.kind, e.name)
			return
		}
		previous.override(doc, e, problems)
		previous.visible = counter
		return
	}
	d := &definition{kind: e.kind, name: e.name, at: e.at, stock: stock, index: counter, visible: counter, enabled: true}
	d.override(doc, e, problems)
	if previous == nil {
		s.put(d)
		return
	}
	if !stock {
		problems.warn(e.at, "this %s shadows the one of %s: write `override`, or another name", e.kind, previous.at)
	}
	d.index, d.used = previous.index, previous.used
	*previous = *d
}

// override sets what the entry gives, or appends to it where the entry says so.
func (d *definition) override(doc document, e entry, problems *Problems) {
	for _, node := range e.order {
		key, value := node.Value, e.keys[node.Value]
		appended := e.override[key] == "append"
		switch key {
		case "items":
			if !appended {
				d.items, d.named = nil, false
			}
			d.items = append(d.items, listItems(doc.file, value)...)
		case "condition":
			text := newSource(doc.file, doc.lines, value)
			if appended && d.condition.at != nil {
				text = d.condition.join(text)
			} else {
				d.named = false
			}
			d.condition = text
		case "output":
			text := newSource(doc.file, doc.lines, value)
			if appended && d.output.at != nil {
				text = d.output.join(text)
			}
			d.output = text
		case "priority":
			d.priority = strings.ToUpper(value.Value)
		case "tags":
			for _, tag := range value.Content {
				d.tags = append(d.tags, meant(tag).Value)
			}
		case "enabled":
			d.enabled = value.Value == "true"
		case "warn_evttypes":
			d.quiet = value.Value == "false"
		case "source":
			if value.Value != "syscall" {
				problems.add(doc.place(value), "source %q: no plugin of this stack provides it, only syscall is there", value.Value)
			}
		case "exceptions":
			if !appended {
				d.exceptions = nil
			}
			d.exceptions = extend(d.exceptions, readExceptions(doc, value, problems), problems)
		}
	}
}

// listItems reads a list's items. Quotes inside of YAML's quotes are for the condition the list is put into.
func listItems(file string, node *yaml.Node) []Value {
	var items []Value
	for _, item := range node.Content {
		item = meant(item)
		v := Value{at: Position{file, item.Line, item.Column}, Text: item.Value}
		if n := len(v.Text); n > 1 && (v.Text[0] == '"' || v.Text[0] == '\'') && v.Text[n-1] == v.Text[0] {
			v.Text, v.Quoted = v.Text[1:n-1], true
		}
		v.Quoted = v.Quoted || item.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0
		items = append(items, v)
	}
	return items
}

// parse parses every condition.
func (s *Ruleset) parse(problems *Problems) {
	for _, d := range s.definitions {
		if d.kind == "list" || d.condition.text == "" {
			continue
		}
		expr, problem := parse(d.condition)
		if problem != nil {
			*problems = append(*problems, *problem)
			expr = &unknown{at: d.at, name: d.name, events: anEvent}
		}
		d.expr = expr
		d.exceptions = complete(d.exceptions, problems)
	}
}
