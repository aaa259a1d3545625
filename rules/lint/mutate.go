package lint

import (
	"fmt"
	"slices"
)

// Mutant is a ruleset with one clause changed. A case must tell it from the original, or nothing needs the clause.
type Mutant struct {
	Position
	Change string
	rules  func() *Ruleset
}

// Rules are the changed rules, resolved again at each call.
func (m Mutant) Rules() *Ruleset { return m.rules() }

// Mutants changes every clause of every condition outside of Falco's own files, one at a time: each part of an `and`
// and `or` is left out, each comparison, macro and `not` is turned around, each item of a list is left out. Parts of
// Falco's conditions that ours complete stay as they are.
func (s *Ruleset) Mutants(files []string) []Mutant {
	var mutants []Mutant
	for _, d := range s.definitions {
		for i, item := range d.items {
			if slices.Contains(files, item.at.File) {
				changed := *d
				changed.items = slices.Delete(slices.Clone(d.items), i, i+1)
				mutants = append(mutants, s.mutant(d, &changed, item.at, "without the item "+item.Text))
			}
		}
		if d.expr == nil {
			continue
		}
		// Items of lists are left out where they are defined, not at each place that the list is written to.
		own := map[Position]bool{}
		var ignored Problems
		for _, at := range excepted(d.condition, d.exceptions, &ignored).at {
			own[at] = slices.Contains(files, at.File)
		}
		vary(d.expr, func(at Position) bool { return own[at] }, func(at Position, change string, expr Expr) {
			changed := *d
			changed.changed = expr
			mutants = append(mutants, s.mutant(d, &changed, at, change))
		})
	}
	return mutants
}

// mutant is the ruleset with one definition exchanged, resolved again.
func (s *Ruleset) mutant(original, changed *definition, at Position, change string) Mutant {
	return Mutant{Position: at, Change: fmt.Sprintf("%s %s: %s", original.kind, original.name, change),
		rules: func() *Ruleset {
			set := &Ruleset{falco: s.falco, byName: map[string]*definition{}, parsed: s.parsed}
			for _, d := range s.definitions {
				if d == original {
					d = changed
				}
				copied := *d
				set.put(&copied)
			}
			var ignored Problems
			set.compile(&ignored)
			return set
		}}
}

// vary calls found with the whole expression for every change of one clause that is ours.
func vary(e Expr, ours func(Position) bool, found func(Position, string, Expr)) {
	if ours(e.Pos()) {
		if not, ok := e.(*Not); ok {
			found(e.Pos(), "without `not` before "+not.Part.String(), not.Part)
		} else {
			found(e.Pos(), "`not` before "+e.String(), &Not{e.Pos(), e})
		}
	}
	switch e := e.(type) {
	case *Not:
		vary(e.Part, ours, func(at Position, change string, part Expr) { found(at, change, &Not{e.at, part}) })
	case *All:
		varyParts(e.Parts, ours, found, func(parts []Expr) Expr { return &All{e.at, parts} })
	case *Any:
		varyParts(e.Parts, ours, found, func(parts []Expr) Expr { return &Any{e.at, parts} })
	case *Check:
		for i, v := range e.Values {
			if takesList(e.Operator) && ours(v.at) {
				changed := *e
				changed.Values = slices.Delete(slices.Clone(e.Values), i, i+1)
				found(v.at, "without "+v.Text+" in "+e.String(), &changed)
			}
		}
	}
}

func varyParts(parts []Expr, ours func(Position) bool, found func(Position, string, Expr), join func([]Expr) Expr) {
	for i, part := range parts {
		if ours(part.Pos()) {
			found(part.Pos(), "without "+part.String(), join(slices.Delete(slices.Clone(parts), i, i+1)))
		}
		vary(part, ours, func(at Position, change string, varied Expr) {
			changed := slices.Clone(parts)
			changed[i] = varied
			found(at, change, join(changed))
		})
	}
}
