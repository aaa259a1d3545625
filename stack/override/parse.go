package override

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"

	"doks-security/stack/field"
)

var (
	// decimal is a number that every version of YAML reads as it is written: 010 is 8, 1_0 is 10, 0x10 is 16.
	decimal = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)
	// word is a boolean in YAML 1.1, which Helm reads, and a string in YAML 1.2, which this program reads.
	word = regexp.MustCompile(`^(?i)(y|n|yes|no|on|off)$`)
)

// Parse reads a file that is one map of values, in which every version of YAML reads the same.
func Parse(file string, text []byte, errs *field.Errors) (map[string]any, bool) {
	before := len(*errs)
	refuse := func(line int, what, allowed, fix string) {
		errs.Add(fmt.Sprintf("%s:%d", file, line), json.Number(what), allowed, fix)
	}
	reader := yaml.NewDecoder(bytes.NewReader(text))
	var document, second yaml.Node
	if err := reader.Decode(&document); err != nil && !errors.Is(err, io.EOF) {
		refuse(1, "no YAML: "+strings.TrimPrefix(err.Error(), "yaml: "), "a map of Helm values", "correct it")
		return nil, false
	}
	if len(document.Content) != 1 || document.Content[0].Kind != yaml.MappingNode {
		refuse(1, "no map", "a map of Helm values: <key>: <value>", "write values, or remove the file")
		return nil, false
	}
	if err := reader.Decode(&second); !errors.Is(err, io.EOF) {
		refuse(max(1, second.Line), "a second YAML document", "one: Helm reads one only",
			"move its values into the first document")
	}
	checkNode(document.Content[0], refuse)
	if len(*errs) > before {
		return nil, false
	}
	content := map[string]any{}
	if err := document.Decode(&content); err != nil {
		var wrong *yaml.TypeError
		if errors.As(err, &wrong) {
			err = errors.New(strings.Join(wrong.Errors, "; "))
		}
		refuse(1, err.Error(), "a map of Helm values", "correct it")
		return nil, false
	}
	return content, true
}

// checkNode refuses keys that are written twice or are no strings, and values that are read as something else than they
// look like, or that Pulumi drops.
func checkNode(node *yaml.Node, refuse func(line int, what, allowed, fix string)) {
	if node.Kind == yaml.MappingNode {
		seen := map[string]int{}
		for i := 0; i+1 < len(node.Content); i += 2 {
			key := node.Content[i]
			switch first, twice := seen[key.Value]; {
			case twice:
				refuse(key.Line, fmt.Sprintf("the key %q, which line %d has already", key.Value, first), "each key once",
					"merge the two, or remove one")
			case key.Kind != yaml.ScalarNode || key.ShortTag() != "!!str" && key.ShortTag() != "!!merge" ||
				key.Style == 0 && word.MatchString(key.Value):
				refuse(key.Line, fmt.Sprintf("the key %s", key.Value), "a string as key", "put it in quotes")
			}
			seen[key.Value] = key.Line
		}
		for i := 1; i < len(node.Content); i += 2 {
			checkNode(node.Content[i], refuse)
		}
		return
	}
	if node.Kind == yaml.SequenceNode {
		for _, element := range node.Content {
			checkNode(element, refuse)
		}
		return
	}
	if node.Kind != yaml.ScalarNode { // an alias of what is checked where it is written
		return
	}
	switch tag := node.ShortTag(); {
	case tag == "!!null":
		refuse(node.Line, "null", "a value: Pulumi drops a null, and the chart's default would stay",
			`write what the chart takes for none: {}, [], "", false or 0`)
	case tag == "!!str" && node.Style == 0 && word.MatchString(node.Value):
		refuse(node.Line, node.Value, "true or false, or a string in quotes: versions of YAML differ on this word",
			"write true or false, or put it in quotes")
	case (tag == "!!int" || tag == "!!float") && !decimal.MatchString(node.Value):
		refuse(node.Line, node.Value, "a decimal number without leading zeros",
			"write the decimal number, or put the value in quotes if it is a string")
	case tag != "!!str" && tag != "!!int" && tag != "!!float" && tag != "!!bool":
		refuse(node.Line, node.Value, "a string, number or boolean: this is read as "+strings.TrimPrefix(tag, "!!"),
			"put it in quotes")
	}
}
