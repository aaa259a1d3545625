package lint

import "fmt"

// maxSize bounds a resolved condition: macros that double each other grow without end.
const maxSize = 50_000

// resolver replaces macros by their conditions.
type resolver struct {
	set      *Ruleset
	problems *Problems
	macros   map[*definition]Expr
	sizes    map[*definition]int
	open     map[*definition]bool // being resolved: to find macros that contain themselves
	size     int
}

func newResolver(set *Ruleset, problems *Problems) *resolver {
	return &resolver{set: set, problems: problems, macros: map[*definition]Expr{}, sizes: map[*definition]int{},
		open: map[*definition]bool{}}
}

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
	resolved, err := r.expr(d.expr, d)
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

// macro resolves a macro: a rule sees every one, a macro those that were first defined before it was last changed.
func (r *resolver) macro(e *Macro, in *definition) (Expr, error) {
	if e.Name == placeholder {
		for _, name := range in.uses {
			if used := r.set.find("macro", name); used != nil {
				used.used = true
			}
		}
		events, err := r.eventsOf(in)
		return &unknown{at: e.at, name: in.name, events: events}, err
	}
	d := r.set.find("macro", e.Name)
	switch {
	case d == nil || d.expr == nil:
		r.problems.add(e.at, "unknown macro %s", e.Name)
		return &unknown{at: e.at, name: e.Name, events: anEvent}, nil
	case in.kind == "macro" && d == in && d.index >= in.visible:
		return nil, fmt.Errorf("the macro %s contains itself", d.name)
	case in.kind == "macro" && d.index >= in.visible:
		r.problems.add(e.at, "macro %s is defined after its use: move it up", e.Name)
	}
	d.used = true
	return r.resolve(d)
}

// eventsOf are the event types of a definition of which only these are known: every one, once a macro that restricts it
// does so no longer.
func (r *resolver) eventsOf(in *definition) (eventTypes, error) {
	tables := r.set.falco.tables()
	for _, name := range in.needs {
		used := r.set.find("macro", name)
		if used == nil || used.expr == nil {
			continue
		}
		resolved, err := r.resolve(used)
		if err != nil {
			return in.events, err
		}
		if tables.tooMany(tables.eventsOf(resolved, false)) {
			return everyEvent, nil
		}
	}
	return in.events, nil
}

// check counts the values of a comparison, and finds the names of lists that are left among them.
func (r *resolver) check(e *Check, in *definition) (Expr, error) {
	if r.size += len(e.Values); r.size > maxSize {
		return nil, errTooLarge
	}
	if !takesList(e.Operator) {
		return e, nil
	}
	known := *e
	known.Values = nil
	named := ""
	for _, v := range e.Values {
		list := r.set.find("list", v.Text)
		switch {
		case v.Quoted:
		case list != nil && list.named:
			named = v.Text
			continue
		case r.set.items[v.at] == v.Text: // expandLists looked at it
		case list != nil && !in.stock:
			r.problems.warn(v.at, notAList, "Falco takes the name of the list %s for a string: a list in a list in a list, or "+
				"one that is defined later",
				v.Text)
		case list == nil && !in.stock && looksLikeList(v.Text) && e.Field.Name != "evt.type":
			r.problems.warn(v.at, notAList, "no list %s is defined: Falco takes it for a string; if it is one, put it in quotes",
				v.Text)
		}
		known.Values = append(known.Values, v)
	}
	if named != "" {
		return &unknown{at: e.at, name: named, events: everyEvent, check: &known}, nil
	}
	return e, nil
}
