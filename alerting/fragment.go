package alerting

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"
)

// Fragment is a part of Alertmanager's own configuration, with the keys of its documentation.
type Fragment map[string]any

// UnmarshalJSON keeps integers, which a float64 would write as 1e+12.
func (f *Fragment) UnmarshalJSON(text []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var object map[string]any
	if err := decoder.Decode(&object); err != nil {
		return err
	}
	for key, value := range object {
		object[key] = numbers(value)
	}
	*f = object
	return nil
}

// numbers makes integers, or fractions, of the numbers in a value.
func numbers(value any) any {
	switch v := value.(type) {
	case json.Number:
		if integer, err := v.Int64(); err == nil {
			return integer
		}
		if fraction, err := v.Float64(); err == nil {
			return fraction
		}
	case map[string]any:
		for key, element := range v {
			v[key] = numbers(element)
		}
	case []any:
		for i, element := range v {
			v[i] = numbers(element)
		}
	}
	return value
}

// plain is the fragment of a program in Go as one that was read: maps, lists, strings, booleans, int64 and float64.
func (f Fragment) plain() (Fragment, error) {
	text, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	var read Fragment
	return read, json.Unmarshal(text, &read)
}

// write is the YAML of a configuration. yaml.v3 does not write a string of several lines that begins with a space so
// that it can be read: such a string is in quotes.
func write(config Fragment) ([]byte, error) {
	config, err := config.plain()
	if err != nil {
		return nil, err
	}
	return yaml.Marshal(quoted(map[string]any(config)))
}

func quoted(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key, element := range v {
			v[key] = quoted(element)
		}
	case []any:
		for i, element := range v {
			v[i] = quoted(element)
		}
	case string:
		if strings.TrimLeftFunc(v, unicode.IsSpace) != v {
			return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.DoubleQuotedStyle, Value: v}
		}
	}
	return value
}

// Alertmanager's types, with the fields that prometheus-operator knows as well: it reads the configuration strictly.
// The test module generates the file from both.
//
//go:embed alertmanager.json
var originalText []byte

var original = func() (file struct {
	Functions []string                     `json:"functions"` // of templates
	Headers   []string                     `json:"headers"`   // that Alertmanager sets itself
	Types     map[string]map[string]string `json:"types"`     // the fields of each type, and their types
}) {
	if err := json.Unmarshal(originalText, &file); err != nil {
		panic(err)
	}
	file.Types[channels] = maps.Clone(file.Types["Receiver"])
	delete(file.Types[channels], "name")
	return file
}()

const (
	channels = "Channels" // a receiver without its name
	listOf   = "list of "
	mapOf    = "map of "
)

// allowedKeys are the fields of a type that can be set.
func allowedKeys(kind string) []string {
	keys := slices.Sorted(maps.Keys(original.Types[kind]))
	return slices.DeleteFunc(keys, isFile)
}

// isFile reports whether a field names a file.
func isFile(key string) bool { return strings.HasSuffix(key, "_file") || key == "files" }
