package lint

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Event is what a condition is evaluated on: values by field, with the argument in brackets as in `proc.aname[2]`. A
// field that is missing is absent. Values are texts; several are those of a list, or of all ancestors.
type Event map[string][]string

// Fires returns the names of the rules that are true on the event, in load order. Falco with `rule_matching: first`
// reports the first of them, with `all` all. The error names what is not known of a rule.
func (s *Ruleset) Fires(event Event) ([]string, error) {
	var fired []string
	for _, d := range s.definitions {
		if d.kind != "rule" || !d.enabled || d.named || d.ignored {
			continue
		}
		e := evaluation{tables: s.falco.tables(), event: event}
		if e.truth(s.resolved[d]) {
			fired = append(fired, d.name)
		}
		if e.unknown != "" {
			return nil, fmt.Errorf("rule %q: what %s means is not known without Falco's own rules", d.name, e.unknown)
		}
	}
	return fired, nil
}

type evaluation struct {
	tables  *tables
	event   Event
	unknown string // the first name whose meaning was needed
}

func (e *evaluation) truth(x Expr) bool {
	switch x := x.(type) {
	case *Not:
		return !e.truth(x.Part)
	case *All:
		for _, part := range x.Parts {
			if !e.truth(part) {
				return false
			}
		}
		return true
	case *Any:
		return slices.ContainsFunc(x.Parts, e.truth)
	case *Check:
		return e.compare(x)
	case *unknown:
		if types := e.event["evt.type"]; len(types) == 1 && !x.events.allBut && !x.events.names[types[0]] {
			return false
		}
		if e.unknown == "" {
			e.unknown = x.name
		}
	}
	return false
}

// compare is false on an absent field whatever the operator: `!=` too.
func (e *evaluation) compare(c *Check) bool {
	info, err := e.tables.operand(c.Field)
	have := e.values(c.Field)
	if err != nil || have == nil {
		return false
	}
	if c.Operator == "exists" {
		return true
	}
	want := make([]string, len(c.Values))
	for i, v := range c.Values {
		want[i] = v.Text
	}
	if c.Other != nil {
		if want = e.values(*c.Other); want == nil {
			return false
		}
	}
	matches := func(value string) bool { return compareText(c.Operator, info.kind, value, want) }
	if info.list && c.Operator == "in" { // every one, where a field has several
		return !slices.ContainsFunc(have, func(value string) bool { return !matches(value) })
	}
	return slices.ContainsFunc(have, matches)
}

// values are those of an operand, nil when it is absent.
func (e *evaluation) values(o Operand) []string {
	have := e.untransformed(o)
	if have == nil {
		return nil
	}
	info, err := e.tables.base(o)
	for _, t := range o.Transformers {
		if t == "len" && err == nil && info.list {
			have = []string{strconv.Itoa(len(have))}
			continue
		}
		for i, value := range have {
			transformed, ok := transform(t, value)
			if !ok {
				return nil
			}
			have[i] = transformed
		}
	}
	return have
}

func (e *evaluation) untransformed(o Operand) []string {
	switch o.Call {
	case "":
	case "getopt":
		if e.unknown == "" {
			e.unknown = "getopt()"
		}
		return nil
	default:
		return e.called(o)
	}
	if o.Constant != nil {
		return []string{o.Constant.Text}
	}
	name := o.Name
	if o.HasArgument {
		name += "[" + o.Argument + "]"
	}
	have, ok := e.event[name]
	if !ok || have == nil {
		return nil
	}
	return slices.Clone(have)
}

// called joins or lists values; it has none when one of them is absent.
func (e *evaluation) called(o Operand) []string {
	var each [][]string
	all := []string{}
	for _, v := range o.Values {
		have := e.values(v)
		if len(have) == 0 {
			return nil
		}
		each = append(each, have)
		all = append(all, have...)
	}
	switch o.Call {
	case "concat":
		var text strings.Builder
		for _, have := range each {
			text.WriteString(have[0])
		}
		return []string{text.String()}
	case "join":
		return []string{strings.Join(each[1], each[0][0])}
	}
	return all
}

func transform(name, value string) (string, bool) {
	switch name {
	case "tolower":
		return strings.ToLower(value), true
	case "toupper":
		return strings.ToUpper(value), true
	case "basename":
		return value[strings.LastIndexByte(value, '/')+1:], true
	case "len":
		return strconv.Itoa(len(value)), true
	}
	if strings.ContainsAny(value, "\r\n") {
		return "", false
	}
	value = strings.TrimSuffix(strings.TrimSuffix(value, "="), "=")
	decoded, err := base64.RawStdEncoding.Strict().DecodeString(value)
	return string(decoded), err == nil
}

// Truths evaluates every macro and rule of which more than the name is known, by kind and name.
func (s *Ruleset) Truths(event Event) map[string]bool {
	truths := map[string]bool{}
	for d, condition := range s.resolved {
		e := evaluation{tables: s.falco.tables(), event: event}
		if truth := e.truth(condition); e.unknown == "" {
			truths[d.kind+" "+d.name] = truth
		}
	}
	return truths
}

// Rules are all rules, those of Falco's own files too, in load order.
func (s *Ruleset) Rules() []string {
	var names []string
	for _, d := range s.definitions {
		if d.kind == "rule" {
			names = append(names, d.name)
		}
	}
	return names
}

// OwnRules are the rules that Falco's own files do not have, in load order.
func (s *Ruleset) OwnRules() []string {
	var names []string
	for _, d := range s.definitions {
		if d.kind == "rule" && !d.stock {
			names = append(names, d.name)
		}
	}
	return names
}

// RulesOf are the rules that a file defines first, in load order.
func (s *Ruleset) RulesOf(file string) []string {
	var names []string
	for _, d := range s.definitions {
		if d.kind == "rule" && d.at.File == file {
			names = append(names, d.name)
		}
	}
	return names
}
