package lint

import (
	"slices"
	"strings"
)

// Operators by what is on their right. A longer one comes before its prefix.
var (
	numberOperators = []string{"<=", "<", ">=", ">"}
	equalOperators  = []string{"==", "=", "!="}
	textOperators   = []string{
		"glob", "iglob", "contains", "icontains", "bcontains", "startswith", "bstartswith", "endswith", "regex",
	}
	listOperators = []string{"intersects", "in", "pmatch"}
	// modifiers join a text operator with a list: `endswith oneof (a, b)`. Since Falco 0.44.
	modifiers = []string{"oneof", "anyof", "allof"}

	transformers = []string{"tolower", "toupper", "b64", "basename", "len"}
	// multiTransformers take several values. Since Falco 0.44.
	multiTransformers = []string{"join", "concat", "getopt"}
)

// newer is the release that has modifiers, multiTransformers and constants inside transformers.
const newer = "0.44"

// maxDepth bounds what is nested: the parser calls itself.
const maxDepth = 1000

// transformers are those that a release knows.
func (f Falco) transformers() []string {
	if f.since(newer) {
		return slices.Concat(transformers, multiTransformers)
	}
	return transformers
}

// splitModifier cuts "endswith oneof" into the operator and its modifier.
func splitModifier(operator string) (base, modifier string) {
	base, modifier, _ = strings.Cut(operator, " ")
	return base, modifier
}

// takesList is true of an operator with a list on its right.
func takesList(operator string) bool {
	base, modifier := splitModifier(operator)
	return modifier != "" || slices.Contains(listOperators, base)
}

// knownOperator is true of what may be an operator of an exception. One with a modifier has a single blank inside.
func (f Falco) knownOperator(operator string) bool {
	base, modifier := splitModifier(operator)
	if modifier != "" {
		return f.since(newer) && slices.Contains(modifiers, modifier) &&
			slices.Contains(slices.Concat(equalOperators, textOperators), base)
	}
	return slices.Contains(slices.Concat([]string{"exists"}, numberOperators, equalOperators, textOperators,
		listOperators), base)
}
