package lint

import "strings"

// excepted is a rule's condition with its exceptions, put together as a text as the engine does
// (userspace/engine/rule_loader_compiler.cpp): quotes and parentheses inside of values come out as they do there.
func excepted(condition source, exceptions []exception, problems *Problems) source {
	if len(exceptions) == 0 {
		return condition
	}
	var text builder
	text.add("(", condition.at[0])
	text.addSource(condition)
	text.add(")", condition.at[len(condition.text)])
	for _, e := range exceptions {
		if len(e.rows) == 0 {
			continue
		}
		text.add(" and not ", e.at)
		if e.fields.list {
			e.writeRows(&text, problems)
		} else {
			e.writeValues(&text, problems)
		}
	}
	return text.source(condition.at[len(condition.text)])
}

// writeValues writes an exception of one field: its values are one list.
func (e exception) writeValues(text *builder, problems *Problems) {
	text.add("(", e.at)
	text.add(e.fields.text, e.fields.at)
	text.add(" "+e.comps.text+" (", e.comps.at)
	for i, row := range e.rows {
		if row.list {
			problems.add(row.at, "exception %s has one field: its values are a list of texts, not of lists", e.name)
		}
		if i > 0 {
			text.add(", ", row.at)
		}
		text.add(quoteItem(row.text), row.at)
	}
	text.add("))", e.at)
}

// writeRows writes an exception of a list of fields: one value for each field, or a list of them.
func (e exception) writeRows(text *builder, problems *Problems) {
	text.add("(", e.at)
	for i, row := range e.rows {
		if len(row.cells) != len(e.fields.cells) {
			problems.add(row.at, "exception %s has %d fields and a row of %d values",
				e.name, len(e.fields.cells), len(row.cells))
			row.cells = make([]cell, len(e.fields.cells))
		}
		if i > 0 {
			text.add(" or ", row.at)
		}
		text.add("(", row.at)
		for k, field := range e.fields.cells {
			if k > 0 {
				text.add(" and ", row.at)
			}
			comp := e.comps.cells[k].text
			text.add(" ", field.at)
			text.add(field.text, field.at)
			text.add(" "+comp+" ", field.at)
			row.cells[k].write(text, takesList(comp))
		}
		text.add(")", row.at)
	}
	text.add(")", e.at)
}

// write writes a value as the right side of a comparison.
func (c cell) write(text *builder, list bool) {
	switch {
	case c.list:
		text.add("(", c.at)
		empty := true
		for _, item := range c.cells {
			if !empty {
				text.add(", ", item.at)
			}
			text.add(quoteItem(item.text), item.at)
			empty = empty && item.text == ""
		}
		text.add(")", c.at)
	case list && !strings.HasPrefix(c.text, "("):
		text.add("("+c.text+")", c.at)
	case list:
		text.add(c.text, c.at)
	default:
		text.add(quoteItem(c.text), c.at)
	}
}

// quoteItem puts a text with blanks in quotes. It escapes nothing: what has quotes inside breaks.
func quoteItem(text string) string {
	if strings.Contains(text, " ") && text[0] != '"' && text[0] != '\'' {
		return `"` + text + `"`
	}
	return text
}
