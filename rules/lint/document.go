package lint

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// maxFile is the size of a ConfigMap, which holds the rules in the cluster.
const maxFile = 1 << 20

// kinds of entries, in the order in which the engine looks for them.
var kinds = []string{"required_engine_version", "required_plugin_versions", "list", "macro", "rule"}

// entry is one element of a rule file's list.
type entry struct {
	kind  string
	name  string
	at    Position
	keys  map[string]*yaml.Node
	order []*yaml.Node // of the keys
	// append and replace are the keys named under `override`; legacy is `append: true`.
	append, replace []string
	legacy          bool
}

func (e *entry) has(key string) bool { _, has := e.keys[key]; return has }

// lineBreak is what ends a line for YAML.
var lineBreak = regexp.MustCompile("\r\n|[\r\n\u0085\u2028\u2029]")

// document is a parsed file.
type document struct {
	falco    Falco
	file     string
	lines    []string
	entries  []entry
	problems *Problems
}

func readDocument(falco Falco, file File, problems *Problems) document {
	d := document{falco: falco, file: file.Name, lines: lineBreak.Split(file.Text, -1), problems: problems}
	if len(file.Text) > maxFile {
		problems.add(Position{File: file.Name}, "%d bytes: at most %d fit in a ConfigMap", len(file.Text), maxFile)
		return d
	}
	decoder := yaml.NewDecoder(strings.NewReader(withKnownDirectives(file.Text)))
	for {
		var root yaml.Node
		err := decoder.Decode(&root)
		if errors.Is(err, io.EOF) {
			return d
		}
		if err != nil {
			at, message := yamlError(file.Name, err)
			problems.add(at, "%s", message)
			return d
		}
		if len(root.Content) == 0 || isNull(root.Content[0]) {
			continue
		}
		list := meant(root.Content[0])
		if list.Kind != yaml.SequenceNode {
			problems.add(d.place(list), "want a list of rules, macros and lists")
			continue
		}
		for _, node := range list.Content {
			if node = meant(node); !isNull(node) {
				d.read(node)
			}
		}
	}
}

// yamlError finds the line in the error of the YAML parser.
func yamlError(file string, err error) (Position, string) {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	line := 0
	if _, scanErr := fmt.Sscanf(message, "line %d:", &line); scanErr != nil {
		return Position{File: file}, message
	}
	_, message, _ = strings.Cut(message, ": ")
	return Position{file, line, 1}, message
}

// meant follows a YAML alias to what it stands for.
func meant(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

// isNull is true of a value that is left out, also as ~ or null.
func isNull(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode && node.Tag == "!!null" && node.Style&quotedStyle == 0 &&
		(node.Value == "" || node.Style&yaml.TaggedStyle == 0)
}

func (d *document) place(node *yaml.Node) Position { return Position{d.file, node.Line, node.Column} }

func (d *document) read(node *yaml.Node) {
	if node.Kind != yaml.MappingNode {
		d.problems.add(d.place(node), "want a rule, a macro or a list")
		return
	}
	e := entry{at: d.place(node), keys: map[string]*yaml.Node{}}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := meant(node.Content[i]), meant(node.Content[i+1])
		if key.Kind != yaml.ScalarNode {
			d.problems.add(d.place(key), "want a key, not a list or a mapping")
			continue
		}
		if e.has(key.Value) {
			d.problems.warn(d.place(key), duplicateKey, "%s is given twice: Falco takes the first", key.Value)
			continue
		}
		e.keys[key.Value] = value
		e.order = append(e.order, key)
	}
	for _, kind := range kinds {
		if value, ok := e.keys[kind]; ok {
			e.kind, e.at = kind, d.place(value)
			break
		}
	}
	switch e.kind {
	case "":
		d.problems.warn(e.at, unknownItem, "want one of %s", strings.Join(kinds, ", "))
		return
	case "required_engine_version":
		d.checkEngine(e)
	case "required_plugin_versions":
		d.checkPlugins(e)
	default:
		before := d.problems.Errors()
		d.readDefinition(&e)
		if d.problems.Errors() == before {
			d.entries = append(d.entries, e)
		}
	}
	d.checkKeys(e)
}

// Keys by kind.
var keys = map[string][]string{
	"required_engine_version":  {},
	"required_plugin_versions": {},
	"list":                     {"items", "append", "override"},
	"macro":                    {"condition", "append", "override"},
	"rule": {"condition", "desc", "output", "priority", "tags", "enabled", "exceptions", "source", "warn_evttypes",
		"skip-if-unknown-filter", "capture", "capture_duration", "append", "override"},
}

// checkKeys warns of keys that are ignored.
func (d *document) checkKeys(e entry) {
	for _, key := range e.order {
		if key.Value == e.kind || slices.Contains(keys[e.kind], key.Value) {
			continue
		}
		name := unknownKey
		if !d.falco.since("0.44") { // which ignores it without a word
			name = ignoredKey
		}
		d.problems.warn(d.place(key), name, "unknown key %s is ignored: a %s has %s",
			key.Value, e.kind, strings.Join(keys[e.kind], ", "))
	}
}

// scalar reports a value that is missing, empty or no text, and returns whether it can be used.
func (d *document) scalar(e entry, key string) bool {
	node, given := e.keys[key]
	switch {
	case !given:
		d.problems.add(e.at, "the %s has no %s", e.kind, key)
	case isNull(node) || node.Kind == yaml.ScalarNode && node.Value == "":
		d.problems.add(d.place(node), "%s is empty", key)
	case node.Kind != yaml.ScalarNode:
		d.problems.add(d.place(node), "%s: want a string", key)
	default:
		return true
	}
	return false
}

// optional is scalar for a key that may be left out.
func (d *document) optional(e entry, key string) bool { return e.has(key) && d.scalar(e, key) }

// sequence reports a value that is no list of texts.
func (d *document) sequence(e entry, key string) {
	node := e.keys[key]
	if node.Kind != yaml.SequenceNode {
		d.problems.add(d.place(node), "%s: want a list", key)
		return
	}
	for _, item := range node.Content {
		if item = meant(item); item.Kind != yaml.ScalarNode || isNull(item) {
			d.problems.add(d.place(item), "%s: want a list of texts", key)
		}
	}
}

// booleans are what YAML's own library in Falco takes for one.
var booleans = map[string]bool{"y": true, "yes": true, "true": true, "on": true, "n": false, "no": false,
	"false": false, "off": false}

// boolean reads true or false, also written as yes, no, on and off.
func (d *document) boolean(e entry, key string) (value bool) {
	if !d.optional(e, key) {
		return false
	}
	node := e.keys[key]
	value, known := booleans[strings.ToLower(node.Value)]
	spelled := node.Value == strings.ToLower(node.Value) || node.Value == strings.ToUpper(node.Value) ||
		node.Value == strings.ToUpper(node.Value[:1])+strings.ToLower(node.Value[1:])
	if !known || !spelled {
		d.problems.add(d.place(node), "%s: want true or false", key)
	}
	return value
}
