package judge

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// maxFile is the size of a ConfigMap, which holds the rules in the cluster.
const maxFile = 1 << 20

// entry is one element of a rule file's list, checked for its form.
type entry struct {
	kind     string // list, macro, rule, or a requirement
	name     string
	at       Position
	keys     map[string]*yaml.Node
	order    []*yaml.Node // of the keys
	override map[string]string
}

// Keys by kind, and how a key may be overridden.
var (
	kinds = []string{"list", "macro", "rule", "required_engine_version", "required_plugin_versions"}
	keys  = map[string][]string{
		"list":  {"items"},
		"macro": {"condition"},
		"rule": {"condition", "desc", "output", "priority", "tags", "enabled", "exceptions", "source", "warn_evttypes",
			"skip-if-unknown-filter", "capture", "capture_duration"},
	}
	required   = map[string][]string{"list": {"items"}, "macro": {"condition"}, "rule": {"condition", "desc", "output", "priority"}}
	appendable = []string{"items", "condition", "desc", "output", "tags", "exceptions"}
	priorities = []string{"EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFO", "INFORMATIONAL", "DEBUG"}
)

// lineBreak is what ends a line for YAML.
var lineBreak = regexp.MustCompile("\r\n|[\r\n\u0085\u2028\u2029]")

// document is a parsed file.
type document struct {
	file     string
	lines    []string
	entries  []entry
	problems *Problems
}

func readDocument(file File, problems *Problems) document {
	d := document{file: file.Name, lines: lineBreak.Split(file.Text, -1), problems: problems}
	if len(file.Text) > maxFile {
		problems.add(Position{File: file.Name}, "%d bytes: at most %d fit in a ConfigMap", len(file.Text), maxFile)
		return d
	}
	decoder := yaml.NewDecoder(strings.NewReader(file.Text))
	for {
		var root yaml.Node
		err := decoder.Decode(&root)
		if errors.Is(err, io.EOF) {
			return d
		}
		if err != nil {
			problems.add(yamlError(file.Name, err))
			return d
		}
		if len(root.Content) == 0 {
			continue
		}
		list := root.Content[0]
		if list.Kind == yaml.ScalarNode && list.Tag == "!!null" {
			continue
		}
		if list.Kind != yaml.SequenceNode {
			problems.add(d.place(list), "want a list of rules, macros and lists")
			continue
		}
		for _, node := range list.Content {
			d.read(node)
		}
	}
}

// yamlError finds the line in the error of the YAML parser.
func yamlError(file string, err error) (Position, string) {
	message := strings.ReplaceAll(strings.TrimPrefix(err.Error(), "yaml: "), "%", "%%")
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

func (d *document) place(node *yaml.Node) Position { return Position{d.file, node.Line, node.Column} }

func (d *document) read(node *yaml.Node) {
	if node.Kind != yaml.MappingNode {
		d.problems.add(d.place(node), "want a rule, a macro or a list")
		return
	}
	e := entry{at: d.place(node), keys: map[string]*yaml.Node{}}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if _, twice := e.keys[key.Value]; twice {
			d.problems.add(d.place(key), "%s stands here twice", key.Value)
		}
		e.keys[key.Value] = meant(value)
		e.order = append(e.order, key)
	}
	for _, kind := range kinds {
		if value, ok := e.keys[kind]; ok {
			e.kind, e.name, e.at = kind, value.Value, d.place(value)
			break
		}
	}
	switch e.kind {
	case "":
		d.problems.add(e.at, "want one of %s", strings.Join(kinds, ", "))
		return
	case "required_engine_version", "required_plugin_versions":
		d.checkRequirement(e)
		return
	}
	if e.name == "" || e.keys[e.kind].Kind != yaml.ScalarNode {
		d.problems.add(e.at, "a %s has a name", e.kind)
		return
	}
	if d.checkKeys(&e) {
		d.entries = append(d.entries, e)
	}
}

// checkKeys reports unknown and missing keys; false when the entry cannot be used.
func (d *document) checkKeys(e *entry) bool {
	before := d.problems.Errors()
	d.readOverride(e)
	for _, key := range e.order {
		name := key.Value
		switch {
		case name == e.kind || name == "override":
		case name == "append":
			d.problems.warn(d.place(key), "`append` is deprecated: write `override: {%s: append}`", required[e.kind][0])
			if e.override == nil {
				e.override = map[string]string{}
			}
			if e.keys[name].Value == "true" {
				e.override[required[e.kind][0]] = "append"
			}
		case !slices.Contains(keys[e.kind], name):
			d.problems.warn(d.place(key), "unknown key %s: a %s has %s", name, e.kind, strings.Join(keys[e.kind], ", "))
		default:
			d.checkForm(name, e.keys[name])
		}
	}
	for how := range e.override {
		if _, given := e.keys[how]; !given {
			d.problems.add(e.at, "override of %s, which is not given", how)
		}
	}
	for _, key := range e.order {
		if _, how := e.override[key.Value]; e.override != nil && !how && slices.Contains(keys[e.kind], key.Value) {
			d.problems.add(d.place(key), "%s is given without a word in `override` how: append or replace", key.Value)
		}
	}
	if e.override == nil && !e.onlyEnables() {
		for _, key := range required[e.kind] {
			if _, given := e.keys[key]; !given {
				d.problems.add(e.at, "the %s has no %s", e.kind, key)
			}
		}
	}
	return d.problems.Errors() == before
}

// onlyEnables is the short form that turns an earlier rule on or off.
func (e *entry) onlyEnables() bool {
	_, enabled := e.keys["enabled"]
	return e.kind == "rule" && enabled && len(e.keys) == 2
}

func (d *document) readOverride(e *entry) {
	node, given := e.keys["override"]
	if !given {
		return
	}
	if node.Kind != yaml.MappingNode || len(node.Content) == 0 {
		d.problems.add(d.place(node), "want `override: {<key>: append or replace}`")
		return
	}
	e.override = map[string]string{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, how := node.Content[i], node.Content[i+1]
		switch {
		case !slices.Contains(keys[e.kind], key.Value) || key.Value == "source":
			d.problems.add(d.place(key), "%s of a %s cannot be overridden", key.Value, e.kind)
		case how.Value != "append" && how.Value != "replace":
			d.problems.add(d.place(how), "%q: want append or replace", how.Value)
		case how.Value == "append" && !slices.Contains(appendable, key.Value):
			d.problems.add(d.place(how), "%s cannot be appended to: want replace", key.Value)
		default:
			e.override[key.Value] = how.Value
		}
	}
}

// checkForm holds a key's value against the type it has.
func (d *document) checkForm(key string, node *yaml.Node) {
	complain := func(want string) { d.problems.add(d.place(node), "%s: want %s", key, want) }
	switch key {
	case "items", "tags":
		if node.Kind != yaml.SequenceNode || slices.ContainsFunc(node.Content, func(n *yaml.Node) bool { return meant(n).Kind != yaml.ScalarNode }) {
			complain("a list of texts")
		}
	case "exceptions":
		if node.Kind != yaml.SequenceNode {
			complain("a list")
		}
	case "enabled", "warn_evttypes", "skip-if-unknown-filter", "capture":
		if node.Kind != yaml.ScalarNode || (node.Value != "true" && node.Value != "false") {
			complain("true or false")
		}
	case "priority":
		if !slices.Contains(priorities, strings.ToUpper(node.Value)) {
			complain("one of " + strings.Join(priorities, ", "))
		}
	default:
		if node.Kind != yaml.ScalarNode || strings.TrimSpace(node.Value) == "" {
			complain("a text")
		}
	}
}

// checkRequirement holds the versions a file asks for against what the oldest supported Falco has.
func (d *document) checkRequirement(e entry) {
	node := e.keys[e.kind]
	if e.kind == "required_engine_version" {
		if newerThan(node.Value, oldestEngine) {
			d.problems.add(e.at, "engine %s is newer than %s, which Falco 0.42 and 0.43 have at least", node.Value, oldestEngine)
		}
		return
	}
	var plugins []struct{ Name, Version string }
	if err := node.Decode(&plugins); err != nil {
		d.problems.add(e.at, "want a list of {name, version}")
		return
	}
	for _, plugin := range plugins {
		switch {
		case plugin.Name != "container":
			d.problems.add(e.at, "plugin %q is not installed: only container is", plugin.Name)
		case newerThan(plugin.Version, oldestPlugin):
			d.problems.add(e.at, "container plugin %s is newer than %s, which Falco 0.43 has", plugin.Version, oldestPlugin)
		}
	}
}

// The versions that come with the oldest supported Falco.
const (
	oldestEngine = "0.57.0"
	oldestPlugin = "0.4.0"
)

// newerThan compares versions; one that is none is newer.
func newerThan(version, than string) bool {
	parse := func(text string) (v [3]int, err error) {
		if minor, convErr := strconv.Atoi(text); convErr == nil { // an engine's version in its old form
			return [3]int{0, minor, 0}, nil
		}
		_, err = fmt.Sscanf(text, "%d.%d.%d", &v[0], &v[1], &v[2])
		return v, err
	}
	v, err := parse(version)
	old, _ := parse(than)
	return err != nil || slices.Compare(v[:], old[:]) > 0
}
