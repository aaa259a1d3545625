package rules

import (
	"maps"
	"slices"

	"doks-security/rules/judge"
)

// Judge loads the rules behind Falco's own, in Falco's order, and says what is wrong with them. stock are Falco's own
// files, or what stands for them; without, only the names they define are known.
func Judge(approved []Approval, stock ...judge.File) (*judge.Ruleset, judge.Problems, error) {
	ours, err := Files(approved)
	if err != nil {
		return nil, nil, err
	}
	set, problems := judge.Load(nil, behindStock(stock, ours)...)
	return set, problems, nil
}

// behindStock orders files as Falco loads them.
func behindStock(stock []judge.File, files map[string]string) []judge.File {
	ordered := append([]judge.File{judge.StockNames()}, stock...)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		ordered = append(ordered, judge.File{Name: name, Text: files[name]})
	}
	return ordered
}
