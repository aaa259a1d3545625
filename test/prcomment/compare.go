package prcomment

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pmezard/go-difflib/difflib"
)

// Change is how one text differs: it comes (+), goes (-) or changes (~).
type Change struct {
	Name string
	Kind byte
	Diff string // unified, without a header
}

// Compare lists what differs between two sets of texts, by name; same counts those that do not.
func Compare(before, after map[string]string) (changes []Change, same int, err error) {
	names := map[string]bool{}
	for name := range before {
		names[name] = true
	}
	for name := range after {
		names[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		was, existed := before[name]
		is, exists := after[name]
		if existed && exists && was == is {
			same++
			continue
		}
		change := Change{Name: name, Kind: '~'}
		switch {
		case !existed:
			change.Kind = '+'
		case !exists:
			change.Kind = '-'
		}
		change.Diff, err = difflib.GetUnifiedDiffString(difflib.UnifiedDiff{A: lines(was), B: lines(is), Context: 2})
		if err != nil {
			return nil, 0, fmt.Errorf("comparing %s: %w", name, err)
		}
		changes = append(changes, change)
	}
	return changes, same, nil
}

// lines end in newlines, and a text without any has none.
func lines(text string) []string {
	all := strings.SplitAfter(text, "\n")
	if all[len(all)-1] == "" {
		all = all[:len(all)-1]
	}
	return all
}

// VersionLabels change with every version of a chart and say nothing.
var VersionLabels = []string{"helm.sh/chart:", "app.kubernetes.io/version:", "chart:"}

// Without leaves out the lines that start with one of prefixes.
func Without(text string, prefixes ...string) string {
	var kept strings.Builder
	for line := range strings.Lines(text) {
		if !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(strings.TrimSpace(line), p) }) {
			kept.WriteString(line)
		}
	}
	return kept.String()
}
