package lint

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Cases are the situations next to a rule file: events with the rules that must fire on them, and no others.
type Cases struct {
	// After is a file of rules that is loaded last in all cases, as a user's overrides are: a path from the directory of
	// the cases.
	After string `yaml:"after"`
	// Given are events to start from, by name.
	Given map[string]map[string]any `yaml:"given"`
	Cases []Case                    `yaml:"cases"`
	file  string
}

// Case is one situation.
type Case struct {
	Name string `yaml:"name"`
	// Given names the event to start from; Event adds fields to it, or with null removes them.
	Given string         `yaml:"given"`
	Event map[string]any `yaml:"event"`
	Fires []string       `yaml:"fires"`
	line  int
}

// UnmarshalYAML keeps the line for messages, and knows its keys.
func (c *Case) UnmarshalYAML(node *yaml.Node) error {
	c.line = node.Line
	for i := 0; i+1 < len(node.Content); i += 2 {
		if key := node.Content[i]; !slices.Contains([]string{"name", "given", "event", "fires"}, key.Value) {
			return fmt.Errorf("line %d: unknown key %s: a case has name, given, event, fires", key.Line, key.Value)
		}
	}
	type plain Case
	return node.Decode((*plain)(c))
}

// ReadCases reads a file of cases strictly: every case has its own name and lists what fires, `[]` for nothing.
func ReadCases(file string, text []byte) (*Cases, error) {
	cases := &Cases{file: file}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(cases); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	seen := map[string]bool{}
	for _, c := range cases.Cases {
		at := cases.Position(c)
		_, given := cases.Given[c.Given]
		switch {
		case c.Name == "" || c.Fires == nil:
			return nil, fmt.Errorf("%s: a case has a `name` and what it `fires`", at)
		case seen[c.Name]:
			return nil, fmt.Errorf("%s: a second case %q", at, c.Name)
		case c.Given != "" && !given:
			return nil, fmt.Errorf("%s: no event %q is given", at, c.Given)
		}
		seen[c.Name] = true
		for name := range cases.event(c) {
			operand := Operand{Name: name}
			if base, argument, ok := strings.Cut(strings.TrimSuffix(name, "]"), "["); ok {
				operand = Operand{Name: base, Argument: argument, HasArgument: true}
			}
			if _, err := Supported[len(Supported)-1].tables().base(operand); err != nil {
				return nil, fmt.Errorf("%s: %w", at, err)
			}
		}
	}
	return cases, nil
}

// event is what a case starts from with its own fields laid over.
func (cs *Cases) event(c Case) Event {
	event := Event{}
	for _, fields := range []map[string]any{cs.Given[c.Given], c.Event} {
		for name, value := range fields {
			switch v := value.(type) {
			case nil:
				delete(event, name)
			case []any:
				event[name] = []string{}
				for _, element := range v {
					event[name] = append(event[name], fmt.Sprint(element))
				}
			default:
				event[name] = []string{fmt.Sprint(v)}
			}
		}
	}
	return event
}

// Run holds the rules against every case and returns what differs, with the case's place.
func (cs *Cases) Run(set *Ruleset) Problems { return cs.run(set, nil) }

// RunOnly is Run without regard to rules other than the named ones: those of Falco that the cases do not mention.
func (cs *Cases) RunOnly(set *Ruleset, rules []string) Problems {
	return cs.run(set, func(rule string) bool { return !slices.Contains(rules, rule) })
}

func (cs *Cases) run(set *Ruleset, ignored func(string) bool) Problems {
	var problems Problems
	for _, c := range cs.Cases {
		at := cs.Position(c)
		fired, err := set.Fires(cs.event(c))
		if err != nil {
			problems.add(at, "case %q: %v", c.Name, err)
			continue
		}
		if ignored != nil {
			fired = slices.DeleteFunc(fired, ignored)
		}
		want := slices.Sorted(slices.Values(c.Fires))
		slices.Sort(fired)
		if !slices.Equal(fired, want) {
			problems.add(at, "case %q: fires %s, want %s", c.Name, list(fired), list(want))
		}
	}
	return problems
}

func list(rules []string) string {
	if len(rules) == 0 {
		return "nothing"
	}
	return strings.Join(rules, " and ")
}

// Position is where a case begins; problems of Run that are about it have the same.
func (cs *Cases) Position(c Case) Position { return Position{cs.file, c.line, 1} }

// Events are those of the cases.
func (cs *Cases) Events() []Event {
	events := make([]Event, len(cs.Cases))
	for i, c := range cs.Cases {
		events[i] = cs.event(c)
	}
	return events
}

// Mentioned are the rules that some case fires.
func (cs *Cases) Mentioned() []string {
	var rules []string
	for _, c := range cs.Cases {
		rules = append(rules, c.Fires...)
	}
	slices.Sort(rules)
	return slices.Compact(rules)
}
