package lint

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the names of Falco's own rules (*.txt)")

// upstream reads a file of falcosecurity/rules, which is not part of this repository.
func upstream(t *testing.T, name string) File {
	t.Helper()
	dir := os.Getenv("FALCO_RULES_DIR")
	if dir == "" {
		t.Skip("FALCO_RULES_DIR is not set: it names a directory with falco_rules.yaml of falcosecurity/rules")
	}
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Skipf("no %s of falcosecurity/rules: %v", name, err)
	}
	return File{Name: name, Text: string(text), Stock: true}
}

// Falco's own files load on Falco, so they must load here.
func TestUpstreamLoads(t *testing.T) {
	for _, name := range []string{"falco_rules.yaml", "falco-incubating_rules.yaml", "falco-sandbox_rules.yaml"} {
		t.Run(name, func(t *testing.T) {
			set, problems := Load(nil, upstream(t, name))
			if len(problems) > 0 {
				t.Errorf("%d problems:\n%v", len(problems), problems)
			}
			conditions := 0
			for _, d := range set.definitions {
				if d.kind == "list" {
					continue
				}
				conditions++
				if d.expr == nil || set.resolved[d] == nil {
					t.Errorf("%s %s: the condition is not parsed and resolved", d.kind, d.name)
				}
			}
			if conditions < 20 {
				t.Errorf("%d conditions: is this the right file?", conditions)
			}
			t.Logf("%d conditions", conditions)
		})
	}
}

// Canonical forms parse to themselves: what is printed says the same as what was read.
func TestUpstreamSurvivesPrinting(t *testing.T) {
	set, _ := Load(nil, upstream(t, "falco_rules.yaml"))
	for d, resolved := range set.resolved {
		text := resolved.String()
		again, problem := parsePlain(text)
		if problem != nil {
			t.Errorf("%s %s: %v\n%s", d.kind, d.name, problem, text)
		} else if again.String() != text {
			t.Errorf("%s %s: printed\n%s\nread\n%s", d.kind, d.name, text, again)
		}
	}
}

// refersTo are the lists and macros that a definition names.
func (s *Ruleset) refersTo(d *definition) []string {
	words := identifiers(d.condition.text)
	for _, item := range d.items {
		words = append(words, item.Text)
	}
	words = slices.DeleteFunc(words, func(word string) bool {
		return s.find("list", word) == nil &&
			s.find("macro", word) == nil
	})
	slices.Sort(words)
	return slices.Compact(words)
}

func TestStockNamesAgree(t *testing.T) {
	for _, stock := range stocks {
		t.Run(stock.Ruleset, func(t *testing.T) {
			set, _ := Load(nil, upstream(t, stock.Name))
			lines := []string{"# What " + stock.Ref + " (" + stock.Name + ") defines: kind and name; the number of",
				"# items of a list, or the event types that a macro or rule is restricted to; the lists and macros it refers to;",
				"# of these the macros without which it is restricted to none."}
			for _, kind := range []string{"list", "macro", "rule"} {
				for _, d := range set.definitions {
					if d.kind == kind {
						lines = append(lines, set.nameLine(d))
					}
				}
			}
			want := strings.Join(lines, "\n") + "\n"
			file := stock.Ruleset + ".txt"
			if *update {
				if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want != stock.names {
				t.Errorf("%s is not what %s defines: go test ./rules/lint -run StockNames -update", file, stock.Name)
			}
		})
	}
}

// nameLine is the line of a definition; see addNames.
func (s *Ruleset) nameLine(d *definition) string {
	events := ""
	if d.kind == "list" {
		events = strconv.Itoa(len(d.items))
	} else if types := s.falco.tables().eventsOf(s.resolved[d], false); !types.allBut {
		events = strings.Join(slices.Sorted(maps.Keys(types.names)), " ")
	}
	line := d.kind + " " + d.name + ": " + events
	refers := s.refersTo(d)
	if len(refers) > 0 {
		line += ": " + strings.Join(refers, " ")
	}
	if needs := slices.DeleteFunc(refers, func(name string) bool { return !s.restricts(name, d) }); len(needs) > 0 {
		line += ": " + strings.Join(needs, " ")
	}
	return strings.TrimSuffix(line, ": ")
}

// restricts is true of a macro without which a definition would be for too many event types.
func (s *Ruleset) restricts(name string, d *definition) bool {
	tables := s.falco.tables()
	macro := s.find("macro", name)
	if macro == nil || d.kind == "list" || tables.tooMany(tables.eventsOf(s.resolved[d], false)) {
		return false
	}
	var problems Problems
	r := newResolver(s, &problems)
	r.macros[macro] = &unknown{name: name, events: everyEvent}
	without, err := r.expr(d.expr, d)
	return err == nil && tables.tooMany(tables.eventsOf(without, false))
}
