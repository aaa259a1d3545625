package lint

import (
	"fmt"
	"strings"
)

// Names of warnings. Falco's own are as Falco writes them; ours are of what Falco reads as something else.
const (
	deprecatedItem   = "LOAD_DEPRECATED_ITEM"
	compileCondition = "LOAD_COMPILE_CONDITION"
	noEventType      = "LOAD_NO_EVTTYPE"
	unknownFilter    = "LOAD_UNKNOWN_FILTER"
	unusedList       = "LOAD_UNUSED_LIST"
	unusedMacro      = "LOAD_UNUSED_MACRO"
	unknownKey       = "LOAD_UNKNOWN_KEY"
	unknownItem      = "LOAD_UNKNOWN_ITEM"
	unknownSource    = "LOAD_UNKNOWN_SOURCE"
	invalidListName  = "LOAD_INVALID_LIST_NAME"
	invalidMacroName = "LOAD_INVALID_MACRO_NAME"
	exceptionTwice   = "LOAD_EXCEPTION_NAME_NOT_UNIQUE"
	appendNoValues   = "LOAD_APPEND_NO_VALUES"

	emptyList     = "empty-list"
	ignoredKey    = "ignored-key"
	duplicateKey  = "duplicate-key"
	shadows       = "shadows"
	notAList      = "not-a-list"
	otherNumber   = "other-number"
	serviceName   = "service-name"
	neverMatches  = "never-matches"
	alwaysMatches = "always-matches"
)

// skippable is an error of a name that the engine does not know, which skip-if-unknown-filter turns into a warning.
type skippable struct{ error }

// checkField reports a comparison that the engine refuses or takes for something else.
func (t *tables) checkField(falco Falco, c *Check, report func(at Position, err error),
	warn func(Position, string, string, ...any)) {
	info, err := t.operand(c.Field)
	if err != nil {
		report(c.Field.at, skipUnknown(err))
		return
	}
	if err := checkOperator(c.Field.String(), info, c.Operator); err != nil {
		report(c.at, err)
		return
	}
	if err := checkEventField(c); err != nil {
		report(c.at, err)
	}
	if c.Other != nil {
		other, err := t.operand(*c.Other)
		if err == nil {
			err = checkRight(c.Field, *c.Other, info, other, c.Operator)
		} else {
			err = skipUnknown(err)
		}
		if err != nil {
			report(c.Other.at, err)
		}
		return
	}
	if _, length, err := t.fieldAt("evt.around"); c.Field.Name == "evt.around" && err == nil && length > 0 &&
		c.Operator != "=" {
		report(c.at, fmt.Errorf("evt.around compares with `=` only"))
	}
	for _, v := range c.Values {
		if c.Field.Name == "evt.dir" && v.Text == ">" && strings.HasPrefix(c.Operator, "=") {
			warn(v.at, neverMatches, "evt.dir = > is never true: the events of a call's start are gone")
		}
		if err := t.checkConstant(falco, c, info, v, warn); err != nil {
			report(v.at, err)
		}
	}
}

// skipUnknown marks the error of a field that is not known.
func skipUnknown(err error) error {
	if strings.HasPrefix(err.Error(), "unknown field") {
		return skippable{err}
	}
	return err
}

func (t *tables) checkConstant(falco Falco, c *Check, info fieldInfo, v Value,
	warn func(Position, string, string, ...any)) error {
	base, _ := splitModifier(c.Operator)
	text := v.Text
	if base == "bcontains" || base == "bstartswith" {
		decoded, err := fromHex(text)
		if err != nil {
			return fmt.Errorf("%s %s %q: %w", c.Field, c.Operator, text, err)
		}
		text = decoded
	}
	if c.Field.Name == "evt.rawarg" && info.kind == "bytebuf" {
		return fmt.Errorf("%s is a buffer: Falco compares no constant with it", c.Field)
	}
	warning, err := checkValue(info.kind, text)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", c.Field, err)
	case warning != nil && info.kind == "port" && !digits.MatchString(text):
		warn(v.at, serviceName, "%s: %v", c.Field, warning)
	case warning != nil:
		warn(v.at, otherNumber, "%s: %v", c.Field, warning)
	}
	if _, known := t.events[text]; c.Field.Name == "evt.type" && !known {
		return skippable{fmt.Errorf("%q is no event type", text)}
	}
	if base == "regex" {
		checkExpression(falco, v, warn)
		if _, err := expression(text); err != nil && falco.since(newer) {
			return fmt.Errorf("%q is %s", text, explainExpression(text, err))
		}
	}
	if base == "pmatch" && strings.Trim(text, "/") == "" {
		warn(v.at, alwaysMatches, "%s pmatch %q is true of every path", c.Field, text)
	}
	t.checkMistaken(falco, v, warn)
	return nil
}

func checkExpression(falco Falco, v Value, warn func(Position, string, string, ...any)) {
	if simpler(v.Text) {
		warn(v.at, compileCondition, "%q needs no regular expression: compare with =, contains, startswith or endswith",
			v.Text)
	}
	if _, err := expression(v.Text); err != nil && !falco.since(newer) {
		warn(v.at, neverMatches, "%q is %s; Falco %s loads it, and it never matches",
			v.Text, explainExpression(v.Text, err), falco.Version)
	}
}

// checkMistaken warns of a text that is a field or a transformer: val() is missing, or the quotes are too much.
func (t *tables) checkMistaken(falco Falco, v Value, warn func(Position, string, string, ...any)) {
	text := strings.Map(func(r rune) rune {
		if strings.ContainsRune(spaces, r) {
			return -1
		}
		return r
	}, v.Text)
	if _, length, err := t.fieldAt(text); err == nil && length > 0 && length == len(text) {
		warn(v.at, compileCondition, "%q is a field, and is compared as a string: write val(%s) to compare with its value",
			v.Text, text)
	}
	for _, name := range append([]string{"val"}, falco.transformers()...) {
		if strings.HasPrefix(text, name+"(") && strings.HasSuffix(text, ")") {
			warn(v.at, compileCondition, "%q is a transformer, and is compared as a string: write it without quotes", v.Text)
		}
	}
}
