package judge

import "slices"

// Operators by what stands on their right. A longer one comes before its prefix.
var (
	numberOperators = []string{"<=", "<", ">=", ">"}
	equalOperators  = []string{"==", "=", "!="}
	textOperators   = []string{
		"glob", "iglob", "contains", "icontains", "bcontains", "startswith", "bstartswith", "endswith", "regex",
	}
	listOperators = []string{"intersects", "in", "pmatch"}
	transformers  = []string{"tolower", "toupper", "b64", "basename", "len"}
	// newer needs an engine that Falco 0.42 and 0.43 do not have.
	newer = []string{"join", "concat", "getopt", "oneof", "anyof", "allof"}
)

// maxDepth bounds the parentheses in each other: the parser calls itself.
const maxDepth = 100

func listOperator(operator string) bool { return slices.Contains(listOperators, operator) }
