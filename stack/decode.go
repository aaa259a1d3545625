package stack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"doks-security/stack/field"
)

// decode reads one section strictly into target, over the defaults that stand there, and returns what was given.
// What is unknown or of the wrong type becomes a fault and is left out, so that the rest is still validated.
// Values of a section that holds secrets are not shown: a misspelt key may hold one.
func decode(section, text string, target any, errs *field.Errors) map[string]any {
	var found field.Errors
	given := decodeStrictly(section, text, target, &found)
	for _, e := range found {
		if holdsSecrets(reflect.TypeOf(target)) {
			e.Value = field.Hidden
		}
		*errs = append(*errs, e)
	}
	return given
}

func decodeStrictly(section, text string, target any, faults *field.Errors) map[string]any {
	var object map[string]any
	reader := json.NewDecoder(bytes.NewReader([]byte(text)))
	reader.UseNumber() // or 2.5 would silently become 2
	err := reader.Decode(&object)
	if err == nil && reader.More() {
		err = errors.New("more than one value")
	}
	if err != nil && !errors.Is(err, io.EOF) {
		faults.Add(section, text, "an object", "write its fields below "+Project+":"+section+" in the stack file")
		return nil
	}
	clean, _ := fit(object, reflect.TypeOf(target).Elem(), section, faults)
	encoded, err := json.Marshal(clean)
	if err == nil {
		err = json.Unmarshal(encoded, target)
	}
	if err != nil {
		faults.Add(section, text, "what Pulumi.yaml describes", "correct it")
	}
	return object
}

// fit returns value without the parts that do not fit t, and whether value itself fits.
func fit(value any, t reflect.Type, path string, faults *field.Errors) (any, bool) {
	misfit := func(allowed string) (any, bool) {
		fix := "write " + allowed
		if _, number := value.(json.Number); number && t.Kind() == reflect.String {
			fix = "put it in quotes: YAML reads 1.30 as 1.3"
		}
		faults.Add(path, plain(value), allowed, fix)
		return nil, false
	}
	switch t.Kind() {
	case reflect.Pointer:
		return fit(value, t.Elem(), path, faults)
	case reflect.Struct:
		object, ok := value.(map[string]any)
		if !ok {
			return misfit("an object")
		}
		fields := fieldTypes(t)
		clean := map[string]any{}
		for key, element := range object {
			field, known := fields[key]
			if !known {
				faults.Add(path+"."+key, plain(element), "one of "+strings.Join(sortedKeys(fields), ", "), "remove it, or correct its spelling")
				continue
			}
			if fitting, ok := fit(element, field, path+"."+key, faults); ok {
				clean[key] = fitting
			}
		}
		return clean, true
	case reflect.Slice:
		list, ok := value.([]any)
		if !ok {
			return misfit("a list")
		}
		clean := make([]any, 0, len(list))
		for i, element := range list {
			fitting, ok := fit(element, t.Elem(), fmt.Sprintf("%s[%d]", path, i), faults)
			if !ok {
				fitting = reflect.Zero(t.Elem()).Interface() // keeps the indices of the others
			}
			clean = append(clean, fitting)
		}
		return clean, true
	case reflect.Map:
		object, ok := value.(map[string]any)
		if !ok {
			return misfit("an object")
		}
		clean := map[string]any{}
		for key, element := range object {
			if fitting, ok := fit(element, t.Elem(), path+"."+key, faults); ok {
				clean[key] = fitting
			}
		}
		return clean, true
	case reflect.String:
		if _, ok := value.(string); !ok {
			return misfit("a text")
		}
	case reflect.Bool:
		if _, ok := value.(bool); !ok {
			return misfit("true or false")
		}
	case reflect.Int:
		number, ok := value.(json.Number)
		if !ok {
			return misfit("a whole number")
		}
		if _, err := number.Int64(); err != nil {
			return misfit("a whole number")
		}
	}
	return value, true
}

// plain is a value as it stands in the stack file.
func plain(value any) any {
	switch value.(type) {
	case string, bool, json.Number:
		return value
	case nil:
		return "null"
	}
	text, err := json.Marshal(value)
	if err != nil {
		return value
	}
	return json.Number(text) // printed without quotes
}

func fieldTypes(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for i := range t.NumField() {
		fields[t.Field(i).Tag.Get("json")] = t.Field(i).Type
	}
	return fields
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
