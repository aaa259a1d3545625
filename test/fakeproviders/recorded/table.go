// Package recorded holds a stand-in against the published plugin it stands in for.
//
// A table lists calls in a small language (YAML). Record makes them with the published plugin and keeps its answers
// next to the table; Compare makes the same calls with the stand-in, on every machine, and reports each answer that
// differs. What changes with each run (identifiers, times, ports) is masked in both.
package recorded

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"
)

// Table is the calls for one resource type.
type Table struct {
	Type   string         `yaml:"type"`
	Inputs map[string]any `yaml:"inputs"` // of the resource, unless a case changes them
	Cases  []Case         `yaml:"cases"`
}

// Case is a sequence of calls in its own world: an empty account, a new cluster.
type Case struct {
	Name   string         `yaml:"name"`
	Inputs map[string]any `yaml:"inputs"` // changes to the table's; null removes one
	Before []Step         `yaml:"before"` // prepares the world
	Steps  []Step         `yaml:"steps"`
	// Timeout of a creation, an update or a deletion, in seconds; 60 if it is 0.
	Timeout float64 `yaml:"timeout"`
}

// Step is a call of the provider (check, create, preview, diff, update, read, import, delete), or something that
// happens in the world. Its argument is what changes in the inputs, an identifier, or what the world takes.
type Step struct {
	Do  string
	Arg any
}

// UnmarshalYAML reads `read` or `diff: {region: ams3}`.
func (s *Step) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		s.Do = node.Value
		return nil
	}
	m := map[string]any{}
	if err := node.Decode(&m); err != nil {
		return err
	}
	if len(m) != 1 {
		return fmt.Errorf("line %d: a step has one key", node.Line)
	}
	for s.Do, s.Arg = range m {
		break
	}
	return nil
}

// Answer is what a provider said to a step; a step of the world has none.
type Answer struct {
	Step   string         `yaml:"step"`
	Answer map[string]any `yaml:"answer"`
}

// Answers are those of a case.
type Answers struct {
	Case    string   `yaml:"case"`
	Answers []Answer `yaml:"answers"`
}

// Load reads the tables of a directory by name: all *.yaml but the answers.
func Load(dir string) (map[string]*Table, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, err
	}
	tables := map[string]*Table{}
	for _, file := range files {
		if strings.HasSuffix(file, answersSuffix) {
			continue
		}
		t := &Table{}
		if err := decode(file, t); err != nil {
			return nil, err
		}
		tables[strings.TrimSuffix(filepath.Base(file), ".yaml")] = t
	}
	if len(tables) == 0 {
		return nil, fmt.Errorf("no tables in %s", dir)
	}
	return tables, nil
}

const answersSuffix = ".answers.yaml"

func answersFile(dir, table string) string { return filepath.Join(dir, table+answersSuffix) }

func decode(file string, into any) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// encode writes two spaces of indentation, so that answers are easy to compare.
func encode(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return out.Bytes(), encoder.Close()
}
