package chartlint

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
)

// Keys finds the keys of given that the chart does not know: neither its values, nor its schema, nor those of the
// charts inside it. What is empty in the chart's values takes any key. reviewed are the keys known all the same,
// with the reason; used collects those it needed.
func Keys(c *chart.Chart, given map[string]any, reviewed map[string]string, used map[string]bool) []error {
	k := keys{reviewed: reviewed, used: used}
	k.compare("", given, knownValues(c), schemaOf(c))
	slices.Sort(k.unknown)
	var faults []error
	for _, path := range k.unknown {
		faults = append(faults, fmt.Errorf("%s: chart %s %s knows no such value", path, c.Name(), c.Metadata.Version))
	}
	return faults
}

type keys struct {
	reviewed map[string]string
	used     map[string]bool
	unknown  []string
}

// compare looks every key of given up in the chart's values and its schema.
func (k *keys) compare(path string, given, known map[string]any, s schemas) {
	for key, value := range given {
		at := strings.TrimPrefix(path+"."+key, ".")
		below, inValues := known[key]
		described, inSchema := s.property(key)
		if !inValues && !inSchema {
			k.review(at, value)
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
			k.unknown = append(k.unknown, at+" (an object; the chart has "+fmt.Sprint(below)+")")
			continue
		}
		k.compare(at, object, belowObject, described)
	}
}

// review looks up every key below one that the chart does not name.
func (k *keys) review(path string, value any) {
	object, ok := value.(map[string]any)
	if ok && len(object) > 0 {
		for key, below := range object {
			k.review(path+"."+key, below)
		}
		return
	}
	if k.reviewed[path] == "" {
		k.unknown = append(k.unknown, path)
	}
	k.used[path] = true
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

// schemas are the parts of a JSON schema that describe one value, and the whole they refer to.
type schemas struct {
	root  map[string]any
	parts []map[string]any
}

func schemaOf(c *chart.Chart) schemas {
	var root map[string]any
	if len(c.Schema) == 0 || json.Unmarshal(c.Schema, &root) != nil { // Helm itself refuses a schema it cannot read
		return schemas{}
	}
	return schemas{root, resolve(root, root, nil)}
}

// resolve follows references and combinations.
func resolve(root, part map[string]any, seen []string) []map[string]any {
	all := []map[string]any{part}
	if reference, ok := part["$ref"].(string); ok && !slices.Contains(seen, reference) {
		target := any(root)
		for _, step := range strings.Split(strings.TrimPrefix(reference, "#/"), "/") {
			object, _ := target.(map[string]any)
			target = object[step]
		}
		if object, ok := target.(map[string]any); ok {
			all = append(all, resolve(root, object, append(seen, reference))...)
		}
	}
	for _, combination := range []string{"allOf", "anyOf", "oneOf"} {
		list, _ := part[combination].([]any)
		for _, element := range list {
			if object, ok := element.(map[string]any); ok {
				all = append(all, resolve(root, object, seen)...)
			}
		}
	}
	return all
}

// property describes a key, if the schema names it.
func (s schemas) property(key string) (schemas, bool) {
	found := schemas{root: s.root}
	for _, part := range s.parts {
		properties, _ := part["properties"].(map[string]any)
		if object, ok := properties[key].(map[string]any); ok {
			found.parts = append(found.parts, resolve(s.root, object, nil)...)
		}
	}
	return found, len(found.parts) > 0
}

// closed reports whether the schema names keys, so that others are unknown.
func (s schemas) closed() bool {
	return slices.ContainsFunc(s.parts, func(part map[string]any) bool {
		properties, _ := part["properties"].(map[string]any)
		return len(properties) > 0
	})
}
