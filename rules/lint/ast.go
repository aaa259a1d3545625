package lint

import (
	"fmt"
	"slices"
	"strings"
)

// Expr is a condition or a part of one.
type Expr interface {
	Pos() Position
	String() string // canonical: the same for conditions that only differ in spelling
}

// All is true when every part is.
type All struct {
	at    Position
	Parts []Expr
}

// Any is true when one part is.
type Any struct {
	at    Position
	Parts []Expr
}

// Not is true when its part is not.
type Not struct {
	at   Position
	Part Expr
}

// Macro refers to a macro by name.
type Macro struct {
	at   Position
	Name string
}

// Check compares a field of the event.
type Check struct {
	at       Position
	Field    Operand
	Operator string
	Values   []Value  // what is on the right: one, or a list
	Other    *Operand // or another field
}

// Operand is a field with its argument, or what is in its place inside a transformer: a constant, or several values
// that a call makes one of. Transformers are what is done to it.
type Operand struct {
	at           Position
	Name         string
	Argument     string
	HasArgument  bool
	Constant     *Value
	Call         string // join, concat, getopt; or "list" for values in parentheses
	Values       []Operand
	Transformers []string // the innermost first
}

// Value is a constant. One that is not quoted may be the name of a list.
type Value struct {
	at     Position
	Text   string
	Quoted bool
}

// unknown is the condition of a stock definition of which only the name is known, or a comparison with a list of that
// kind: check is that comparison without the list.
type unknown struct {
	at     Position
	name   string
	events eventTypes
	check  *Check
}

func (e *All) Pos() Position     { return e.at }
func (e *Any) Pos() Position     { return e.at }
func (e *Not) Pos() Position     { return e.at }
func (e *Macro) Pos() Position   { return e.at }
func (e *Check) Pos() Position   { return e.at }
func (e *unknown) Pos() Position { return e.at }

func (e *All) String() string     { return sortedParts(e.Parts, " and ") }
func (e *Any) String() string     { return sortedParts(e.Parts, " or ") }
func (e *Not) String() string     { return "not " + e.Part.String() }
func (e *Macro) String() string   { return e.Name }
func (e *unknown) String() string { return e.name }

func (e *Check) String() string {
	operator := strings.Replace(e.Operator, "==", "=", 1)
	switch {
	case operator == "exists":
		return e.Field.String() + " exists"
	case e.Other != nil:
		other := e.Other.String()
		if len(e.Other.Transformers) == 0 && e.Other.Call == "" {
			other = "val(" + other + ")"
		}
		return e.Field.String() + " " + operator + " " + other
	case slices.Contains(numberOperators, operator):
		return fmt.Sprintf("%s %s %s", e.Field, operator, e.Values[0].Text)
	case !takesList(operator):
		return fmt.Sprintf("%s %s %s", e.Field, operator, quote(e.Values[0].Text))
	}
	values := make([]string, len(e.Values))
	for i, v := range e.Values {
		values[i] = quote(v.Text)
	}
	slices.Sort(values)
	return fmt.Sprintf("%s %s (%s)", e.Field, operator, strings.Join(slices.Compact(values), ", "))
}

// quote writes a text so that it is read as the same text. A quote behind a backslash does not end a text, so the last
// backslash is written in its other form, with a blank.
func quote(text string) string {
	last := ""
	if strings.HasSuffix(text, `\`) {
		text, last = text[:len(text)-1], `\ `
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + last + `"`
}

func (o Operand) String() string {
	text := o.Name
	switch {
	case o.Constant != nil:
		text = quote(o.Constant.Text)
	case o.Call != "":
		values := make([]string, len(o.Values))
		for i, v := range o.Values {
			values[i] = v.String()
		}
		text = strings.TrimPrefix(o.Call, "list") + "(" + strings.Join(values, ", ") + ")"
	}
	if o.HasArgument {
		argument := o.Argument
		if argument == "" || strings.ContainsAny(argument, "[]\"'\\"+blanks+"\v\f") {
			argument = quote(argument)
		}
		text += "[" + argument + "]"
	}
	for _, t := range o.Transformers {
		text = t + "(" + text + ")"
	}
	return text
}

// sortedParts joins without regard to order and to parts written twice.
func sortedParts(parts []Expr, operator string) string {
	texts := make([]string, 0, len(parts))
	for _, part := range parts {
		texts = append(texts, part.String())
	}
	slices.Sort(texts)
	if texts = slices.Compact(texts); len(texts) == 1 {
		return texts[0]
	}
	return "(" + strings.Join(texts, operator) + ")"
}
