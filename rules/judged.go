package rules

import (
	"maps"
	"slices"

	"doks-security/rules/judge"
)

// behindStock orders files as Falco loads them, behind the names of a ruleset and the files of Falco's own that are
// given.
func behindStock(ruleset string, stock []judge.File, files map[string]string) []judge.File {
	ordered := append(judge.StockNames(ruleset), stock...)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		ordered = append(ordered, judge.File{Name: name, Text: files[name]})
	}
	return ordered
}
