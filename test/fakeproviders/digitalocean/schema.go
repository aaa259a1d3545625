package digitalocean

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// schema says of each property of a resource, by its name in Pulumi, what the published provider does with it. The
// facts are those of Terraform's DigitalOcean provider 2.96, from which the published plugin 4.76 is made.
type schema map[string]field

// field is a property: an input unless it is an output only.
type field struct {
	required bool
	output   bool // only the API sets it
	computed bool // the API sets it where the program does not
	secret   bool
	replaces bool // a change needs a new resource
	fallback any  // where the program says nothing
	zero     any  // instead of null
	// blankValue is what a failed creation leaves in an object instead of null.
	blankValue any
	named      bool // its own name is what the published plugin makes where the program says nothing
	// object holds the properties of an object, or of a list's or set's elements.
	object schema
	set    bool
	list   bool // of objects: empty where there is none
	bare   bool // a list or map of texts: null where a new resource has none
	// valid finds what is wrong with a value: a text for its name. Optional.
	valid func(v any) string
	// same reports that a difference is none; siblings are the other values of the state. Optional.
	same func(d *data, siblings map[string]any, old, new any) bool
	// keep makes the input of a refresh stay as the program wrote it. Optional.
	keep bool
}

// data is a resource in a call, as Terraform's providers see it: the state there was, what is planned, and what the
// call sets.
type data struct {
	id     string
	state  map[string]any
	values map[string]any
	config map[string]any // the inputs
}

func (d *data) text(key string) string { v, _ := d.values[key].(string); return v }
func (d *data) flag(key string) bool   { v, _ := d.values[key].(bool); return v }
func (d *data) number(key string) int  { return toInt(d.values[key]) }
func (d *data) object(key string) map[string]any {
	v, _ := d.values[key].(map[string]any)
	return v
}
func (d *data) list(key string) []any { v, _ := d.values[key].([]any); return v }

func (d *data) set(values map[string]any) { maps.Copy(d.values, values) }

// changed reports whether a property is planned to differ from the state.
func (d *data) changed(keys ...string) bool {
	return slices.ContainsFunc(keys, func(key string) bool { return !equal(d.state[key], d.values[key]) })
}

func toInt(v any) int {
	switch v := v.(type) {
	case float64:
		return int(v)
	case int:
		return v
	}
	return 0
}

func texts(v any) []string {
	list := []string{}
	elements, _ := v.([]any)
	for _, element := range elements {
		list = append(list, fmt.Sprint(element))
	}
	return list
}

func anys[T any](list []T) []any {
	result := []any{}
	for _, element := range list {
		result = append(result, element)
	}
	return result
}

func isCIDR(v any) string {
	text, _ := v.(string)
	if _, err := netip.ParsePrefix(text); err != nil {
		return fmt.Sprintf("expected %%q to be a valid CIDR Value, got %s: invalid CIDR address: %s", text, text)
	}
	return ""
}

func notEmpty(v any) string {
	if v == "" {
		return "%s must not be empty, got "
	}
	return ""
}

func oneOf(allowed ...string) func(any) string {
	return func(v any) string {
		text, _ := v.(string)
		if slices.Contains(allowed, text) {
			return ""
		}
		return fmt.Sprintf("expected %%s to be one of %q, got %s", allowed, text)
	}
}

// inAnyCase accepts upper and lower case.
func inAnyCase(valid func(any) string) func(any) string {
	return func(v any) string {
		text, _ := v.(string)
		if valid(strings.ToLower(text)) == "" {
			return ""
		}
		return valid(v)
	}
}
