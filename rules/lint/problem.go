package lint

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Position is a place in a rule file. Line and Column count from one; Column counts characters.
type Position struct {
	File   string
	Line   int
	Column int
}

func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Problem is one thing wrong with a rule file.
type Problem struct {
	Position
	Message string
	// Warning is set when Falco loads the file nevertheless.
	Warning bool
	// Name is what a warning is accepted by: Falco's own as Falco calls it (LOAD_NO_EVTTYPE), ours in lower case.
	Name string
	// Notice is set when nothing needs to be done: Falco warns, and does what the file says.
	Notice bool
	// Falco are the releases that say so; none when Falco says nothing and the linter is stricter.
	Falco []string

	about *definition // what the problem is of, where that is known
}

func (p Problem) String() string {
	text := p.Position.String() + ": "
	if p.Warning {
		text += "warning: "
	}
	return text + p.Text()
}

// Text is the message with what it is about, without the place.
func (p Problem) Text() string {
	var about []string
	if p.Name != "" {
		about = append(about, p.Name)
	}
	if len(p.Falco) > 0 {
		about = append(about, "Falco "+releases(p.Falco))
	}
	if len(about) == 0 {
		return p.Message
	}
	return p.Message + " [" + strings.Join(about, ", ") + "]"
}

// Problems are everything wrong with the files of one Load, in the order of the places.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Errors counts what Falco refuses.
func (ps Problems) Errors() int {
	count := 0
	for _, p := range ps {
		if !p.Warning {
			count++
		}
	}
	return count
}

// Blocking are the problems but notices: what should not be deployed.
func (ps Problems) Blocking() Problems {
	return slices.DeleteFunc(slices.Clone(ps), func(p Problem) bool { return p.Notice })
}

// Err is nil without problems: a nil Problems in an error would not be.
func (ps Problems) Err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}

// add reports what Falco refuses.
func (ps *Problems) add(at Position, format string, args ...any) {
	*ps = append(*ps, Problem{Position: at, Message: fmt.Sprintf(format, args...)})
}

// warn reports what Falco loads; the name is Falco's, or ours when Falco says nothing.
func (ps *Problems) warn(at Position, name, format string, args ...any) {
	*ps = append(*ps, Problem{
		Position: at, Name: name, Warning: true, Notice: name == deprecatedItem, Message: fmt.Sprintf(format, args...),
	})
}

// merge joins what several releases say of the same files.
func merge(byRelease []Problems, falcos []Falco) Problems {
	var merged Problems
	for i, problems := range byRelease {
		for _, p := range problems.sorted() {
			about := !p.Warning || strings.HasPrefix(p.Name, "LOAD_")
			same := slices.IndexFunc(merged, func(m Problem) bool {
				return m.Position == p.Position && m.Message == p.Message && m.Name == p.Name && m.Warning == p.Warning
			})
			if same < 0 {
				same = len(merged)
				merged = append(merged, p)
			}
			if about {
				merged[same].Falco = append(merged[same].Falco, falcos[i].Version)
			}
		}
	}
	return merged.sorted()
}

// sorted orders by place and drops repetitions: a macro is checked once for each rule that uses it.
func (ps Problems) sorted() Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Message, b.Message), cmp.Compare(a.Name, b.Name))
	})
	return slices.CompactFunc(ps, func(a, b Problem) bool {
		return a.Position == b.Position && a.Message == b.Message && a.Name == b.Name && a.Warning == b.Warning
	})
}

// Error is the message alone.
func (p *Problem) Error() string { return p.Message }
