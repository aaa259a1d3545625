package lint

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// engineWith is an engine whose answers a script gives.
func engineWith(t *testing.T, script string) Engine {
	t.Helper()
	stub(t, "falco", script)
	engines, err := FindEngines(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	return engines[0]
}

func TestRelease(t *testing.T) {
	for _, c := range []struct{ output, version, failure string }{
		{"Wed Nov 25 22:00:00 2026: Falco version: 0.44.1 (x86_64)", "0.44.1", ""},
		{"Falco version: 0.10.0 (x86_64)", "", "Falco 0.10.0 is not known to the linter"},
		{"something else", "", "no version"},
	} {
		falco, err := engineWith(t, `test "$1" = --version || exit 9; echo "`+c.output+`"`).Release(context.Background())
		fails := err != nil && strings.Contains(err.Error(), c.failure)
		if falco.Version != c.version || fails == (c.failure == "") {
			t.Errorf("%s: %q, %v", c.output, falco.Version, err)
		}
	}
}

const shellRule = `
- rule: Shell In Payment
  desc: a shell
  condition: evt.type = execve and container.id != host and proc.name = bash and k8s.ns.name = payment
  output: a shell
  priority: NOTICE
`

const shellCases = `
given:
  shell: {evt.type: execve, container.id: 5c8f1d2e9b70, proc.name: bash, k8s.ns.name: payment}
cases:
- {name: a shell, given: shell, fires: [Shell In Payment]}
- {name: no capture is made of it, event: {evt.type: open, fd.name: /etc/shadow}, fires: []}
- {name: elsewhere, given: shell, event: {k8s.ns.name: shop}, fires: []}
`

// suiteOf are rules and cases in a directory.
func suiteOf(t *testing.T, rules, cases string) Suite {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"a.yaml": rules, "a.cases.yaml": cases} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	suites, err := ReadSuites(nil, dir)
	if err != nil {
		t.Fatal(err)
	}
	return suites[0]
}

// The time of an alert says which case it is of. Rules that no case is about are left out.
func TestReplay(t *testing.T) {
	suite := suiteOf(t, shellRule, shellCases)
	alert := func(i int, rule string) string {
		return fmt.Sprintf("echo '{\"rule\":%q,\"time\":%q}'\n", rule, at(i).UTC().Format(time.RFC3339Nano))
	}
	for _, c := range []struct{ name, script, problems, failure string }{
		{"as expected", "echo starting\n" + alert(0, "Shell In Payment") + alert(0, "Another"), "", ""},
		{"silent", "", `case "a shell": Falco fires nothing, want Shell In Payment`, ""},
		{"too many", alert(0, "Shell In Payment") + alert(1, "Shell In Payment"),
			`case "elsewhere": Falco fires Shell In Payment, want nothing`, ""},
		{"does not run", "echo broken >&2; exit 1", "", "exit status 1\nbroken"},
	} {
		t.Run(c.name, func(t *testing.T) {
			problems, replayed, err := engineWith(t, c.script).Replay(context.Background(), nil, suite)
			if c.failure != "" {
				if err == nil || !strings.Contains(err.Error(), c.failure) {
					t.Errorf("err = %v, want it to contain %q", err, c.failure)
				}
				return
			}
			if err != nil || replayed != 2 {
				t.Errorf("%d cases, want 2 (%v)", replayed, err)
			}
			if !strings.Contains(problems.Error(), c.problems) || (c.problems == "") != (len(problems) == 0) {
				t.Errorf("%v, want %q", problems, c.problems)
			}
		})
	}
}

// A recorded verdict that the engine contradicts is reported, and a file that only the linter passes.
func TestCheckVerdicts(t *testing.T) {
	const passes, refused = "- list: l\n  items: [a]\n", "- macro: m\n"
	verdicts := func(text, falco string) []Verdict {
		dir := t.TempDir()
		indented := strings.ReplaceAll(text, "\n", "\n    ")
		file := fmt.Sprintf("- name: a file\n  falco: %s\n  rules: |\n    %s\n", falco, indented)
		if err := os.WriteFile(filepath.Join(dir, "a.yaml"), []byte(file), 0o644); err != nil {
			t.Fatal(err)
		}
		all, err := ReadVerdicts(dir)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	answer := func(result string) string {
		return `test "$1" = --version && echo "Falco version: 0.44.1" && exit 0
echo '{"falco_load_results":[{"name":"user.yaml",` + result + `}]}'`
	}
	const loads, refuses = `"successful":true`, `"successful":false,"errors":[{"code":"LOAD_ERR_X","message":"no"}]`
	for _, c := range []struct {
		name, text, recorded, result string
		says                         []string
	}{
		{"agrees", passes, Loads, loads, nil},
		{"agrees on a refusal", refused, Refuses, refuses, nil},
		{"another verdict", refused, Loads, refuses, []string{`"a file": Falco 0.44.1 refuses it, recorded is loads`}},
		{"the linter passes it", passes, "{0.43.1: loads, 0.44.1: refuses}", refuses,
			[]string{"refuses what the linter passes"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			engine := engineWith(t, answer(c.result))
			problems, err := engine.CheckVerdicts(context.Background(), nil, verdicts(c.text, c.recorded))
			if err != nil || len(problems) != len(c.says) {
				t.Fatalf("%v (%v), want %q", problems, err, c.says)
			}
			for i, says := range c.says {
				if !strings.Contains(problems[i].Message, says) || problems[i].Line != 2 {
					t.Errorf("%v, want %q in line 2", problems[i], says)
				}
			}
		})
	}
	if _, err := ReadVerdicts(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no .yaml file of verdicts") {
		t.Errorf("err = %v, want it to contain that there are none", err)
	}
}

// What the repository says of a real Falco, held against one: its own rules, their cases, and the verdicts.
func TestFalcoAgrees(t *testing.T) {
	ctx := context.Background()
	engines, err := FindEngines(ctx, cmp.Or(os.Getenv("FALCO"), "falco"))
	if err != nil {
		t.Skipf("%v; FALCO names another one", err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skip("Falco's own rules: ", err)
	}
	stock, err := StocksOf(Stable)[0].Fetch(ctx, filepath.Join(cache, "doks-security"))
	if err != nil {
		t.Skip("Falco's own rules: ", err)
	}
	verdicts, err := ReadVerdicts("testdata/verdicts")
	if err != nil {
		t.Fatal(err)
	}
	rules, err := ReadRules("..")
	if err != nil {
		t.Fatal(err)
	}
	suites, err := ReadSuites(nil, "..", stock)
	if err != nil {
		t.Fatal(err)
	}
	for _, engine := range engines {
		t.Run(engine.Name, func(t *testing.T) {
			problems, err := engine.CheckVerdicts(ctx, slices.Concat([]File{stock}, rules), verdicts)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range suites {
				differ, replayed, err := engine.Replay(ctx, []File{stock}, s)
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("%d of %d cases replayed", replayed, len(s.Cases.Cases))
				problems = append(problems, differ...)
			}
			for _, p := range problems {
				t.Error(p)
			}
		})
	}
}
