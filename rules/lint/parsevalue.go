package lint

import (
	"slices"
	"strings"
)

// operand reads a field, or a transformer around values; false when neither is here.
func (p *parser) operand() (Operand, bool) {
	at := p.here()
	if name := p.fieldName(); name != "" {
		operand := Operand{at: at, Name: name}
		operand.Argument, operand.HasArgument = p.argument()
		return operand, true
	}
	if p.falco.since(newer) {
		return p.transformed(slices.Concat(transformers, multiTransformers))
	}
	for _, t := range multiTransformers {
		if strings.HasPrefix(p.rest(), t+"(") {
			p.fail("`%s()` needs Falco %s", t, newer)
		}
	}
	return p.transformed(transformers)
}

func (p *parser) transformed(names []string) (Operand, bool) {
	at := p.here()
	for _, name := range names {
		if p.token(name + "(") {
			return p.arguments(at, name), true
		}
	}
	return Operand{}, false
}

// arguments reads what a transformer is around. One value is transformed, of several the transformer makes one.
func (p *parser) arguments(at Position, transformer string) Operand {
	defer p.nest()()
	values := []Operand{p.transformable(transformer)}
	for p.blank(); p.falco.since(newer) && p.token(","); p.blank() {
		values = append(values, p.transformable(transformer))
	}
	p.want(")")
	var argument string
	var has bool
	if p.falco.since(newer) {
		argument, has = p.argument()
	}
	if len(values) > 1 {
		return Operand{at: at, Call: transformer, Values: values, Argument: argument, HasArgument: has}
	}
	if has {
		p.fail("%s() takes no argument in brackets", transformer)
	}
	operand := values[0]
	operand.Transformers = append(slices.Clip(operand.Transformers), transformer)
	return operand
}

// transformable reads one value inside a transformer: a field or a transformer, since 0.44 also a constant or a list.
func (p *parser) transformable(transformer string) Operand {
	p.blank()
	at := p.here()
	if p.falco.since(newer) {
		if constant, ok := p.constant(); ok {
			return constant
		}
		if p.token("(") {
			return p.transformableList(at)
		}
	}
	operand, ok := p.operand()
	if !ok {
		p.fail("want a field inside `%s()`, not %q", transformer, p.excerpt())
	}
	return operand
}

// constant reads a number or a quoted text.
func (p *parser) constant() (Operand, bool) {
	at := p.here()
	if number := p.number(); number != "" {
		return Operand{at: at, Constant: &Value{at: at, Text: number, Quoted: true}}, true
	}
	text, found, err := p.quoted()
	if err != nil {
		p.fail("%v", err)
	}
	return Operand{at: at, Constant: &Value{at: at, Text: text, Quoted: true}}, found
}

func (p *parser) transformableList(at Position) Operand {
	list := Operand{at: at, Call: "list"}
	p.blank()
	if p.token(")") {
		return list
	}
	for {
		p.blank()
		operand, ok := p.operand()
		if !ok {
			operand, ok = p.constant()
		}
		if !ok {
			p.fail("want a field, a quoted text or a number, not %q", p.excerpt())
		}
		list.Values = append(list.Values, operand)
		if p.blank(); !p.token(",") {
			break
		}
	}
	p.want(")")
	return list
}

// argument reads what is in brackets behind a field.
func (p *parser) argument() (string, bool) {
	if !p.token("[") {
		return "", false
	}
	text, found, err := p.quoted()
	if err != nil {
		p.fail("%v", err)
	}
	if !found {
		if text = p.bare("[]\"'"); text == "" {
			p.fail("want an argument behind `[`, not %q", p.excerpt())
		}
	}
	if !p.token("]") {
		p.fail("want `]`, not %q", p.excerpt())
	}
	return text, true
}

func (p *parser) numberValue(c *Check) {
	p.blank()
	if p.other(c) {
		return
	}
	at := p.here()
	number := p.number()
	if number == "" {
		p.fail("want a number after `%s`, not %q", c.Operator, p.excerpt())
	}
	c.Values = []Value{{at: at, Text: number}}
}

// textValue reads one value, or behind a modifier a list. blank says whether one came before.
func (p *parser) textValue(c *Check, blank bool) {
	start := p.pos
	if blank && p.falco.since(newer) {
		for _, modifier := range modifiers {
			if p.word(modifier) && p.listFollows() {
				c.Operator += " " + modifier
				p.listItems(c)
				return
			}
			p.pos = start
		}
	}
	p.blank()
	if !p.other(c) {
		c.Values = []Value{p.value(true)}
	}
}

// listFollows is true before a list or the name of one, but not before a word that joins conditions.
func (p *parser) listFollows() bool {
	rest := p.rest()
	for _, word := range []string{"and", "or", "not"} {
		after, joins := strings.CutPrefix(rest, word)
		if joins && (after == "" || !letter(after[0]) && (after[0] < '0' || after[0] > '9')) {
			return false
		}
	}
	return strings.HasPrefix(rest, "(") || identifierLength(rest) > 0
}

func (p *parser) listValue(c *Check) {
	p.blank()
	if strings.HasPrefix(p.rest(), "(") || !p.other(c) {
		p.listItems(c)
	}
}

// listItems reads values in parentheses, or one name.
func (p *parser) listItems(c *Check) {
	at := p.here()
	c.Values = []Value{}
	if !p.token("(") {
		name := p.identifier()
		if name == "" {
			p.fail("want `(` after `%s`, not %q", c.Operator, p.excerpt())
		}
		c.Values = append(c.Values, Value{at: at, Text: name})
		return
	}
	p.blank()
	if p.emptied() || p.token(")") {
		return
	}
	c.Values = append(c.Values, p.value(false))
	for p.blank(); p.token(","); p.blank() {
		p.blank()
		c.Values = append(c.Values, p.value(false))
	}
	p.want(")")
}

// emptied is true of a list with one text that has an unknown escape: the engine drops the text and goes on.
func (p *parser) emptied() bool {
	start := p.pos
	at := p.here()
	if _, _, err := p.quoted(); err != nil {
		if p.blank(); p.token(")") {
			p.warn(at, emptyList, "%v; Falco takes the list for empty", err)
			return true
		}
	}
	p.pos = start
	return false
}

// other reads a field on the right: val(field), or a transformer around one.
func (p *parser) other(c *Check) bool {
	if !p.token("val(") {
		operand, ok := p.transformed(p.falco.transformers())
		if ok {
			c.Other = &operand
		}
		return ok
	}
	p.blank()
	at := p.here()
	name := p.fieldName()
	if name == "" {
		p.fail("want a field inside `val()`, not %q", p.excerpt())
	}
	operand := Operand{at: at, Name: name}
	operand.Argument, operand.HasArgument = p.argument()
	p.want(")")
	if p.falco.since(newer) && strings.HasPrefix(p.rest(), "[") {
		p.fail("val() takes no argument in brackets")
	}
	c.Other = &operand
	return true
}

// value reads one text, quoted or not.
func (p *parser) value(single bool) Value {
	value := Value{at: p.here()}
	var err error
	if value.Text, value.Quoted, err = p.quoted(); err != nil {
		p.fail("%v", err)
	}
	if value.Quoted {
		return value
	}
	if value.Text = p.bare("()\"'=,"); value.Text != "" {
		return value
	}
	if single && strings.HasPrefix(p.rest(), "(") {
		p.fail("want one value, not a list: compare with `in (...)`, or write the comparisons out, joined by `or`")
	}
	p.fail("want a value, not %q; quote a string with blanks or any of ( ) = ,", p.excerpt())
	return value
}
