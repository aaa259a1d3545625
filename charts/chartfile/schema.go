package chartfile

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
)

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

// names are the keys that the schema names.
func (s schemas) names() []string {
	var all []string
	for _, part := range s.parts {
		properties, _ := part["properties"].(map[string]any)
		all = slices.AppendSeq(all, maps.Keys(properties))
	}
	return all
}

// open reports whether the schema says that any key is allowed, and names none: one that names keys says by
// "additionalProperties": true only that it is not complete.
func (s schemas) open() bool {
	return !s.closed() &&
		slices.ContainsFunc(s.parts, func(part map[string]any) bool { return part["additionalProperties"] == true })
}
