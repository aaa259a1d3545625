package lint

import (
	"errors"
	"slices"
	"strings"
)

// maxText bounds a condition with its lists written out: lists that double each other grow without end.
const maxText = 1 << 20

var errTooLarge = errors.New("too large")

// expanded is a list as conditions get it.
type expanded struct {
	*definition
	items []Value
}

// expandLists replaces items that name another list, once: the names in that list stay texts, unless the condition is
// searched for them later. Only a list that was there when the list was last changed counts.
func (s *Ruleset) expandLists(problems *Problems) []expanded {
	var lists []expanded
	for _, d := range s.definitions {
		if d.kind != "list" {
			continue
		}
		list := expanded{definition: d}
		for _, name := range d.uses { // of a list of which only the name is known
			if other := s.find("list", name); other != nil {
				other.used = true
			}
		}
		for _, item := range d.items {
			s.items[item.at] = item.Text
			other := s.find("list", item.Text)
			if other == nil || other.index >= d.visible {
				if other != d && (other != nil || !item.Quoted && looksLikeList(item.Text)) {
					s.notAList(d, item, problems)
				}
				list.items = append(list.items, item)
				continue
			}
			other.used = true
			if other.named { // what it holds is not known
				list.items = append(list.items, item)
				continue
			}
			for _, inner := range other.items {
				list.items = append(list.items, Value{at: item.at, Text: inner.Text, Quoted: inner.Quoted})
			}
		}
		lists = append(lists, list)
	}
	return lists
}

func (s *Ruleset) notAList(d *definition, item Value, problems *Problems) {
	if !d.stock {
		problems.warn(item.at, notAList, "no list %s is defined before: Falco takes it for a string; if it is one, put "+
			"it in quotes",
			item.Text)
	}
}

// substitute writes lists into a condition, in the order in which they were first defined, as the engine does: wherever
// the name is between blanks, parentheses, commas or `=`, also inside quotes.
func substitute(condition source, lists []expanded, report func(at Position, err error)) (source, error) {
	for _, list := range lists {
		from := 0
		for {
			start := strings.Index(condition.text[min(from, len(condition.text)):], list.name)
			if start < 0 {
				break
			}
			start += from
			if !delimited(condition.text, start, start+len(list.name)) {
				from = start + 1
				continue
			}
			list.used = true
			count := len(list.items)
			if list.named {
				count = list.count
			}
			if count > 1 && !enclosed(condition.text, start, start+len(list.name)) {
				report(condition.at[start], errors.New(list.name+" is a list: write `in ("+list.name+")`"))
			}
			if list.named {
				from = start + len(list.name)
				continue
			}
			condition, from = condition.insert(list, start)
			if len(condition.text) > maxText {
				return condition, errTooLarge
			}
		}
	}
	return condition, nil
}

// delimited is true of a name with nothing around that it could be a part of.
func delimited(text string, start, end int) bool {
	const around = " \t\n\r(),="
	return (start == 0 || strings.IndexByte(around, text[start-1]) >= 0) &&
		(end >= len(text) || strings.IndexByte(around, text[end]) >= 0)
}

// enclosed is true of a name in parentheses or between commas, or inside quotes.
func enclosed(text string, start, end int) bool {
	before := strings.TrimRight(text[:start], " \t\n\r")
	after := strings.TrimLeft(text[end:], " \t\n\r")
	listed := (strings.HasSuffix(before, "(") || strings.HasSuffix(before, ",")) &&
		(strings.HasPrefix(after, ")") || strings.HasPrefix(after, ","))
	quote := byte(0)
	for i := range start {
		switch c := text[i]; {
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote != 0 && c == quote && text[i-1] != '\\':
			quote = 0
		}
	}
	return listed || quote != 0
}

// insert replaces the name of a list, and the blanks around it, by its items. It returns where to go on.
func (s source) insert(list expanded, start int) (source, int) {
	const blank = " \t\n\r"
	end := start + len(list.name)
	at := s.at[start]
	for start > 0 && strings.IndexByte(blank, s.text[start-1]) >= 0 {
		start--
	}
	for end < len(s.text) && strings.IndexByte(blank, s.text[end]) >= 0 {
		end++
	}
	size := 0
	var text builder
	items := func(b *builder) {
		before := b.text.Len()
		for _, item := range list.items {
			if b.text.Len() > before {
				b.add(", ", item.at)
			}
			b.add(quoteItem(item.Text), item.at)
		}
	}
	var sub builder
	items(&sub)
	size = sub.text.Len()
	if size == 0 { // an empty list takes a comma with it
		switch {
		case start > 0 && s.text[start-1] == ',':
			start--
		case end < len(s.text) && s.text[end] == ',':
			end++
		}
	}
	if start > 0 {
		text.addSource(s.part(0, start))
		text.add(" ", at)
	}
	items(&text)
	text.add(" ", at)
	text.addSource(s.part(end, len(s.text)))
	return text.source(s.at[len(s.text)]), start + size + 2
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

// listItems reads a list's items as they are written into conditions.
func listItems(doc *document, e entry) []Value {
	var items []Value
	for _, item := range e.keys["items"].Content {
		item = meant(item)
		quoted := item.Style&quotedStyle != 0 || strings.ContainsAny(item.Value[:min(1, len(item.Value))], `"'`)
		items = append(items, Value{at: doc.place(item), Text: item.Value, Quoted: quoted})
	}
	return slices.Clip(items)
}
