package digitalocean

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"doks-security/test/fakeproviders"
)

func anyMap(s schema) map[string]any {
	m := map[string]any{}
	for key := range s {
		m[key] = nil
	}
	return m
}

// complete adds defaults other than zero values to inputs, and in every object the list of them.
func (s schema) complete(inputs map[string]any) map[string]any {
	result := maps.Clone(inputs)
	added := []any{}
	for _, key := range keysOf(anyMap(s)) {
		if s[key].fallback != nil && !empty(s[key].fallback) && result[key] == nil {
			result[key] = s[key].fallback
			added = append(added, key)
		}
	}
	for key, value := range result {
		if f := s[key]; f.object != nil {
			result[key] = f.each(value, f.object.complete)
		}
	}
	result[defaults] = added
	return result
}

// each changes an object, or every object of a list.
func (f field) each(value any, change func(map[string]any) map[string]any) any {
	switch v := value.(type) {
	case map[string]any:
		return change(v)
	case []any:
		list := []any{}
		for _, element := range v {
			m, ok := element.(map[string]any)
			if !ok {
				list = append(list, element)
				continue
			}
			list = append(list, change(m))
		}
		return list
	}
	return value
}

// imported makes inputs of outputs: all that is neither a default nor a zero value.
func (s schema) imported(outputs map[string]any) map[string]any {
	result := map[string]any{defaults: []any{}}
	for key, value := range outputs {
		f, known := s[key]
		if !known || f.output {
			continue
		}
		switch {
		case f.object != nil:
			value = f.each(value, f.object.imported)
		case reflect.ValueOf(value).Kind() == reflect.Map:
			m := maps.Clone(value.(map[string]any))
			m[defaults] = []any{}
			value = m
		}
		isDefault := empty(value)
		if f.fallback != nil {
			isDefault = reflect.DeepEqual(value, f.fallback)
		}
		if f.required || !isDefault {
			result[key] = value
		}
	}
	return result
}

// refreshed brings the inputs that a program set up to what the outputs say; a default that changed is one no longer.
// It reports whether all of it may still be a default.
func (s schema) refreshed(inputs, outputs map[string]any) (map[string]any, bool) {
	result := map[string]any{}
	list, hasDefaults := inputs[defaults].([]any)
	var names []string
	for _, name := range list {
		names = append(names, fmt.Sprint(name))
	}
	possible := true
	for key, old := range inputs {
		if key == defaults {
			possible = false
			continue
		}
		unchanged := false
		if now, ok := outputs[key]; ok {
			result[key], unchanged = s[key].refreshed(old, now)
		}
		if !unchanged {
			possible = false
			names = slices.DeleteFunc(names, func(name string) bool { return name == key })
		}
	}
	if len(names) > 0 {
		slices.Sort(names)
		result[defaults] = anys(names)
	}
	return result, possible || !hasDefaults
}

func (f field) refreshed(old, now any) (any, bool) {
	switch was := old.(type) {
	case map[string]any:
		is, ok := now.(map[string]any)
		if !ok {
			break
		}
		if f.object != nil {
			return f.object.refreshed(was, is)
		}
		result, same := map[string]any{}, true
		for key, value := range was {
			if _, ok := is[key]; !ok {
				same = false
				continue
			}
			result[key] = is[key]
			same = same && reflect.DeepEqual(value, is[key])
		}
		return result, same
	case []any:
		is, ok := now.([]any)
		if !ok {
			break
		}
		result, same := []any{}, true
		for i := range was {
			if i >= len(is) {
				same = false
				break
			}
			element, unchanged := (field{object: f.object}).refreshed(was[i], is[i])
			result = append(result, element)
			same = same && unchanged
		}
		return result, same
	case string:
		if f.keep {
			return old, strings.EqualFold(was, fmt.Sprint(now))
		}
	}
	return now, reflect.DeepEqual(old, now)
}

// shape gives values all properties of the schema.
func (s schema) shape(values map[string]any) map[string]any {
	result := map[string]any{}
	for key, f := range s {
		value := values[key]
		if f.object != nil {
			value = f.each(value, f.object.shape)
		}
		if value == nil && f.list {
			value = []any{}
		}
		result[key] = value
	}
	return result
}

// unknown marks what a preview cannot tell: outputs of a new resource, and what depends on the API.
func (s schema) unknown(values map[string]any, created bool) {
	for key, f := range s {
		if f.object != nil {
			f.each(values[key], func(m map[string]any) map[string]any { f.object.unknown(m, created); return m })
		}
		if created && values[key] == nil && (f.output || f.computed) {
			values[key] = unknown
		}
	}
}

// properties writes values for the engine; s says which are secret.
func properties(values map[string]any, s schema) fakeproviders.Properties {
	result := fakeproviders.Properties{}
	for key, value := range values {
		v := resource.NewPropertyValue(value)
		if s[key].secret {
			v = resource.MakeSecret(v)
		}
		result[resource.PropertyKey(key)] = v
	}
	return result
}

// plainMap reads properties, with unknowns as resource.Computed.
func plainMap(p fakeproviders.Properties) map[string]any {
	result := map[string]any{}
	for key, value := range p {
		result[string(key)] = plainValue(value)
	}
	return result
}

func plainValue(v resource.PropertyValue) any {
	switch {
	case v.IsSecret():
		return plainValue(v.SecretValue().Element)
	case v.IsComputed(), v.IsOutput():
		return unknown
	case v.IsObject():
		return plainMap(v.ObjectValue())
	case v.IsArray():
		list := []any{}
		for _, element := range v.ArrayValue() {
			list = append(list, plainValue(element))
		}
		return list
	}
	return v.V
}

var unknown = resource.Computed{Element: resource.NewProperty("")}

func isUnknown(v any) bool {
	_, ok := v.(resource.Computed)
	return ok
}

func containsUnknown(v any) bool {
	elements, _ := v.([]any)
	return slices.ContainsFunc(elements, isUnknown)
}

func withoutNulls(p fakeproviders.Properties) map[string]any {
	result := plainMap(p)
	maps.DeleteFunc(result, func(_ string, v any) bool { return v == nil })
	return result
}
