package stack

import (
	"reflect"

	"doks-security/stack/field"
)

// Declaration is a setting with its path, such as cluster.pools[].count: [] is an element of a list, * a key of a map.
type Declaration struct {
	field.Setting
	Path string
}

// Declarations are all settings of a stack file in the order of docs/settings.md, objects before what they hold.
func Declarations() []Declaration {
	t := reflect.TypeFor[Settings]()
	var all []Declaration
	for _, s := range formats.Settings(t) {
		all = append(all, declarations(s, s.Key)...)
	}
	return all
}

func declarations(s field.Setting, path string) []Declaration {
	t := s.Type
	switch {
	case t.Kind() == reflect.Map:
		for inner := t; inner.Kind() == reflect.Map; inner = inner.Elem() {
			path += ".*"
		}
	case t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Struct:
		path += "[]"
	}
	all := []Declaration{{s, path}}
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct {
			path += "[]"
		}
		t = t.Elem()
	}
	if t.Kind() == reflect.Struct {
		for _, inner := range formats.Settings(t) {
			all = append(all, declarations(inner, path+"."+inner.Key)...)
		}
	}
	return all
}
