// Package changes changes every setting of a running stack once, through the real Pulumi CLI, and records what happens:
// an error of the preview, or the resources that pulumi up updates and the pods that restart. It then changes the
// setting back. docs/changing-settings.md is the table of it.
//
// Rows that touch different resources change together in one update: what each would change is known from a preview of
// it alone, and the update must do nothing else.
//
// Every setting of schema/stack.schema.json has a row. That of a boolean, an integer, an enumeration or a string with
// an example is made of its declaration; for another, or for other values, append a Change to the list of its section.
package changes

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Change is a row: a setting that gets another value.
type Change struct {
	Setting string // as Settings lists it, such as cluster.pools[].count
	Path    string // in the stack file; default: Setting, with the first element of each list
	From    any    // default: the value in base
	To      any    // nil removes it
	// Alongside changes with it, by path, before it.
	Alongside []Value
	// Last changes come after all others, one at a time and in order: they cannot be changed back, or follow such one.
	Last bool
}

// Value is a setting's value; nil removes it.
type Value struct {
	Path string
	To   any
}

// secret is a value that is encrypted in the stack file.
type secret string

// section is a heading of the page.
type section struct {
	title   string
	changes []Change
}

// All returns the rows in the order of docs/changing-settings.md.
func All() []Change {
	var all []Change
	for _, s := range sections() {
		all = append(all, s.changes...)
	}
	return all
}

// inTests are the rows that make rehearsals runs.
var inTests = []string{"cluster.region", "logging.retention", "project.description", "virtualClusters.admission"}

func (c Change) path() string {
	if c.Path != "" {
		return c.Path
	}
	return strings.ReplaceAll(c.Setting, "[]", "[0]")
}

// values are all that changes.
func (c Change) values() []Value { return append(slices.Clone(c.Alongside), Value{c.path(), c.To}) }

// from is the value before.
func (c Change) from() any {
	if c.From != nil {
		return c.From
	}
	value, _ := get(base(), c.path())
	return value
}

// name identifies a row.
func (c Change) name() string {
	name := fmt.Sprintf("%s %v %v", c.path(), c.from(), c.To)
	for _, v := range c.Alongside {
		name += fmt.Sprintf(" %s %v", v.Path, v.To)
	}
	return name
}

var steps = regexp.MustCompile(`[^.\[\]]+|\[\d+\]`)

// get reads a value out of maps and lists.
func get(from any, path string) (any, bool) {
	for _, step := range steps.FindAllString(path, -1) {
		switch container := from.(type) {
		case map[string]any:
			value, ok := container[step]
			if !ok {
				return nil, false
			}
			from = value
		case []any:
			i := index(step)
			if i < 0 || i >= len(container) {
				return nil, false
			}
			from = container[i]
		default:
			return nil, false
		}
	}
	return from, true
}

// set writes a value into a map, and makes what is missing on the way; a list grows by one element at most.
func set(in map[string]any, path string, value any) {
	var update func(container any, rest []string) any
	update = func(container any, rest []string) any {
		if len(rest) == 0 {
			return value
		}
		if i := index(rest[0]); i >= 0 {
			list, _ := container.([]any)
			list = slices.Clone(list)
			if i == len(list) {
				list = append(list, nil)
			}
			list[i] = update(list[i], rest[1:])
			if list[i] == nil {
				list = slices.Delete(list, i, i+1)
			}
			return list
		}
		object, _ := container.(map[string]any)
		if object == nil {
			object = map[string]any{}
		}
		if object[rest[0]] = update(object[rest[0]], rest[1:]); object[rest[0]] == nil {
			delete(object, rest[0])
		}
		return object
	}
	update(in, steps.FindAllString(path, -1))
}

// index is the number of a list's step; -1 for a key.
func index(step string) int {
	i := -1
	if strings.HasPrefix(step, "[") {
		_, _ = fmt.Sscanf(step, "[%d]", &i)
	}
	return i
}
