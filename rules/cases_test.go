package rules

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"doks-security/rules/lint"
)

// ownRules and those of Falco's that ours tune are what the cases speak of.
var ownRules = []string{
	"Nested Control Plane Started Without Approval", "Virtual Cluster Image Runs Another Program",
	"Virtual Cluster Image Seen",
	"Virtual Cluster Started On Node", "Virtual Cluster Started Without Approval",
}
var stockRules = []string{
	"BPF Program Not Profiled", "Change thread namespace", "Contact EC2 Instance Metadata Service From Container",
	"Contact K8S API Server From Container", "Container Access to Host Sensitive Paths", "Launch Privileged Container",
	"Launch Sensitive Mount Container", "Mount Launched in Privileged Container", "Packet socket created in container",
	"Privileged Container Device Access", "Read environment variable from /proc files", "Write below etc",
}

// layer is a directory of rules with the files of Falco's own that it is loaded behind.
type layer struct {
	ruleset, dir string
	base         []string // directories of ours that are loaded before
}

var layers = []layer{
	{lint.Stable, ".", nil},
	{lint.Incubating, "incubating", []string{"."}},
	{lint.Sandbox, "sandbox", []string{".", "incubating"}},
}

// suites are the cases of all layers, behind Falco's own files.
func suites(t *testing.T, stock func(*testing.T, string) []lint.File) []lint.Suite {
	t.Helper()
	var all []lint.Suite
	for _, l := range layers {
		before := append(lint.StockNames(l.ruleset), stock(t, l.ruleset)...)
		for _, dir := range l.base {
			files, err := lint.ReadRules(dir)
			if err != nil {
				t.Fatal(err)
			}
			before = append(before, files...)
		}
		found, err := lint.ReadSuites(nil, l.dir, before...)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: no cases: %v", l.dir, err)
		}
		for _, s := range found {
			if len(s.Problems) > 0 {
				t.Fatal(s.Problems)
			}
		}
		all = append(all, found...)
	}
	return all
}

// What the cases load after the rules is what the program writes for these approvals.
func TestCasesHaveTheProgramsApprovals(t *testing.T) {
	want := approvals([]Approval{{Namespace: "team-a"}, {Namespace: "team-b", Digests: []string{
		"sha256:" + strings.Repeat("1", 64), "sha256:" + strings.Repeat("2", 64)}}, {Namespace: "team-c"}})
	text, err := os.ReadFile("testdata/approved.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != want {
		t.Errorf("testdata/approved.yaml is\n%s\nwant\n%s", text, want)
	}
}

// declared is what our own declarations say of the stock names of a ruleset.
func declared(t *testing.T, ruleset string) []lint.File {
	t.Helper()
	return readStock(t, ruleset, func(s lint.Stock) string {
		return filepath.Join("testdata", s.Ruleset+".yaml")
	})
}

// upstream are Falco's own files, which are not part of this repository.
func upstream(t *testing.T, ruleset string) []lint.File {
	t.Helper()
	dir := os.Getenv("FALCO_RULES_DIR")
	if dir == "" {
		t.Skip("FALCO_RULES_DIR is not set: it names a directory with the files of falcosecurity/rules")
	}
	return readStock(t, ruleset, func(s lint.Stock) string { return filepath.Join(dir, s.Name) })
}

func readStock(t *testing.T, ruleset string, path func(lint.Stock) string) []lint.File {
	t.Helper()
	var files []lint.File
	for _, s := range lint.StocksOf(ruleset) {
		text, err := os.ReadFile(path(s))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, lint.File{Name: s.Name, Text: string(text), Stock: true})
	}
	return files
}

func TestCases(t *testing.T) {
	count := 0
	for _, s := range suites(t, declared) {
		count += len(s.Cases.Cases)
		for _, problem := range s.Cases.Run(s.Rules) {
			t.Error(problem)
		}
	}
	if count < 60 {
		t.Errorf("%d cases, want at least 60", count)
	}
}

// The same cases on Falco's own rules: what we declare of them is what they say.
func TestCasesOnUpstream(t *testing.T) {
	for _, s := range suites(t, upstream) {
		for _, problem := range s.Cases.RunOnly(s.Rules, slices.Concat(ownRules, stockRules)) {
			t.Error(problem)
		}
	}
}

// Every declaration of testdata/stable.yaml is true where upstream's is: on every case, with each field once left out.
func TestDeclarationsAgreeWithUpstream(t *testing.T) {
	real, problems := lint.Load(nil, upstream(t, lint.Sandbox)...)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	ours, problems := lint.Load(nil, declared(t, lint.Sandbox)...)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	compared := 0
	for _, s := range suites(t, declared) {
		for _, event := range s.Cases.Events() {
			variants := []lint.Event{event}
			for name := range event {
				without := maps.Clone(event)
				delete(without, name)
				variants = append(variants, without)
			}
			for _, variant := range variants {
				truths := real.Truths(variant)
				for name, want := range ours.Truths(variant) {
					got, known := truths[name]
					if !known || got != want {
						t.Fatalf("%s: %v is %v by our declaration, %v by upstream's (known: %v)", name, variant, want, got, known)
					}
					compared++
				}
			}
		}
	}
	t.Logf("%d comparisons", compared)
}

func TestEveryRuleFiresAndStaysSilent(t *testing.T) {
	fires, silent := map[string]int{}, map[string]int{}
	for _, s := range suites(t, declared) {
		for _, c := range s.Cases.Cases {
			for _, rule := range slices.Concat(ownRules, stockRules) {
				if slices.Contains(c.Fires, rule) {
					fires[rule]++
				} else {
					silent[rule]++
				}
			}
			for _, rule := range c.Fires {
				if !slices.Contains(slices.Concat(ownRules, stockRules), rule) {
					t.Errorf("case %q wants rule %q, which is none of these", c.Name, rule)
				}
			}
		}
	}
	for _, rule := range slices.Concat(ownRules, stockRules) {
		if fires[rule] == 0 || silent[rule] == 0 {
			t.Errorf("%s: %d cases fire it, %d do not; want both", rule, fires[rule], silent[rule])
		}
	}
	set, _ := parsed(t, nil)
	if got := set.OwnRules(); !slices.Equal(slices.Sorted(slices.Values(got)), ownRules) {
		t.Errorf("our rules are %v, the cases speak of %v", got, ownRules)
	}
}

// Every clause is needed: without it, or turned around, a case fails.
func TestEveryClauseIsNeeded(t *testing.T) {
	changed, unneeded := lint.Clauses(suites(t, declared))
	if changed < 200 {
		t.Errorf("%d clauses: are all files mutated?", changed)
	}
	for _, problem := range unneeded {
		t.Error(problem)
	}
	t.Logf("%d changes", changed)
}

// A clause no case needs is found.
func TestMutantsFindUselessClauses(t *testing.T) {
	text := "- {rule: r, desc: d, output: o, priority: INFO, condition: evt.type = open and (proc.name = a or proc.name " +
		"startswith a)}"
	set, problems := lint.Load(nil, lint.File{Name: "r.yaml", Text: text})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	cases, err := lint.ReadCases("r.cases.yaml",
		[]byte("cases:\n- {name: fires, event: {evt.type: open, proc.name: a}, fires: [r]}\n"+
			"- {name: other event, event: {evt.type: close, proc.name: a}, fires: []}\n- {name: other name, event: {evt.type: "+
			"open, proc.name: b}, fires: []}"))
	if err != nil {
		t.Fatal(err)
	}
	var survivors []string
	for _, m := range set.Mutants([]string{"r.yaml"}) {
		if len(cases.Run(m.Rules())) == 0 {
			survivors = append(survivors, m.Change)
		}
	}
	want := []string{`rule r: without proc.name = "a"`, `rule r: without proc.name startswith "a"`}
	if !slices.Equal(survivors, want) {
		t.Errorf("survivors\n%s\nwant\n%s", strings.Join(survivors, "\n"), strings.Join(want, "\n"))
	}
}
