package lint

import (
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

var (
	appendable = map[string][]string{
		"list": {"items"}, "macro": {"condition"}, "rule": {"condition", "output", "desc", "tags", "exceptions"},
	}
	replaceable = map[string][]string{
		"list": {"items"}, "macro": {"condition"},
		"rule": {"condition", "output", "desc", "priority", "capture", "capture_duration", "tags", "exceptions", "enabled",
			"warn_evttypes", "skip-if-unknown-filter"},
	}
	needed = map[string][]string{"list": {"items"}, "macro": {"condition"},
		"rule": {"condition", "output", "desc", "priority"}}
	priorities = []string{"EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFO", "INFORMATIONAL", "DEBUG"}

	identifierForm = regexp.MustCompile(`^[a-zA-Z]+[a-zA-Z0-9_]*$`)
	bareForm       = regexp.MustCompile(`^[^()"'\t\n\v\f\r =,]+$`)
)

// readDefinition checks the form of a list, a macro or a rule, and of what changes one.
func (d *document) readDefinition(e *entry) {
	if !d.scalar(*e, e.kind) {
		return
	}
	e.name = e.keys[e.kind].Value
	switch {
	case e.kind == "macro" && !identifierForm.MatchString(e.name):
		d.problems.warn(e.at, invalidMacroName, "%q is no name that a condition can use: want letters, digits and _", e.name)
	case e.kind == "list" && !bareForm.MatchString(e.name):
		d.problems.warn(e.at, invalidListName, "%q is no name that a condition can use: want none of ( ) \" ' = , and blanks",
			e.name)
	}
	if e.legacy = d.boolean(*e, "append"); e.legacy {
		d.problems.warn(d.place(e.keys["append"]), deprecatedItem, "`append` is deprecated: write `override: {%s: append}`",
			needed[e.kind][0])
	}
	d.readOverride(e)
	overrides := len(e.append)+len(e.replace) > 0
	if e.legacy && overrides {
		d.problems.add(d.place(e.keys["append"]), "`append` and `override` cannot be used together: leave `append` out")
		return
	}
	switch {
	case e.kind != "rule":
		d.checkForm(*e, needed[e.kind][0])
	case overrides:
		d.checkOverridden(*e)
	case e.legacy:
		d.checkLegacy(*e)
	case e.onlyEnables() && !e.has("enabled"):
		d.problems.add(e.at,
			"it is not stated how the rule is changed: add `override: {<key>: append}` or replace, or all of %s",
			strings.Join(needed["rule"], ", "))
	case e.onlyEnables():
		d.checkForm(*e, "enabled")
		d.problems.warn(e.at, deprecatedItem, "`enabled` alone is deprecated: add `override: {enabled: replace}`")
	default:
		for _, key := range needed["rule"] {
			d.checkForm(*e, key)
		}
		for _, key := range append([]string{"source"}, replaceable["rule"]...) {
			if e.has(key) && !slices.Contains(needed["rule"], key) {
				d.checkForm(*e, key)
			}
		}
	}
}

// onlyEnables is the short form that turns an earlier rule on or off.
func (e *entry) onlyEnables() bool {
	return e.kind == "rule" && !e.legacy && len(e.append)+len(e.replace) == 0 &&
		!slices.ContainsFunc(needed["rule"], e.has)
}

func (d *document) readOverride(e *entry) {
	node, given := e.keys["override"]
	if !given {
		return
	}
	if node.Kind == yaml.SequenceNode { // Falco crashes at an empty one
		d.problems.add(d.place(node), "`override`: want `{%s: append}` or replace, not a list", needed[e.kind][0])
		return
	}
	if node.Kind != yaml.MappingNode || len(node.Content) == 0 {
		d.problems.warn(d.place(node), ignoredKey, "`override` is ignored: want `override: {%s: append}` or replace",
			needed[e.kind][0])
		return
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, how := node.Content[i], meant(node.Content[i+1])
		switch {
		case how.Value == "append" && slices.Contains(appendable[e.kind], key.Value):
			e.append = append(e.append, key.Value)
		case how.Value == "replace" && slices.Contains(replaceable[e.kind], key.Value):
			e.replace = append(e.replace, key.Value)
		case how.Value != "append" && how.Value != "replace":
			d.problems.add(d.place(how), "%q: want append or replace", how.Value)
		case slices.Contains(replaceable[e.kind], key.Value):
			d.problems.add(d.place(how), "%s cannot be appended to: want replace", key.Value)
		default:
			d.problems.add(d.place(key), "%s of a %s cannot be overridden", key.Value, e.kind)
		}
	}
}

// checkOverridden holds the keys of a rule against those under `override`.
func (d *document) checkOverridden(e entry) {
	for _, key := range slices.Concat(e.append, e.replace) {
		if !e.has(key) {
			d.problems.add(e.at, "override of %s, which is not given", key)
		} else {
			d.checkForm(e, key)
		}
		if slices.Contains(e.append, key) && slices.Contains(e.replace, key) {
			d.problems.add(e.at, "%s is given under `override` twice", key)
		}
	}
	for _, node := range e.order {
		key := node.Value
		if slices.Contains(replaceable["rule"], key) && !slices.Contains(e.append, key) && !slices.Contains(e.replace, key) {
			d.problems.add(d.place(node), "%s is given without an entry under `override`: add `%s: replace`", key, key)
		}
	}
}

// checkLegacy checks what `append: true` appends to: condition and exceptions.
func (d *document) checkLegacy(e entry) {
	if !e.has("condition") && !e.has("exceptions") {
		d.problems.add(e.at, "`append: true` without a condition or exceptions")
	}
	for _, node := range e.order {
		switch key := node.Value; {
		case key == "condition" || key == "exceptions":
			d.checkForm(e, key)
		case slices.Contains(replaceable["rule"], key):
			d.problems.warn(d.place(node), ignoredKey, "%s is ignored with `append: true`: change it with `override`", key)
		}
	}
}

// checkForm holds a key's value against the type it has.
func (d *document) checkForm(e entry, key string) {
	node := e.keys[key]
	switch key {
	case "items":
		if node == nil {
			d.problems.add(e.at, "the list has no items")
			return
		}
		d.sequence(e, key)
	case "tags":
		d.sequence(e, key)
	case "exceptions":
		if !isNull(node) && node.Kind != yaml.SequenceNode {
			d.problems.add(d.place(node), "exceptions: want a list")
		}
	case "enabled", "warn_evttypes", "skip-if-unknown-filter", "capture":
		if d.scalar(e, key) {
			d.boolean(e, key)
		}
	case "capture_duration":
		if d.scalar(e, key) {
			if _, err := unsigned(node.Value); err != nil {
				d.problems.add(d.place(node), "capture_duration: want milliseconds")
			}
		}
	case "priority":
		if d.scalar(e, key) && !slices.Contains(priorities, strings.ToUpper(node.Value)) {
			d.problems.add(d.place(node), "priority: want one of %s", strings.Join(priorities, ", "))
		}
	default:
		d.scalar(e, key)
	}
}
