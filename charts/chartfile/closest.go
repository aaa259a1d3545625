package chartfile

import (
	"slices"
	"strings"
)

// closest is the path of the key that may be meant by an unknown one: the sibling with the fewest other letters, at
// most a third of them, or else the same key elsewhere in the chart's values, at the shortest path.
func (k *keys) closest(path, key string, siblings []string) string {
	best, fewest := "", len(key)/3+1
	for _, sibling := range slices.Sorted(slices.Values(siblings)) {
		if d := distance(strings.ToLower(key), strings.ToLower(sibling)); d < fewest || d == fewest && best == "" {
			best, fewest = strings.TrimPrefix(path+"."+sibling, "."), d
		}
	}
	if best != "" {
		return best
	}
	for _, other := range paths("", k.all) {
		if strings.HasSuffix(other, "."+key) && (best == "" || len(other) < len(best)) {
			best = other
		}
	}
	return best
}

// paths are those of all keys below path, sorted.
func paths(path string, known map[string]any) []string {
	var all []string
	for key, value := range known {
		at := strings.TrimPrefix(path+"."+key, ".")
		all = append(all, at)
		if object, ok := value.(map[string]any); ok {
			all = append(all, paths(at, object)...)
		}
	}
	slices.Sort(all)
	return all
}

// distance is the number of letters to insert, delete or replace to make b of a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
