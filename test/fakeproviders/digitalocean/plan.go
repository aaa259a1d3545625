package digitalocean

import (
	"fmt"
	"reflect"
	"slices"
	"sort"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
)

// plan chooses for each property: what the program says, else what the API has said, else nothing.
func (s schema) plan(state, inputs map[string]any) map[string]any {
	values := map[string]any{}
	for key, f := range s {
		input, given := inputs[key]
		switch {
		case f.output, !given && f.computed:
			values[key] = state[key]
		case !given && f.fallback != nil:
			values[key] = f.fallback
		case !given && state[key] == nil:
			values[key] = f.zero
		case !given && empty(state[key]):
			values[key] = state[key] // zero is nothing
		case !given:
			values[key] = nil
		case f.set && sameElements(state[key], input):
			values[key] = state[key] // a set has no order
		case f.set && f.object == nil && containsUnknown(input):
			values[key] = unknown // how many elements it has is not known either
		case f.object != nil:
			values[key] = f.planNested(state[key], input)
		default:
			values[key] = input
		}
	}
	return values
}

func (f field) planNested(state, input any) any {
	switch input := input.(type) {
	case map[string]any:
		before, _ := state.(map[string]any)
		return f.object.plan(before, input)
	case []any:
		before, _ := state.([]any)
		list := []any{}
		for i, element := range input {
			var was map[string]any
			if i < len(before) && !f.set {
				was, _ = before[i].(map[string]any)
			}
			is, _ := element.(map[string]any)
			list = append(list, f.object.plan(was, is))
		}
		return list
	}
	return input
}

// differences compares the plan with the state, path by path.
func (b *bridged) differences(d *data) map[string]plugin.PropertyDiff {
	found := map[string]plugin.PropertyDiff{}
	b.schema.compare(d, "", d.state, d.values, found)
	for key, f := range b.schema { // what a failed creation did not read
		if f.output && f.object != nil && d.state[key] == nil {
			f.add(key, found)
		}
	}
	if len(found) > 0 {
		b.schema.emptied("", d.state, d.config, found)
	}
	if b.forces != nil && b.forces(d) {
		found["__meta"] = plugin.PropertyDiff{Kind: plugin.DiffUpdateReplace} // the published plugin names no property
	}
	return found
}

// emptied finds empty maps of the inputs that the state does not have at all: a difference only with another one.
func (s schema) emptied(prefix string, state, inputs map[string]any, found map[string]plugin.PropertyDiff) {
	for key, f := range s {
		is, isMap := inputs[key].(map[string]any)
		was, _ := state[key].(map[string]any)
		switch {
		case isMap && f.object != nil:
			f.object.emptied(prefix+key+".", was, is, found)
		case isMap && empty(is) && f.bare && state[key] == nil:
			f.add(prefix+key, found)
		}
	}
}

func (s schema) compare(d *data, prefix string, old, new map[string]any, found map[string]plugin.PropertyDiff) {
	for key, f := range s {
		if f.output || f.same != nil && f.same(d, old, old[key], new[key]) {
			continue
		}
		f.compare(d, prefix+key, old[key], new[key], found)
	}
}

func (f field) compare(d *data, path string, old, new any, found map[string]plugin.PropertyDiff) {
	oldMap, wasMap := old.(map[string]any)
	newMap, isMap := new.(map[string]any)
	oldList, wasList := old.([]any)
	newList, isList := new.([]any)
	switch {
	case old == nil && (new == false || isMap && f.object != nil):
		f.add(path, found) // not known before: an imported resource
	case equal(old, new):
	case wasMap && isMap && f.object != nil:
		f.object.compare(d, path+".", oldMap, newMap, found)
	case wasMap && isMap:
		for _, key := range keysOf(oldMap, newMap) {
			f.leaf(path+"."+key, oldMap[key], newMap[key], found)
		}
	case f.set && wasList && isList && len(oldList) > 0 && len(newList) > 0:
		compareSets(f, path, oldList, newList, found)
	case wasList && isList && len(oldList) > 0 && len(newList) > 0:
		for i := range max(len(oldList), len(newList)) {
			element := field{object: f.object, replaces: f.replaces}
			element.compare(d, fmt.Sprintf("%s[%d]", path, i), at(oldList, i), at(newList, i), found)
		}
	default:
		f.leaf(path, old, new, found)
	}
}

func (f field) add(path string, found map[string]plugin.PropertyDiff) {
	kind := plugin.DiffAdd
	if f.replaces {
		kind = kind.AsReplace()
	}
	found[path] = plugin.PropertyDiff{Kind: kind}
}

func (f field) leaf(path string, old, new any, found map[string]plugin.PropertyDiff) {
	if equal(old, new) {
		return
	}
	kind := plugin.DiffUpdate
	switch {
	case old == nil, isEmptyList(old):
		kind = plugin.DiffAdd
	case new == nil, isEmptyList(new):
		kind = plugin.DiffDelete
	}
	if f.replaces {
		kind = kind.AsReplace()
	}
	found[path] = plugin.PropertyDiff{Kind: kind}
}

// compareSets finds what is only in one of two sets, whatever the order.
func compareSets(f field, path string, old, new []any, found map[string]plugin.PropertyDiff) {
	has := func(list []any, v any) bool {
		return slices.ContainsFunc(list, func(other any) bool { return equal(v, other) })
	}
	for i, v := range new {
		if !has(old, v) {
			f.leaf(fmt.Sprintf("%s[%d]", path, i), nil, v, found)
		}
	}
	for i, v := range old {
		if !has(new, v) {
			at := fmt.Sprintf("%s[%d]", path, i)
			if _, taken := found[at]; taken {
				delete(found, at)
				element := field{object: f.object, replaces: f.replaces}
				element.compare(nil, at, v, new[i], found)
				continue
			}
			f.leaf(at, v, nil, found)
		}
	}
}

func at(list []any, i int) any {
	if i < len(list) {
		return list[i]
	}
	return nil
}

func keysOf(maps ...map[string]any) []string {
	keys := map[string]bool{}
	for _, m := range maps {
		for key := range m {
			keys[key] = true
		}
	}
	list := []string{}
	for key := range keys {
		list = append(list, key)
	}
	sort.Strings(list)
	return list
}

// equal compares as Terraform does: nothing is the zero value.
func equal(a, b any) bool {
	if empty(a) && empty(b) {
		return true
	}
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		return ok && !slices.ContainsFunc(keysOf(x, y),
			func(key string) bool { return key != defaults && !equal(x[key], y[key]) })
	case []any:
		y, ok := b.([]any)
		return ok && slices.EqualFunc(x, y, equal)
	}
	return reflect.DeepEqual(a, b)
}

func isEmptyList(v any) bool {
	list, ok := v.([]any)
	return ok && len(list) == 0
}

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case bool:
		return !v
	case float64:
		return v == 0
	case []any:
		return len(v) == 0
	case map[string]any:
		for key, element := range v {
			if key != defaults && !empty(element) {
				return false
			}
		}
		return true
	}
	return false
}

// settle makes empty texts what the state had: Terraform keeps null null. In an object an update makes them empty.
func (s schema) settle(state, values map[string]any, update bool) {
	for key, f := range s {
		if f.bare && empty(values[key]) && empty(state[key]) {
			values[key] = state[key]
		}
		is, ok := values[key].(map[string]any)
		switch {
		case !ok || f.object == nil:
		case update:
			f.object.fill(is)
		default:
			was, _ := state[key].(map[string]any)
			f.object.settle(was, is, false)
		}
	}
}

func (s schema) fill(values map[string]any) {
	for key, f := range s {
		switch {
		case values[key] != nil || !f.bare:
		case f.set:
			values[key] = []any{}
		default:
			values[key] = map[string]any{}
		}
	}
}

// sameElements compares lists of texts in any order.
func sameElements(a, b any) bool {
	x, y := texts(a), texts(b)
	slices.Sort(x)
	slices.Sort(y)
	return len(x) > 0 && slices.Equal(x, y)
}

// blank fills what a failed creation did not learn: there Terraform has zero values instead of nulls.
func (s schema) blank(values map[string]any) {
	for key, f := range s {
		if nested, ok := values[key].(map[string]any); ok && f.object != nil {
			f.object.blank(nested)
		}
		if values[key] == nil && f.blankValue != nil {
			values[key] = f.blankValue
		}
	}
}
