package field

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode"
)

// Decoder reads the sections of a stack file over the defaults of the settings, and finds all that a setting's
// declaration refuses. What is unknown or of the wrong type is left out, so that the rest is still validated.
type Decoder struct {
	Formats        Formats
	Profile, Stack string

	Misfits Errors // keys that are unknown, and values of the wrong type
	Refused Errors // values of the right type that are not allowed, and missing ones

	hide bool // values of the section
}

// Decode reads a section, JSON, into target, a pointer to a struct, and returns what was given. Without text there are
// the defaults. Values of a section with secrets are not shown where they do not fit: a misspelled key may be a secret.
func (d *Decoder) Decode(section, text string, target any) map[string]any {
	var object map[string]any
	reader := json.NewDecoder(bytes.NewReader([]byte(text)))
	reader.UseNumber() // or 2.5 would silently become 2
	err := reader.Decode(&object)
	if err == nil && reader.More() {
		err = errors.New("more than one value")
	}
	t := reflect.TypeOf(target).Elem()
	d.hide = d.Formats.HoldSecrets(t)
	if err != nil && !errors.Is(err, io.EOF) {
		d.misfit(section, text, "an object", "write its fields below "+Project+":"+section+" in the stack file")
		object = nil
	}
	clean, _ := d.fit(object, Setting{Type: t}, section)
	encoded, err := json.Marshal(clean)
	if err == nil {
		err = json.Unmarshal(encoded, target)
	}
	if err != nil {
		d.misfit(section, text, "what docs/settings.md describes", "correct it")
	}
	return object
}

func (d *Decoder) misfit(path string, value any, allowed, fix string) {
	if d.hide {
		value = json.Number(Hidden) // printed without quotes
	}
	d.Misfits.Add(path, Plain(value), allowed, fix)
}

// fit returns value without the parts that do not fit the setting's type, with defaults, and whether value itself fits.
func (d *Decoder) fit(value any, s Setting, path string) (any, bool) {
	wrong := func(allowed string) (any, bool) {
		fix := "write " + allowed
		if _, number := value.(json.Number); number && s.Type.Kind() == reflect.String {
			fix = "put it in quotes: YAML reads 1.30 as 1.3"
		}
		d.misfit(path, value, allowed, fix)
		return nil, false
	}
	switch s.Type.Kind() {
	case reflect.Pointer:
		s.Type = s.Type.Elem()
		return d.fit(value, s, path)
	case reflect.Struct:
		object, ok := value.(map[string]any)
		if !ok {
			return wrong("an object")
		}
		return d.fitObject(object, s.Type, path), true
	case reflect.Slice:
		list, ok := value.([]any)
		if !ok {
			return wrong("a list")
		}
		return d.fitList(list, s, path), true
	case reflect.Map:
		object, ok := value.(map[string]any)
		if !ok {
			return wrong("an object")
		}
		return d.fitMap(object, s, path), true
	case reflect.String:
		text, ok := value.(string)
		if !ok {
			return wrong("a string")
		}
		d.check(text, s, path)
	case reflect.Bool:
		if _, ok := value.(bool); !ok {
			return wrong("true or false")
		}
	case reflect.Int:
		number, _ := value.(json.Number)
		integer, err := number.Int64()
		if err != nil {
			return wrong("an integer")
		}
		if !s.Format.allowsNumber(integer) {
			s.Format.Refuse(path, number, &d.Refused)
		}
	}
	return value, true
}

func (d *Decoder) fitObject(object map[string]any, t reflect.Type, path string) map[string]any {
	settings := d.Formats.Settings(t)
	keys, clean := make([]string, 0, len(settings)), map[string]any{}
	for _, s := range settings {
		keys = append(keys, s.Key)
		element, given := object[s.Key]
		path := path + "." + s.Key
		text, defaults := s.Default(d.Profile)
		text = strings.ReplaceAll(text, "{stack}", d.Stack)
		if defaults && !derived(text) {
			clean[s.Key] = s.parse(text)
		}
		switch {
		case given:
			if fitting, ok := d.fit(element, s, path); ok {
				clean[s.Key] = fitting
			}
		case s.Required:
			d.refuse(path, "", s)
		}
		if _, filled := clean[s.Key]; !filled && s.Type.Kind() == reflect.Struct {
			clean[s.Key] = d.fitObject(nil, s.Type, path)
		}
	}
	slices.Sort(keys)
	for key, element := range object {
		if !slices.Contains(keys, key) {
			d.misfit(path+"."+key, element, "one of "+strings.Join(keys, ", "), "remove it, or correct its spelling")
		}
	}
	return clean
}

func (d *Decoder) fitList(list []any, s Setting, path string) []any {
	if f := s.Format; len(list) < f.MinItems {
		d.Refused.Add(path, Plain(list), f.EmptyAllowed, f.EmptyFix)
	}
	s.Type, s.Required = s.Type.Elem(), true // an empty element is a value
	clean := make([]any, 0, len(list))
	for i, element := range list {
		fitting, ok := d.fit(element, s, fmt.Sprintf("%s[%d]", path, i))
		if !ok {
			fitting = reflect.Zero(s.Type).Interface() // keeps the indices of the others
		}
		clean = append(clean, fitting)
	}
	return clean
}

func (d *Decoder) fitMap(object map[string]any, s Setting, path string) map[string]any {
	s.Type, s.Required = s.Type.Elem(), true // an empty element is a value
	clean := map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		element, path := object[key], path+"."+key
		if fitting, ok := d.fit(element, s, path); ok {
			clean[key] = fitting
		}
		if !s.Keys.Allows(key) {
			shown := Plain(element)
			if s.Secret {
				shown = Hidden
			}
			s.Keys.Refuse(path, shown, &d.Refused)
		}
	}
	return clean
}

// check checks a string, which may be empty where that means not set.
func (d *Decoder) check(text string, s Setting, path string) {
	_, defaults := s.Default(d.Profile)
	switch {
	case text == "" && !s.Required && !defaults:
	case !s.Format.Allows(text):
		d.refuse(path, text, s)
	case s.Secret && (strings.ContainsFunc(text, unicode.IsControl) || strings.TrimSpace(text) != text):
		d.Refused.Add(path, Hidden, "no line break or control character, and no space around it", EncryptCommand(path))
	}
}

// refuse adds the error of a string that is not allowed; an empty one is missing.
func (d *Decoder) refuse(path, text string, s Setting) {
	switch {
	case s.Secret:
		AddSecret(path, text, s.Format.AllowedText(), &d.Refused)
	case text == "":
		s.Format.Refuse(path, nil, &d.Refused)
	default:
		s.Format.Refuse(path, text, &d.Refused)
	}
}

// Plain is a value as the stack file has it.
func Plain(value any) any {
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
