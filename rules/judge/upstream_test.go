package judge

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

var update = flag.Bool("update", false, "rewrite stock.txt from Falco's own rules")

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
	words = slices.DeleteFunc(words, func(word string) bool { return s.find("list", word) == nil && s.find("macro", word) == nil })
	slices.Sort(words)
	return slices.Compact(words)
}

func TestStockNamesAgree(t *testing.T) {
	set, _ := Load(nil, upstream(t, "falco_rules.yaml"))
	var lines []string
	for _, kind := range []string{"list", "macro", "rule"} {
		for _, d := range set.definitions {
			if d.kind != kind {
				continue
			}
			events := ""
			if kind == "list" {
				events = strconv.Itoa(len(d.items))
			} else if types := set.falco.tables().eventsOf(set.resolved[d], false); !types.allBut {
				events = strings.Join(slices.Sorted(maps.Keys(types.names)), " ")
			}
			line := kind + " " + d.name + ": " + events
			if refers := set.refersTo(d); len(refers) > 0 {
				line += ": " + strings.Join(refers, " ")
			}
			line = strings.TrimSuffix(line, ": ")
			lines = append(lines, line)
		}
	}
	header, _, _ := strings.Cut(stockNames, "list ")
	want := header + strings.Join(lines, "\n") + "\n"
	if *update {
		if err := os.WriteFile("stock.txt", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != stockNames {
		t.Error("stock.txt is not what falco_rules.yaml defines: go test ./rules/judge -run StockNames -update")
	}
}
