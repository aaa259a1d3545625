package stack

import (
	"reflect"

	"doks-security/stack/field"
)

// Declaration is a setting with its path, such as cluster.pools[].count: [] is an element of a list, * a key of a map.
type Declaration struct {
	field.Setting
	Path string
	In   reflect.Type // the struct that declares it
}

// Declarations are all settings of a stack file in the order of docs/settings.md, objects before what they hold.
func Declarations() []Declaration {
	t := reflect.TypeFor[Settings]()
	var all []Declaration
	for _, s := range formats.Settings(t) {
		all = append(all, declarations(s, s.Key, t)...)
	}
	return all
}

func declarations(s field.Setting, path string, in reflect.Type) []Declaration {
	t := s.Type
	switch {
	case t.Kind() == reflect.Map:
		for inner := t; inner.Kind() == reflect.Map; inner = inner.Elem() {
			path += ".*"
		}
	case t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Struct:
		path += "[]"
	}
	all := []Declaration{{s, path, in}}
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct {
			path += "[]"
		}
		t = t.Elem()
	}
	if t.Kind() == reflect.Struct {
		for _, inner := range formats.Settings(t) {
			all = append(all, declarations(inner, path+"."+inner.Key, t)...)
		}
	}
	return all
}
