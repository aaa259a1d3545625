package judge

import (
	"slices"
	"strings"
)

// parser is a recursive descent over the grammar of libsinsp's filters:
//
//	any       = all { "or" all }
//	all       = negation { "and" negation }
//	negation  = { "not" } check
//	check     = "(" any ")" | macro | operand operator value
//	operand   = field [ "[" argument "]" ] | transformer "(" operand ")"
//	value     = number | text | "(" [ text { "," text } ] ")" | list | "val(" field ")" | transformer "(" operand ")"
type parser struct {
	scanner
	depth int
}

// failure ends a parse; parse turns it into a Problem.
type failure struct{ Problem }

// parse reads a condition. The first fault ends it.
func parse(text source) (expr Expr, problem *Problem) {
	p := &parser{scanner: scanner{source: text}}
	defer func() {
		if recovered := recover(); recovered != nil {
			f, ok := recovered.(failure)
			if !ok {
				panic(recovered)
			}
			expr, problem = nil, &f.Problem
		}
	}()
	expr = p.any()
	if !p.done() {
		p.fail("unexpected %q: want `and`, `or` or the end", p.excerpt())
	}
	return expr, nil
}

func (p *parser) fail(format string, args ...any) {
	var problems Problems
	problems.add(p.here(), format, args...)
	panic(failure{problems[0]})
}

// excerpt is the next word, for messages.
func (p *parser) excerpt() string {
	word, _, _ := strings.Cut(strings.TrimLeft(p.rest(), blanks), " ")
	if runes := []rune(word); len(runes) > 20 {
		word = string(runes[:20]) + "..."
	}
	return word
}

func (p *parser) any() Expr {
	at, parts := p.list("or", p.all)
	if len(parts) == 1 {
		return parts[0]
	}
	return &Any{at, parts}
}

func (p *parser) all() Expr {
	at, parts := p.list("and", p.negation)
	if len(parts) == 1 {
		return parts[0]
	}
	return &All{at, parts}
}

// list reads parts joined by a word that is followed by a blank or a parenthesis.
func (p *parser) list(joint string, part func() Expr) (Position, []Expr) {
	p.blank()
	at := p.here()
	parts := []Expr{part()}
	p.blank()
	for p.token(joint) {
		if !p.blank() && !strings.HasPrefix(p.rest(), "(") {
			p.fail("want a blank or `(` after `%s`, not %q", joint, p.excerpt())
		}
		parts = append(parts, part())
		p.blank()
	}
	return at, parts
}

func (p *parser) negation() Expr {
	p.blank()
	at := p.here()
	negated := false
	for p.word("not") {
		negated = !negated
		p.blank()
	}
	check := p.check()
	if negated {
		return &Not{at, check}
	}
	return check
}

func (p *parser) check() Expr {
	if p.token("(") {
		if p.depth++; p.depth > maxDepth {
			p.fail("more than %d parentheses in each other", maxDepth)
		}
		inner := p.any()
		p.want(")")
		p.depth--
		return inner
	}
	at := p.here()
	if operand, ok := p.operand(); ok {
		return p.comparison(at, operand)
	}
	if name := p.identifier(); name != "" {
		return &Macro{at, name}
	}
	p.fail("want a field, a macro or `(`, not %q", p.excerpt())
	return nil
}

func (p *parser) want(token string) {
	p.blank()
	if !p.token(token) {
		p.fail("want `%s`, not %q", token, p.excerpt())
	}
}

// operand reads a field, or a transformer around one; false when neither stands here.
func (p *parser) operand() (Operand, bool) {
	at := p.here()
	if name := p.fieldName(); name != "" {
		return p.field(at, name), true
	}
	for _, t := range newer {
		if p.token(t + "(") {
			p.fail("`%s()` needs Falco 0.44: it does not load on 0.43", t)
		}
	}
	for _, t := range transformers {
		if !p.token(t + "(") {
			continue
		}
		if p.depth++; p.depth > maxDepth {
			p.fail("more than %d transformers in each other", maxDepth)
		}
		p.blank()
		inner, ok := p.operand()
		if !ok {
			p.fail("want a field inside `%s()`, not %q", t, p.excerpt())
		}
		p.want(")")
		p.depth--
		inner.Transformers = append(inner.Transformers, t)
		return inner, true
	}
	return Operand{}, false
}

func (p *parser) field(at Position, name string) Operand {
	operand := Operand{at: at, Name: name}
	if !p.token("[") {
		return operand
	}
	operand.HasArgument = true
	if text, ok := p.quoted(); ok {
		operand.Argument = text
	} else {
		operand.Argument = p.bare("[]\"'")
	}
	p.want("]")
	return operand
}

func (p *parser) comparison(at Position, operand Operand) Expr {
	c := &Check{at: at, Field: operand}
	p.blank()
	if p.word("exists") {
		c.Operator = "exists"
		return c
	}
	for _, operator := range slices.Concat(numberOperators, equalOperators) {
		if p.token(operator) {
			c.Operator = operator
			p.right(c, slices.Contains(numberOperators, operator))
			return c
		}
	}
	for _, operator := range textOperators {
		if p.word(operator) {
			c.Operator = operator
			if !p.blank() {
				p.fail("want a blank after `%s`", operator)
			}
			p.right(c, false)
			return c
		}
	}
	for _, operator := range listOperators {
		if p.word(operator) {
			c.Operator = operator
			p.listValue(c)
			return c
		}
	}
	p.fail("%q is no operator: want exists, %s", p.excerpt(),
		strings.Join(slices.Concat(numberOperators, equalOperators, textOperators, listOperators), ", "))
	return nil
}

// right reads one value, or a field to compare with.
func (p *parser) right(c *Check, number bool) {
	p.blank()
	if p.other(c) {
		return
	}
	value := Value{at: p.here()}
	if number {
		if value.Text = p.number(); value.Text == "" {
			p.fail("want a number after `%s`, not %q", c.Operator, p.excerpt())
		}
	} else {
		value = p.text()
		if !value.Quoted && slices.Contains(newer, value.Text) && p.blank() && strings.HasPrefix(p.rest(), "(") {
			p.fail("`%s` needs Falco 0.44: it does not load on 0.43; write the comparisons out, joined by `or`", value.Text)
		}
	}
	c.Values = []Value{value}
}

func (p *parser) listValue(c *Check) {
	p.blank()
	at := p.here()
	if !p.token("(") {
		if p.other(c) {
			return
		}
		name := p.identifier()
		if name == "" {
			p.fail("want `(` after `%s`, not %q", c.Operator, p.excerpt())
		}
		c.Values = []Value{{at: at, Text: name}}
		return
	}
	p.blank()
	if p.token(")") {
		return
	}
	c.Values = append(c.Values, p.text())
	for p.blank(); p.token(","); p.blank() {
		p.blank()
		c.Values = append(c.Values, p.text())
	}
	p.want(")")
}

// other reads a field on the right: val(field), or a transformer around one.
func (p *parser) other(c *Check) bool {
	at := p.here()
	if p.token("val(") {
		p.blank()
		name := p.fieldName()
		if name == "" {
			p.fail("want a field inside `val()`, not %q", p.excerpt())
		}
		operand := p.field(at, name)
		p.want(")")
		c.Other = &operand
		return true
	}
	transformed := func(t string) bool { return strings.HasPrefix(p.rest(), t+"(") }
	if !slices.ContainsFunc(transformers, transformed) && !slices.ContainsFunc(newer, transformed) {
		return false
	}
	operand, _ := p.operand()
	c.Other = &operand
	return true
}

func (p *parser) text() Value {
	value := Value{at: p.here()}
	if value.Text, value.Quoted = p.quoted(); value.Quoted {
		return value
	}
	if value.Text = p.bare("()\"'=,"); value.Text == "" {
		p.fail("want a value, not %q; text with blanks or any of ( ) = , stands in quotes", p.excerpt())
	}
	return value
}
