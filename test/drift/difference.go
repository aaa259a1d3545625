package drift

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// path leads to a field. An element of a list is named as in [name], or counted as in [0].
type path []string

// with returns the path of a field below.
func (p path) with(element string) path { return append(slices.Clip(p), element) }

// String writes a path as kubectl does, keys that are no plain names in brackets.
func (p path) String() string {
	var b strings.Builder
	for _, element := range p {
		switch {
		case strings.HasPrefix(element, "["):
			b.WriteString(element)
		case strings.ContainsAny(element, "./"):
			fmt.Fprintf(&b, "[%s]", element)
		default:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(element)
		}
	}
	return b.String()
}

// difference is a field with two values; nil: the field is missing.
type difference struct {
	path           path
	rendered, live any
}

// differences lists the outermost fields that differ, sorted by path.
func differences(at path, rendered, live any) []difference {
	if reflect.DeepEqual(rendered, live) {
		return nil
	}
	a, aOK := fields(rendered)
	b, bOK := fields(live)
	if !aOK || !bOK || isList(rendered) != isList(live) {
		return []difference{{at, rendered, live}}
	}
	all := maps.Clone(a)
	maps.Copy(all, b)
	var list []difference
	for _, key := range slices.Sorted(maps.Keys(all)) {
		list = append(list, differences(at.with(key), a[key], b[key])...)
	}
	return list
}

func isList(value any) bool {
	_, ok := value.([]any)
	return ok
}

// fields are the elements of a map or list, by their element of a path.
func fields(value any) (map[string]any, bool) {
	switch v := value.(type) {
	case map[string]any:
		return v, true
	case []any:
		elements := map[string]any{}
		for i := range v {
			elements[element(v, i)] = v[i]
		}
		return elements, true
	}
	return nil, false
}

// element names an element of a list: by its field name if each has another, else by its number.
func element(list []any, index int) string {
	seen := map[string]bool{}
	for _, e := range list {
		m, _ := e.(map[string]any)
		name, ok := m["name"].(string)
		if !ok || seen[name] {
			return fmt.Sprintf("[%d]", index)
		}
		seen[name] = true
	}
	return "[" + list[index].(map[string]any)["name"].(string) + "]"
}

// lookup returns the value at a path.
func lookup(value any, at path) (any, bool) {
	for _, e := range at {
		elements, ok := fields(value)
		if !ok {
			return nil, false
		}
		if value, ok = elements[e]; !ok {
			return nil, false
		}
	}
	return value, true
}

// values writes both values on one line each. Those of Secrets are masked. Of texts of several lines only the first
// line that differs is shown.
func (d difference) values(secret bool) (rendered, live string) {
	a, aText := d.rendered.(string)
	b, bText := d.live.(string)
	if aText && bText && !secret {
		return firstDifference(a, b)
	}
	show := func(value any) string {
		if value == nil {
			return ""
		}
		if secret && len(d.path) > 0 && (d.path[0] == "data" || d.path[0] == "stringData") {
			return "(secret)"
		}
		text, err := json.Marshal(value)
		if err != nil {
			return fmt.Sprint(value)
		}
		return string(text)
	}
	return show(d.rendered), show(d.live)
}

// firstDifference is the first line in which two texts differ, with its number if there are several lines.
func firstDifference(a, b string) (string, string) {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	if len(x) == 1 && len(y) == 1 {
		return a, b
	}
	for i := range max(len(x), len(y)) {
		line := func(lines []string) string {
			if i < len(lines) {
				return fmt.Sprintf("line %d: %s", i+1, strings.TrimSpace(lines[i]))
			}
			return fmt.Sprintf("line %d: (none)", i+1)
		}
		if p, q := line(x), line(y); p != q {
			return p, q
		}
	}
	return "", "differs in white space"
}
