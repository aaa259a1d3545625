package chartfile

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
)

// Key is one that a chart does not know.
type Key struct {
	Path string // keys joined by dots
	// Has is the chart's own value, where the key is known and holds no object; empty: the key is unknown.
	Has     string
	Closest string // the path of a key that may be meant; empty: none
}

// Unknown finds the keys of given that the chart does not know: neither its values, nor its schema, nor those of the
// charts inside it. What is empty in the chart's values takes any key, as does a chart whose schema says
// "additionalProperties": true at its root and names no key. accepts says of a path whether it is known all the same;
// nil accepts none. The keys are sorted by path.
func Unknown(c *chart.Chart, given map[string]any, accepts func(path string) bool) []Key {
	k := keys{accepts: accepts, all: knownValues(c)}
	s := schemaOf(c)
	if !s.open() {
		k.compare("", given, k.all, s)
	}
	slices.SortFunc(k.unknown, func(a, b Key) int { return strings.Compare(a.Path, b.Path) })
	return k.unknown
}

type keys struct {
	accepts func(path string) bool
	all     map[string]any
	unknown []Key
}

// compare looks every key of given up in the chart's values and its schema.
func (k *keys) compare(path string, given, known map[string]any, s schemas) {
	for key, value := range given {
		at := strings.TrimPrefix(path+"."+key, ".")
		below, inValues := known[key]
		described, inSchema := s.property(key)
		if !inValues && !inSchema {
			siblings := append(slices.Collect(maps.Keys(known)), s.names()...)
			k.review(at, value, k.closest(path, key, siblings))
			continue
		}
		object, ok := value.(map[string]any)
		if !ok {
			continue
		}
		belowObject, isObject := below.(map[string]any)
		switch {
		case isObject && len(belowObject) == 0 || below == nil && !described.closed():
			continue // free: {} or nothing
		case inValues && below != nil && !isObject && !described.closed():
			k.unknown = append(k.unknown, Key{Path: at, Has: fmt.Sprint(below)})
			continue
		}
		k.compare(at, object, belowObject, described)
	}
}

// review looks up every key below one that the chart does not name.
func (k *keys) review(path string, value any, closest string) {
	object, ok := value.(map[string]any)
	if ok && len(object) > 0 {
		for key, below := range object {
			k.review(path+"."+key, below, closest)
		}
		return
	}
	if k.accepts == nil || !k.accepts(path) {
		k.unknown = append(k.unknown, Key{Path: path, Closest: closest})
	}
}

// knownValues are a chart's values with those of the charts inside it, under their names.
func knownValues(c *chart.Chart) map[string]any {
	known := maps.Clone(c.Values)
	if known == nil {
		known = map[string]any{}
	}
	if _, ok := known["global"]; !ok {
		known["global"] = map[string]any{} // of every chart, by Helm's rules
	}
	for _, inside := range c.Dependencies() {
		for _, name := range namesOf(c, inside) {
			over, _ := known[name].(map[string]any)
			known[name] = union(over, knownValues(inside))
		}
	}
	return known
}

// namesOf are the keys under which a chart's values stand in its parent's.
func namesOf(parent, inside *chart.Chart) []string {
	var names []string
	for _, d := range parent.Metadata.Dependencies {
		if d.Name == inside.Name() {
			names = append(names, d.Name)
			if d.Alias != "" {
				names[len(names)-1] = d.Alias
			}
		}
	}
	if len(names) == 0 {
		names = []string{inside.Name()}
	}
	return names
}

// union has the keys of both; what is empty on one side takes the other's.
func union(a, b map[string]any) map[string]any {
	all := maps.Clone(b)
	if all == nil {
		all = map[string]any{}
	}
	for key, value := range a {
		object, isObject := value.(map[string]any)
		other, both := all[key].(map[string]any)
		switch {
		case isObject && both && (len(object) == 0 || len(other) == 0):
			all[key] = map[string]any{} // free on either side
		case isObject && both:
			all[key] = union(object, other)
		case value != nil:
			all[key] = value
		}
	}
	return all
}
