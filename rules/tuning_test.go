package rules

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"doks-security/rules/lint"
)

// falsePositive is a report on one of Falco's stable rules, with the lines that silence it.
type falsePositive struct {
	Rule    string
	What    string
	Reports []string
	Lines   string
	Event   map[string]any
	Still   map[string]any
}

func falsePositives(t *testing.T) []falsePositive {
	t.Helper()
	text, err := os.ReadFile("testdata/tuning.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var all []falsePositive
	if err := yaml.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// cases are the false positive, and what must still be reported.
func (f falsePositive) cases(t *testing.T, fires bool) *lint.Cases {
	t.Helper()
	silenced := []string{}
	if fires {
		silenced = append(silenced, f.Rule)
	}
	text, err := yaml.Marshal(map[string]any{
		"given": map[string]any{"reported": f.Event},
		"cases": []map[string]any{
			{"name": "reported", "given": "reported", "fires": silenced},
			{"name": "still reported", "given": "reported", "event": f.Still, "fires": []string{f.Rule}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	cases, err := lint.ReadCases(f.What, text)
	if err != nil {
		t.Fatal(err)
	}
	return cases
}

// The lines of the docs load without anything to mend, and do what they are for.
func TestTuning(t *testing.T) {
	text, err := os.ReadFile("testdata/tuning-stock.yaml")
	if err != nil {
		t.Fatal(err)
	}
	holdTuning(t, []lint.File{{Name: "tuning-stock.yaml", Text: string(text), Stock: true}})
}

// The same on Falco's own rules.
func TestTuningOnUpstream(t *testing.T) { holdTuning(t, upstream(t, lint.Stable)) }

func holdTuning(t *testing.T, stock []lint.File) {
	all := falsePositives(t)
	if len(all) < 20 {
		t.Errorf("%d false positives, want at least 20", len(all))
	}
	ours, err := Files(lint.Stable, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		t.Run(f.What, func(t *testing.T) {
			before, problems := lint.Load(nil, behindStock(lint.Stable, stock, ours)...)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			for _, p := range f.cases(t, true).RunOnly(before, []string{f.Rule}) {
				t.Errorf("without the lines: %v", p)
			}
			user := lint.File{Name: "user.yaml", Text: f.Lines}
			after, problems := lint.Load(nil, append(behindStock(lint.Stable, stock, ours), user)...)
			if blocking := problems.Blocking(); len(blocking) > 0 {
				t.Fatalf("%v\n%s", blocking, f.Lines)
			}
			for _, p := range f.cases(t, false).RunOnly(after, []string{f.Rule}) {
				t.Errorf("with the lines: %v", p)
			}
			// In a preview only the names of Falco's own rules are known.
			if _, problems := lint.Load(nil, append(behindStock(lint.Stable, nil, ours),
				user)...); len(problems.Blocking()) > 0 {
				t.Errorf("%v\n%s", problems, f.Lines)
			}
		})
	}
}

// The docs have every false positive with its lines: UPDATE_DOCS=1 go test ./rules -run TestTuningIsDocumented
func TestTuningIsDocumented(t *testing.T) {
	var list, lines strings.Builder
	targets := map[string]bool{}
	for i, f := range falsePositives(t) {
		var links []string
		for _, report := range f.Reports {
			repository, number, _ := strings.Cut(report, "#")
			short := strings.TrimPrefix(report, "falcosecurity/")
			links = append(links, "["+short+"]")
			targets[fmt.Sprintf("[%s]: https://github.com/%s/issues/%s\n", short, repository, number)] = true
		}
		fmt.Fprintf(&list, "%d. *%s*: %s\n   (%s)\n", i+1, f.Rule, f.What, strings.Join(links, ", "))
		fmt.Fprintf(&lines, "# %d. %s\n%s\n", i+1, f.What, f.Lines)
	}
	const begin, end = "<!-- begin tuning -->\n", "<!-- end tuning -->"
	path := filepath.Join("..", "docs", "silencing.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(text), begin)
	_, after, found := strings.Cut(rest, end)
	if !found {
		t.Fatalf("no %s ... %s in %s", begin, end, path)
	}
	links := strings.Join(slices.Sorted(maps.Keys(targets)), "")
	want := before + begin + list.String() + "\n" + links + "\n```yaml\n" + strings.TrimSuffix(lines.String(), "\n") +
		"```\n" + end + after
	if want == string(text) {
		return
	}
	if os.Getenv("UPDATE_DOCS") == "" {
		t.Fatalf("%s differs: UPDATE_DOCS=1 go test ./rules -run TestTuningIsDocumented", path)
	}
	if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}
