package rules

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"doks-security/rules/judge"
)

// ownRules and the two of Falco's that ours complete are what the cases speak of.
var ownRules = []string{
	"Nested Control Plane Started Without Approval", "Virtual Cluster Image Runs Another Program", "Virtual Cluster Image Seen",
	"Virtual Cluster Started On Node", "Virtual Cluster Started Without Approval",
}
var stockRules = []string{"Contact K8S API Server From Container", "Packet socket created in container"}

func suites(t *testing.T, stock judge.File) []judge.Suite {
	t.Helper()
	all, err := judge.ReadSuites(nil, ".", judge.StockNames(), stock)
	if err != nil || len(all) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, s := range all {
		if len(s.Problems) > 0 {
			t.Fatal(s.Problems)
		}
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

// declared is what our own declarations say of the stock names; upstream's file where there is one.
func declared(t *testing.T) judge.File {
	t.Helper()
	text, err := os.ReadFile("testdata/stock.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return judge.File{Name: "stock.yaml", Text: string(text), Stock: true}
}

func upstream(t *testing.T) judge.File {
	t.Helper()
	dir := os.Getenv("FALCO_RULES_DIR")
	if dir == "" {
		t.Skip("FALCO_RULES_DIR is not set: it names a directory with falco_rules.yaml of falcosecurity/rules")
	}
	text, err := os.ReadFile(filepath.Join(dir, "falco_rules.yaml"))
	if err != nil {
		t.Skipf("no falco_rules.yaml of falcosecurity/rules: %v", err)
	}
	return judge.File{Name: "falco_rules.yaml", Text: string(text), Stock: true}
}

func TestCases(t *testing.T) {
	count := 0
	for _, s := range suites(t, declared(t)) {
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
	for _, s := range suites(t, upstream(t)) {
		for _, problem := range s.Cases.RunOnly(s.Rules, slices.Concat(ownRules, stockRules)) {
			t.Error(problem)
		}
	}
}

// Every declaration of testdata/stock.yaml is true where upstream's is: on every case, with each field once left out.
func TestDeclarationsAgreeWithUpstream(t *testing.T) {
	real, problems := judge.Load(nil, upstream(t))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	ours, problems := judge.Load(nil, declared(t))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	compared := 0
	for _, s := range suites(t, declared(t)) {
		for _, event := range s.Cases.Events() {
			variants := []judge.Event{event}
			for name := range event {
				without := maps.Clone(event)
				delete(without, name)
				variants = append(variants, without)
			}
			for _, variant := range variants {
				for name, want := range ours.Truths(variant) {
					got, known := real.Truths(variant)[name]
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
	for _, s := range suites(t, declared(t)) {
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
	set, _ := judged(t, nil)
	if got := set.OwnRules(); !slices.Equal(slices.Sorted(slices.Values(got)), ownRules) {
		t.Errorf("our rules are %v, the cases speak of %v", got, ownRules)
	}
}

// Every clause is needed: without it, or turned around, a case fails.
func TestEveryClauseIsNeeded(t *testing.T) {
	changed, unneeded := judge.Clauses(suites(t, declared(t)))
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
	text := "- {rule: r, desc: d, output: o, priority: INFO, condition: evt.type = open and (proc.name = a or proc.name startswith a)}"
	set, problems := judge.Load(nil, judge.File{Name: "r.yaml", Text: text})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	cases, err := judge.ReadCases("r.cases.yaml", []byte("cases:\n- {name: fires, event: {evt.type: open, proc.name: a}, fires: [r]}\n"+
		"- {name: other event, event: {evt.type: close, proc.name: a}, fires: []}\n- {name: other name, event: {evt.type: open, proc.name: b}, fires: []}"))
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
