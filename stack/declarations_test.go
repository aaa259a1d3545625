package stack

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"doks-security/stack/field"
)

// Every setting has a description, and its defaults are allowed.
func TestDeclarationsAreComplete(t *testing.T) {
	described := readComments(t)
	for _, d := range Declarations() {
		if described.of(d.Setting) == "" {
			t.Errorf("%s has no comment, which describes it", d.Path)
		}
		for _, profile := range []Profile{Dev, Prod} {
			text, declared := d.Default(string(profile))
			if !declared || strings.Contains(text, "{") {
				continue
			}
			allowed := true
			switch d.Type.Kind() {
			case reflect.String:
				allowed = d.Format.Allows(text)
			case reflect.Int:
				number, err := strconv.Atoi(text)
				allowed = err == nil && number >= d.Format.Min && number <= d.Format.Max
			case reflect.Bool:
				allowed = text == "true" || text == "false"
			}
			if !allowed {
				t.Errorf("%s: the default %q of %s is not allowed", d.Path, text, profile)
			}
		}
	}
}

// A value that a declaration does not allow is refused, with the key, what is allowed and the fix.
func TestDeclarationsAreChecked(t *testing.T) {
	checked := 0
	for _, d := range Declarations() {
		var value any = strings.Repeat("\x00", 300)
		leaf := d.Type
		for leaf.Kind() == reflect.Slice || leaf.Kind() == reflect.Map || leaf.Kind() == reflect.Pointer {
			leaf = leaf.Elem()
		}
		switch {
		case leaf.Kind() == reflect.Int:
			value = d.Format.Max + 1
		case leaf.Kind() != reflect.String || d.Format.AllowedText() == "" || d.Path == "profile":
			continue
		}
		checked++
		t.Run(d.Path, func(t *testing.T) {
			section, rest, _ := strings.Cut(d.Path, ".")
			encoded, err := json.Marshal(nested(rest, value))
			if err != nil {
				t.Fatal(err)
			}
			decoder := field.Decoder{Formats: formats, Profile: string(Dev), Stack: "dev"}
			decoder.Decode(section, string(encoded), new(Settings).sections()[section])
			if len(decoder.Misfits) > 0 {
				t.Fatal(decoder.Misfits)
			}
			key := strings.NewReplacer("[]", "[0]", ".*", ".any").Replace(d.Path)
			for _, e := range decoder.Refused {
				if e.Key == key && e.Allowed != "" && e.Fix != "" && (!d.Secret || e.Value == strconv.Quote(field.Hidden)) {
					return
				}
			}
			t.Errorf("%v was not refused: %v", value, decoder.Refused)
		})
	}
	if checked < 50 {
		t.Errorf("%d settings with limits, want at least 50", checked)
	}
}

// nested is an object with a value at a path such as pools[].name.
func nested(path string, value any) any {
	if path == "" {
		return value
	}
	key, rest, _ := strings.Cut(path, ".")
	if key == "*" {
		key = "any"
	}
	name, list := strings.CutSuffix(key, "[]")
	value = nested(rest, value)
	if list {
		value = []any{value}
	}
	return map[string]any{name: value}
}
