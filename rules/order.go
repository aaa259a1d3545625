package rules

import (
	"maps"
	"slices"

	"doks-security/rules/lint"
)

// behindStock orders files as Falco loads them, behind the names of a ruleset and the files of Falco's own that are
// given.
func behindStock(ruleset string, stock []lint.File, files map[string]string) []lint.File {
	ordered := append(lint.StockNames(ruleset), stock...)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		ordered = append(ordered, lint.File{Name: name, Text: files[name]})
	}
	return ordered
}
