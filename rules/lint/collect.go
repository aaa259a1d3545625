package lint

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// add applies one entry of a file: a definition, a redefinition or a change
// (userspace/engine/rule_loader_collector.cpp).
func (s *Ruleset) add(doc *document, e entry, stock bool, problems *Problems) {
	previous := s.find(e.kind, e.name)
	appends := e.legacy || len(e.append) > 0
	changes := appends || e.kind == "rule" && len(e.replace) > 0 || e.onlyEnables()
	id := s.counter
	s.counter++
	switch {
	case previous == nil && changes:
		problems.add(e.at, "no %s %q is loaded before: nothing to override", e.kind, e.name)
		return
	case previous == nil:
		previous = &definition{kind: e.kind, name: e.name, at: e.at, stock: stock, index: id, enabled: true}
		s.put(previous)
		s.changes = append(s.changes, change{previous, e.at, ""})
	case changes:
		s.changes = append(s.changes, change{previous, e.at,
			strings.Join(append(previous.uses, previous.condition.text), " ")})
	default:
		if !stock && len(e.replace) == 0 {
			problems.warn(e.at, shadows, "this %s replaces the one of %s: write `override`, or another name",
				e.kind, previous.at)
		}
		s.changes = append(s.changes, change{previous, e.at,
			strings.Join(append(previous.uses, previous.condition.text), " ")})
		*previous = definition{kind: e.kind, name: e.name, at: e.at, stock: stock, index: previous.index, enabled: true,
			source: previous.source}
	}
	if !e.onlyEnables() {
		previous.visible = id
	}
	s.checkSource(doc, e, previous, problems)
	previous.apply(doc, e, changes, problems)
}

// checkSource warns of a rule for events that only another plugin has.
func (s *Ruleset) checkSource(doc *document, e entry, d *definition, problems *Problems) {
	source := "syscall"
	node := e.keys["source"]
	if node != nil && node.Value != "" {
		source = node.Value
	}
	switch {
	case e.kind != "rule" || node == nil && d.source != "":
	case d.source != "" && d.source != source:
		problems.add(doc.place(node), "source %q: the rule is there with source %q", source, d.source)
	case d.source == "" && source != "syscall":
		d.ignored = true
		problems.warn(doc.place(node), unknownSource, "source %q: no plugin of this stack provides it, Falco skips the rule",
			source)
		fallthrough
	case d.source == "":
		d.source = source
	}
}

// apply sets what the entry gives, or appends to it where the entry says so.
func (d *definition) apply(doc *document, e entry, changes bool, problems *Problems) {
	for _, node := range e.order {
		key, value := node.Value, e.keys[node.Value]
		appended := changes && (slices.Contains(e.append, key) || e.legacy)
		if e.legacy && key != "condition" && key != "exceptions" && key != "items" {
			continue
		}
		switch key {
		case "items":
			if !appended {
				d.items, d.named = nil, false
			}
			d.items = append(slices.Clip(d.items), listItems(doc, e)...)
		case "condition":
			d.condition = d.text(d.condition, newSource(doc.file, doc.lines, value), appended)
			if !appended {
				d.named, d.uses = false, nil
			}
		case "output":
			d.output = d.text(d.output, newSource(doc.file, doc.lines, value), appended)
		case "enabled":
			d.enabled = booleans[strings.ToLower(value.Value)]
		case "warn_evttypes":
			d.quiet = !booleans[strings.ToLower(value.Value)]
		case "skip-if-unknown-filter":
			d.skip = booleans[strings.ToLower(value.Value)]
		case "exceptions":
			d.applyExceptions(doc, value, changes, appended, problems)
		}
	}
}

// text appends with a blank between.
func (d *definition) text(have, more source, appended bool) source {
	if appended && have.at != nil {
		return have.join(more)
	}
	return more
}

func (d *definition) applyExceptions(doc *document, value *yaml.Node, changes, appended bool, problems *Problems) {
	read := readExceptions(doc, value, appended)
	switch {
	case appended:
		d.exceptions = extend(doc.falco, d.exceptions, read, problems)
	case changes: // the engine neither checks these nor fills in what is left out
		d.exceptions = nil
		for _, e := range read {
			if e.fields.list && len(e.comps.cells) != len(e.fields.cells) || !e.comps.given() || !e.fields.given() {
				problems.add(e.at, "exception %s: with `exceptions: replace` Falco needs a comparison in `comps` for each field",
					e.name)
				continue
			}
			d.exceptions = append(d.exceptions, e)
		}
	default:
		d.exceptions = nil
		for _, e := range read {
			if e.complete(doc.falco, problems) {
				d.exceptions = append(d.exceptions, e)
			}
		}
	}
}
