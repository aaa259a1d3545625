package rules

import (
	"maps"
	"slices"

	"doks-security/rules/judge"
)

// behindStock orders files as Falco loads them.
func behindStock(stock []judge.File, files map[string]string) []judge.File {
	ordered := append([]judge.File{judge.StockNames()}, stock...)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		ordered = append(ordered, judge.File{Name: name, Text: files[name]})
	}
	return ordered
}
