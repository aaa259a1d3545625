package field

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// EachSecret calls found for every value below path whose setting is a secret, and for what is encrypted as a whole
// around one.
func (f Formats) EachSecret(value any, t reflect.Type, path string, found func(path string, value any)) {
	f.eachSecret(value, Setting{Type: t}, path, found)
}

func (f Formats) eachSecret(value any, s Setting, path string, found func(path string, value any)) {
	switch s.Type.Kind() {
	case reflect.Pointer:
		s.Type = s.Type.Elem()
		f.eachSecret(value, s, path, found)
		return
	case reflect.Struct:
		object, _ := value.(map[string]any)
		for _, inner := range f.Settings(s.Type) {
			if element, ok := object[inner.Key]; ok {
				f.eachSecret(element, inner, path+"."+inner.Key, found)
			}
		}
		return
	case reflect.Map:
		if object, ok := value.(map[string]any); ok && !Encrypted(object) {
			s.Type = s.Type.Elem()
			for _, key := range slices.Sorted(maps.Keys(object)) {
				f.eachSecret(object[key], s, path+"."+key, found)
			}
			return
		}
	case reflect.Slice:
		if list, ok := value.([]any); ok {
			s.Type = s.Type.Elem()
			for i, element := range list {
				f.eachSecret(element, s, fmt.Sprintf("%s[%d]", path, i), found)
			}
			return
		}
	}
	if s.Secret {
		found(path, value)
	}
}

// Encrypted reports whether a value of a stack file is one that Pulumi encrypted: {secure: ciphertext}.
func Encrypted(value any) bool {
	object, _ := value.(map[string]any)
	_, secure := object["secure"].(string)
	return secure && len(object) == 1
}

// HoldSecrets reports whether a type has a setting that is a secret.
func (f Formats) HoldSecrets(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return f.HoldSecrets(t.Elem())
	case reflect.Struct:
		for _, s := range f.Settings(t) {
			if s.Secret || f.HoldSecrets(s.Type) {
				return true
			}
		}
	}
	return false
}
