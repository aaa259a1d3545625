package lint

import (
	"slices"
	"strings"
)

// parser is a recursive descent over the grammar of libsinsp's filters (userspace/libsinsp/filter/parser.cpp):
//
//	any       = all { "or" all }
//	all       = negation { "and" negation }
//	negation  = { "not" } check
//	check     = "(" any ")" | macro | operand operator value
//	operand   = field [ "[" argument "]" ] | transformer "(" operand { "," operand } ")" [ "[" argument "]" ]
//	value     = number | text | "(" [ text { "," text } ] ")" | name | "val(" field ")" | transformer "(" ... ")"
//
// Behind "and" and "or" comes a blank, or a parenthesis that is then all that is joined.
type parser struct {
	scanner
	falco Falco
	depth int
	warn  func(at Position, name, format string, args ...any)
}

// failure ends a parse; parse turns it into a Problem.
type failure struct{ Problem }

// parse reads a condition. The first error ends it; warnings are of what the engine reads as something else.
func parse(falco Falco, text source, problems *Problems) (expr Expr, problem *Problem) {
	p := &parser{scanner: scanner{source: text}, falco: falco, warn: problems.warn}
	defer p.recover(func(failed Problem) { expr, problem = nil, &failed })
	if text.text == "" {
		p.fail("the condition is empty")
	}
	expr = p.any()
	if !p.done() {
		p.unexpected()
	}
	return expr, nil
}

// recover calls failed when the parse ended with a failure.
func (p *parser) recover(failed func(Problem)) {
	switch recovered := recover().(type) {
	case nil:
	case failure:
		failed(recovered.Problem)
	default:
		panic(recovered)
	}
}

func (p *parser) fail(format string, args ...any) {
	var problems Problems
	problems.add(p.here(), format, args...)
	panic(failure{problems[0]})
}

// unexpected is what is left behind a condition: often something that only a later release knows.
func (p *parser) unexpected() {
	before := strings.TrimRight(p.text[:p.pos], blanks)
	rest := strings.TrimLeft(p.rest(), blanks)
	for _, word := range slices.Concat(modifiers, multiTransformers) {
		if !p.falco.since(newer) && strings.HasPrefix(rest, "(") && strings.HasSuffix(before, word) {
			p.fail("`%s` needs Falco %s; write the comparisons out, joined by `or`", word, newer)
		}
	}
	p.fail("unexpected %q: want `and`, `or` or the end", p.excerpt())
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
	at, parts := p.list("and", p.negated)
	if len(parts) == 1 {
		return parts[0]
	}
	return &All{at, parts}
}

// list reads parts joined by a word.
func (p *parser) list(joint string, part func() Expr) (Position, []Expr) {
	p.blank()
	at := p.here()
	parts := []Expr{part()}
	for p.blank(); p.token(joint); p.blank() {
		switch {
		case p.blank():
			parts = append(parts, part())
		case p.token("("):
			parts = append(parts, p.embedded())
		default:
			p.fail("want a blank or `(` after `%s`, not %q", joint, p.excerpt())
		}
	}
	return at, parts
}

func (p *parser) negated() Expr {
	p.blank()
	at := p.here()
	negated := false
	for p.negation() {
		negated = !negated
	}
	var check Expr
	if p.token("not(") {
		negated = !negated
		check = p.embedded()
	} else {
		check = p.check()
	}
	if !negated {
		return check
	}
	if inner, ok := check.(*Not); ok {
		return inner.Part
	}
	return &Not{at, check}
}

// embedded reads a condition up to its closing parenthesis.
func (p *parser) embedded() Expr {
	defer p.nest()()
	inner := p.any()
	p.want(")")
	return inner
}

// nest counts what is nested, and returns what ends it.
func (p *parser) nest() func() {
	if p.depth++; p.depth > maxDepth {
		p.fail("more than %d conditions in each other", maxDepth)
	}
	return func() { p.depth-- }
}

func (p *parser) check() Expr {
	p.blank()
	if p.token("(") {
		return p.embedded()
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

func (p *parser) comparison(at Position, operand Operand) Expr {
	c := &Check{at: at, Field: operand}
	p.blank()
	if p.token("exists") {
		c.Operator = "exists"
		return c
	}
	for _, operator := range numberOperators {
		if p.token(operator) {
			c.Operator = operator
			p.numberValue(c)
			return c
		}
	}
	for _, operator := range equalOperators {
		if p.token(operator) {
			c.Operator = operator
			p.textValue(c, p.blank())
			return c
		}
	}
	for _, operator := range textOperators {
		if p.word(operator) {
			c.Operator = operator
			p.textValue(c, true)
			return c
		}
	}
	for _, operator := range listOperators {
		if p.token(operator) {
			c.Operator = operator
			p.listValue(c)
			return c
		}
	}
	p.fail("%q is no operator: want exists, %s", p.excerpt(),
		strings.Join(slices.Concat(numberOperators, equalOperators, textOperators, listOperators), ", "))
	return nil
}
