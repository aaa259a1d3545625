package lint

import (
	"errors"
	"fmt"
	"strings"
)

// compile parses and resolves every condition and checks the rules, as the engine does after each file
// (userspace/engine/rule_loader_compiler.cpp). What no rule uses is parsed, but its fields are not looked at.
func (s *Ruleset) compile(problems *Problems) {
	for _, d := range s.definitions {
		d.used = false
	}
	s.items = map[Position]string{}
	lists := s.expandLists(problems)
	for _, d := range s.definitions {
		if d.kind == "macro" {
			s.parse(d, d.condition, lists, problems)
		}
	}
	for _, d := range s.definitions {
		if d.kind == "rule" && !d.ignored {
			s.parse(d, excepted(d.condition, d.exceptions, problems), lists, problems)
		}
	}
	r := newResolver(s, problems)
	s.resolved = r.macros
	for _, d := range s.definitions {
		if d.kind == "list" || d.expr == nil {
			continue
		}
		r.size = 0
		resolved, err := r.resolve(d)
		switch {
		case errors.Is(err, errTooLarge):
			problems.add(d.at, "the condition has more than %d parts once its names are resolved", maxSize)
		case err != nil:
			problems.add(d.at, "%v", err)
		case d.kind == "rule":
			s.checkRule(d, resolved, problems)
		}
	}
	for _, d := range s.definitions {
		before := len(*problems)
		switch {
		case d.used || d.kind == "rule":
		case d.kind == "list":
			problems.warn(d.at, unusedList, "nothing uses the list %s: is an `override` missing, or its name misspelled?",
				d.name)
		default:
			problems.warn(d.at, unusedMacro, "nothing uses the macro %s: is an `override` missing, or its name misspelled?",
				d.name)
		}
		for i := before; i < len(*problems); i++ {
			(*problems)[i].about = d
		}
	}
}

// parse parses a definition's condition with its lists written out.
func (s *Ruleset) parse(d *definition, condition source, lists []expanded, problems *Problems) {
	d.expr = nil
	if d.named {
		for _, name := range d.uses {
			if list := s.find("list", name); list != nil {
				list.used = true
			}
		}
	}
	if condition.at == nil {
		return
	}
	failed := false
	text, err := substitute(condition, lists, func(at Position, err error) {
		failed = true
		problems.add(at, "%v", err)
	})
	if err != nil {
		problems.add(d.at, "the condition has more than %d bytes once its lists are written out", maxText)
		return
	}
	if d.changed != nil {
		d.expr = d.changed
		return
	}
	if expr, known := s.parsed[text.text]; known {
		d.expr = expr
		return
	}
	expr, problem := parse(s.falco, text, problems)
	if problem != nil {
		if !failed {
			*problems = append(*problems, *problem)
		}
		expr = &unknown{at: d.at, name: d.name, events: anEvent}
	}
	d.expr = expr
}

// checkRule checks a rule's output and its resolved condition.
func (s *Ruleset) checkRule(d *definition, condition Expr, problems *Problems) {
	tables := s.falco.tables()
	s.checkOutput(d, problems)
	report := func(at Position, err error) {
		var unknown skippable
		if d.skip && errors.As(err, &unknown) {
			problems.warn(at, unknownFilter, "%v: Falco skips the rule", err)
			return
		}
		problems.add(at, "%v", err)
	}
	walk(condition, func(c *Check) {
		deprecatedFields(c.Field, problems)
		tables.checkField(s.falco, c, report, problems.warn)
	})
	switch tooMany := tables.tooMany(tables.eventsOf(condition, false)) && !d.quiet; {
	case tooMany && d.condition.text != placeholder:
		problems.warn(d.at, noEventType,
			"the rule matches too many event types: it would be evaluated on every system call; "+
				"begin with `evt.type in (...)`, and put what is appended with `or` in parentheses")
	case tooMany && len(d.needs) > 0:
		problems.warn(d.at, noEventType,
			"rules of Falco get their event types from this macro, and would be evaluated on every system call: "+
				"begin with `evt.type in (...)`, and put what is appended with `or` in parentheses")
		(*problems)[len(*problems)-1].about = d
	}
}

// walk calls found for every comparison.
func walk(e Expr, found func(*Check)) {
	switch e := e.(type) {
	case *Not:
		walk(e.Part, found)
	case *All:
		for _, part := range e.Parts {
			walk(part, found)
		}
	case *Any:
		for _, part := range e.Parts {
			walk(part, found)
		}
	case *Check:
		found(e)
	case *unknown:
		if e.check != nil {
			found(e.check)
		}
	}
}

// deprecated are fields without a meaning since the events of a call's start are gone.
var deprecated = []string{"evt.dir", "evt.latency", "evt.latency.s", "evt.latency.ns", "evt.latency.human",
	"evt.wait_latency"}

func deprecatedFields(o Operand, problems *Problems) {
	for _, v := range o.Values {
		deprecatedFields(v, problems)
	}
	for _, name := range deprecated {
		switch {
		case o.Name != name:
		case name == "evt.dir":
			problems.warn(o.at, deprecatedItem, "evt.dir is deprecated and always `<`: leave it out")
		default:
			problems.warn(o.at, deprecatedItem, "%s is deprecated", name)
			problems.warn(o.at, neverMatches, "%s has no value any more: no comparison with it is true", name)
		}
	}
}

// checkOutput checks what a rule prints.
func (s *Ruleset) checkOutput(d *definition, problems *Problems) {
	if d.output.at == nil {
		return
	}
	text := strings.Trim(d.output.text, " \t\n\r\v\f")
	offset := strings.Index(d.output.text, text)
	if strings.Contains(text, "%container.info") {
		problems.warn(d.output.at[0], deprecatedItem,
			"output: %%container.info is deprecated and prints nothing: leave it out")
	}
	checked := strings.ReplaceAll(text, "%container.info", "")
	if checked != text {
		offset = 0
	}
	if place, err := s.falco.checkFormat(checked); err != nil {
		at := d.output.at[min(offset+place, len(d.output.text))]
		var unknown skippable
		if d.skip && errors.As(err, &unknown) {
			problems.warn(at, unknownFilter, "output: %v: Falco skips the rule", err)
		} else {
			problems.add(at, "output: %v", err)
		}
	}
	for _, name := range deprecated {
		if strings.Contains(text, name) {
			problems.warn(d.output.at[0], deprecatedItem, "%s", fmt.Sprintf("output: %s is deprecated: leave it out", name))
			break
		}
	}
}
