package judge

import (
	"errors"
	"fmt"
	"slices"
)

// maxSize bounds a resolved condition: macros that double each other grow without end.
const maxSize = 50_000

// resolver replaces macros by their conditions and lists by their items.
type resolver struct {
	set      *Ruleset
	problems *Problems
	macros   map[*definition]Expr
	sizes    map[*definition]int
	lists    map[*definition][]Value
	open     map[*definition]bool // being resolved: to find definitions that contain themselves
	size     int
}

func newResolver(set *Ruleset, problems *Problems) *resolver {
	return &resolver{
		set: set, problems: problems, macros: map[*definition]Expr{}, sizes: map[*definition]int{},
		lists: map[*definition][]Value{}, open: map[*definition]bool{},
	}
}

var errTooLarge = errors.New("too large")

// resolve returns a definition's condition without names.
func (r *resolver) resolve(d *definition) (Expr, error) {
	if resolved, done := r.macros[d]; done {
		if r.size += r.sizes[d]; r.size > maxSize {
			return nil, errTooLarge
		}
		return resolved, nil
	}
	if r.open[d] {
		return nil, fmt.Errorf("the %s %s contains itself", d.kind, d.name)
	}
	r.open[d] = true
	defer delete(r.open, d)
	before := r.size
	resolved, err := r.expr(excepted(d.expr, d.exceptions), d)
	if err != nil {
		return nil, err
	}
	r.macros[d], r.sizes[d] = resolved, r.size-before
	return resolved, nil
}

func (r *resolver) expr(e Expr, in *definition) (Expr, error) {
	if r.size++; r.size > maxSize {
		return nil, errTooLarge
	}
	switch e := e.(type) {
	case *Not:
		part, err := r.expr(e.Part, in)
		return &Not{e.at, part}, err
	case *All:
		parts, err := r.parts(e.Parts, in)
		return &All{e.at, parts}, err
	case *Any:
		parts, err := r.parts(e.Parts, in)
		return &Any{e.at, parts}, err
	case *Macro:
		return r.macro(e, in)
	case *Check:
		return r.check(e, in)
	}
	return e, nil
}

func (r *resolver) parts(parts []Expr, in *definition) ([]Expr, error) {
	resolved := make([]Expr, len(parts))
	for i, part := range parts {
		var err error
		if resolved[i], err = r.expr(part, in); err != nil {
			return nil, err
		}
	}
	return resolved, nil
}

func (r *resolver) macro(e *Macro, in *definition) (Expr, error) {
	if e.Name == placeholder {
		return &unknown{at: e.at, name: in.name, events: in.events}, nil
	}
	d := r.set.find("macro", e.Name)
	switch {
	case d == nil || d.expr == nil:
		r.problems.add(e.at, "unknown macro %s", e.Name)
		return &unknown{at: e.at, name: e.Name, events: anEvent}, nil
	case in.kind == "macro" && d.index >= in.visible && d != in: // rules see every macro
		r.problems.add(e.at, "macro %s is defined after its use: move it up", e.Name)
	}
	d.used = true
	return r.resolve(d)
}

// check replaces the names of lists in a comparison by their items.
func (r *resolver) check(e *Check, in *definition) (Expr, error) {
	resolved := *e
	resolved.Values = nil
	if e.Values != nil || listOperator(e.Operator) {
		resolved.Values = []Value{}
	}
	for _, v := range e.Values {
		list := r.set.find("list", v.Text)
		switch {
		case v.Quoted || (list == nil && !listOperator(e.Operator)):
			resolved.Values = append(resolved.Values, v)
		case list == nil:
			if !in.stock && looksLikeList(v.Text) && e.Field.Name != "evt.type" {
				r.problems.add(v.at, "no list %s is defined: Falco takes it for a text; if it is one, put it in quotes", v.Text)
			}
			resolved.Values = append(resolved.Values, v)
		case !listOperator(e.Operator):
			r.problems.add(v.at, "%s is a list: compare with `in (%s)`, not `%s`", v.Text, v.Text, e.Operator)
			resolved.Values = append(resolved.Values, v)
		case list.named:
			list.used = true
			return &unknown{at: e.at, name: v.Text, events: everyEvent}, nil
		default:
			items, err := r.list(list)
			if err != nil {
				return nil, err
			}
			list.used = true
			resolved.Values = append(resolved.Values, items...)
		}
		if r.size += len(resolved.Values); r.size > maxSize {
			return nil, errTooLarge
		}
	}
	checkFields(&resolved, r.problems)
	return &resolved, nil
}

// list expands the lists in a list. Only those defined before count; other names are literals.
func (r *resolver) list(d *definition) ([]Value, error) {
	if items, done := r.lists[d]; done {
		return items, nil
	}
	if r.open[d] {
		return nil, fmt.Errorf("the list %s contains itself", d.name)
	}
	r.open[d] = true
	defer delete(r.open, d)
	var items []Value
	for _, v := range d.items {
		other := r.refers(d, v)
		switch {
		case other != nil:
			other.used = true
			expanded, err := r.list(other)
			if err != nil {
				return nil, err
			}
			if slices.ContainsFunc(other.items, func(v Value) bool { return r.refers(other, v) != nil }) {
				r.problems.add(v.at, "a list in a list in a list: Falco takes the names in %s for texts", v.Text)
			}
			items = append(items, expanded...)
		default:
			if !d.stock && !v.Quoted && looksLikeList(v.Text) {
				r.problems.add(v.at, "no list %s is defined before: Falco takes it for a text; if it is one, put it in quotes", v.Text)
			}
			items = append(items, v)
		}
		if len(items) > maxSize {
			return nil, errTooLarge
		}
	}
	r.lists[d] = items
	return items, nil
}

// refers finds the list that an item of a list names, nil when it is a text.
func (r *resolver) refers(in *definition, item Value) *definition {
	other := r.set.find("list", item.Text)
	if other == nil || other.index >= in.visible || item.Quoted {
		return nil
	}
	return other
}

// looksLikeList is true of names as lists have: lowercase words joined by underscores.
func looksLikeList(text string) bool {
	underscore := false
	for i := range len(text) {
		switch c := text[i]; {
		case c == '_':
			underscore = true
		case c < 'a' || c > 'z':
			if i == 0 || c < '0' || c > '9' {
				return false
			}
		}
	}
	return underscore && letter(text[0])
}
