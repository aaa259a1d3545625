package stack

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/stack/field"
)

// Encrypted tells whether a value of a stack file is one that Pulumi encrypted: {secure: ciphertext}.
func Encrypted(value any) bool {
	object, _ := value.(map[string]any)
	_, secure := object["secure"]
	return secure && len(object) == 1
}

// secretErrors refuses secrets in plain text: a stack file is committed. What is a secret says the tag of its field. Each
// is looked up by its own path in the stack file: Pulumi only tells whether anything in a section is encrypted. A section
// that is not in the file, but in an environment or another file, is judged by that.
func secretErrors(ctx *pulumi.Context, s Settings, file map[string]any) field.Errors {
	var errs field.Errors
	for section, target := range s.sections() {
		key := Project + ":" + section
		value, written := file[key]
		if !written {
			if ctx.IsConfigSecret(key) {
				continue
			}
			value = any(s.given[section])
		}
		if text, ok := value.(string); ok { // an object as JSON
			var object map[string]any
			if json.Unmarshal([]byte(text), &object) == nil {
				value = object
			}
		}
		eachSecret(value, reflect.TypeOf(target).Elem(), section, false, func(path string, value any) {
			if !Encrypted(value) && value != nil && value != "" {
				errs.Add(path, field.Hidden, "encrypted: whoever reads the stack file could use it", encryptCommand(path))
			}
		})
	}
	return errs
}

// encryptCommand sets a secret, without its value in the shell's history. A value that was committed in plain text stays in
// the history of the repository.
func encryptCommand(key string) string {
	return "pulumi config set --secret --path '" + key + "', which asks for the value; replace a value that was committed where it was issued"
}

// eachSecret calls found for every value below path whose field has the tag secret, and for what is encrypted as a whole
// around one.
func eachSecret(value any, t reflect.Type, path string, secret bool, found func(path string, value any)) {
	switch t.Kind() {
	case reflect.Pointer:
		eachSecret(value, t.Elem(), path, secret, found)
		return
	case reflect.Struct:
		object, _ := value.(map[string]any)
		for i := range t.NumField() {
			f := t.Field(i)
			key := f.Tag.Get("json")
			if element, ok := object[key]; ok {
				eachSecret(element, f.Type, path+"."+key, f.Tag.Get("secret") == "true", found)
			}
		}
		return
	case reflect.Slice:
		if list, ok := value.([]any); ok {
			for i, element := range list {
				eachSecret(element, t.Elem(), fmt.Sprintf("%s[%d]", path, i), secret, found)
			}
			return
		}
	}
	if secret {
		found(path, value)
	}
}

// holdsSecrets tells whether a type has a field with the tag secret.
func holdsSecrets(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		return holdsSecrets(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); f.Tag.Get("secret") == "true" || holdsSecrets(f.Type) {
				return true
			}
		}
	}
	return false
}

// validateSecrets refuses secrets that are not what was issued: with a line break of the file they were read from, say.
func validateSecrets(s Settings, errs *field.Errors) {
	for section, target := range s.sections() {
		eachSecret(any(s.given[section]), reflect.TypeOf(target).Elem(), section, false, func(path string, value any) {
			text, _ := value.(string)
			if slices.ContainsFunc(*errs, func(e field.Error) bool { return e.Key == path }) {
				return
			}
			if strings.ContainsFunc(text, unicode.IsControl) || strings.TrimSpace(text) != text {
				errs.Add(path, field.Hidden, "no line break or control character, and no space around it",
					encryptCommand(path))
			}
		})
	}
}
