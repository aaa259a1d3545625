package judge

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
	// Warning is set when Falco would load the file nevertheless.
	Warning bool
}

func (p Problem) String() string {
	if p.Warning {
		return p.Position.String() + ": warning: " + p.Message
	}
	return p.Position.String() + ": " + p.Message
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

// Errors counts what Falco would refuse, or what it would silently take for something else.
func (ps Problems) Errors() int {
	count := 0
	for _, p := range ps {
		if !p.Warning {
			count++
		}
	}
	return count
}

// Err is nil without problems: a nil Problems in an error would not be.
func (ps Problems) Err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}

func (ps *Problems) add(at Position, format string, args ...any) {
	*ps = append(*ps, Problem{Position: at, Message: fmt.Sprintf(format, args...)})
}

func (ps *Problems) warn(at Position, format string, args ...any) {
	*ps = append(*ps, Problem{Position: at, Message: fmt.Sprintf(format, args...), Warning: true})
}

// sorted orders by place and drops repetitions: a macro is checked once for each rule that uses it.
func (ps Problems) sorted() Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(ps)
}
