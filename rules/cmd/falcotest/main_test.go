package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// falcotest runs the command; nothing of Falco is found.
func falcotest(t *testing.T, arguments ...string) (code int, stdout, stderr string) {
	t.Helper()
	t.Setenv("PATH", "")
	var out, err bytes.Buffer
	code = run(context.Background(), &out, &err, arguments)
	return code, out.String(), err.String()
}

func TestText(t *testing.T) {
	const badFindings = "testdata/bad/shells.yaml:7:9: warning: "
	for _, c := range []struct {
		name      string
		arguments []string
		code      int
		says      []string
	}{
		{"good rules", []string{"testdata/good"}, 0, []string{
			"testdata/good: 1 rules\ncases: 7, 7 pass\n0 errors, 0 warnings, 0 notices\n"}},
		{"every clause has a case", []string{"-clauses", "testdata/good"}, 0, []string{
			"clauses: ", "\n0 errors, 0 warnings, 0 notices\n"}},
		{"bad rules", []string{"testdata/bad"}, exitFindings, []string{
			badFindings, "LOAD_NO_EVTTYPE",
			`testdata/bad/shells.cases.yaml:2:1: case "a shell, with a wrong expectation": fires Shell In Payment, want nothing`,
			"cases: 2, 1 pass\n1 errors, 1 warnings, 0 notices\n"}},
		{"clauses without a case", []string{"-clauses", "testdata/bad"}, exitFindings, []string{
			"no case needs this: rule Shell In Payment: ", "[unneeded-clause]"}},
		{"no engine", []string{"-engine", "any", "testdata/good"}, 0, []string{
			"falco: skipped: no falco on the PATH, and no docker\n"}},
		{"one release", []string{"-falco", "0.44", "testdata/bad"}, exitFindings,
			[]string{"[LOAD_NO_EVTTYPE, Falco 0.44.1]"}},
		{"behind other rules", []string{"-with", "testdata/good", "testdata/bad"}, exitFindings, []string{"[shadows"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, stdout, stderr := falcotest(t, c.arguments...)
			if code != c.code || stderr != "" {
				t.Errorf("exit code %d, want %d: %s", code, c.code, stderr)
			}
			for _, want := range c.says {
				if !strings.Contains(stdout, want) {
					t.Errorf("output does not contain %q:\n%s", want, stdout)
				}
			}
		})
	}
}

func TestCannotRun(t *testing.T) {
	empty := t.TempDir()
	for _, c := range []struct {
		name      string
		arguments []string
		says      string
	}{
		{"no directory", nil, "0 directories, want one"},
		{"two directories", []string{"a", "b"}, "2 directories, want one"},
		{"an unknown flag", []string{"-x", "testdata/good"}, "flag provided but not defined: -x"},
		{"an unknown format", []string{"-format", "html", "testdata/good"},
			`-format "html": want one of github, json, junit, text`},
		{"an unknown release", []string{"-falco", "0.10", "testdata/good"}, "want one of 0.43.1, 0.44.1"},
		{"no such directory", []string{"nowhere"}, "nowhere: no such file or directory"},
		{"no rules", []string{empty}, "no .yaml file of rules in " + empty},
		{"no rules before", []string{"-with", empty, "testdata/good"}, "no .yaml file of rules in " + empty},
		{"verdicts without an engine", []string{"-verdicts", "x", "testdata/good"}, "-verdicts needs -engine"},
		{"no such engine", []string{"-engine", "/nowhere/falco", "testdata/good"}, "no Falco: "},
		{"no stock rules", []string{"-stock", "nowhere.yaml", "testdata/good"}, "nowhere.yaml: no such file or directory"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, stdout, stderr := falcotest(t, c.arguments...)
			if code != exitFailed || stdout != "" || !strings.Contains(stderr, c.says) {
				t.Errorf("exit code %d, want %d and %q:\n%s%s", code, exitFailed, c.says, stdout, stderr)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	code, _, stderr := falcotest(t, "-help")
	usage := strings.HasPrefix(stderr, "usage: falcotest [flags] directory\n")
	if code != 0 || !usage || !strings.Contains(stderr, "exit codes: 0 ") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
}

func TestJSON(t *testing.T) {
	code, stdout, _ := falcotest(t, "-format", "json", "testdata/bad")
	var r report
	if err := json.Unmarshal([]byte(stdout), &r); err != nil || code != exitFindings {
		t.Fatalf("exit code %d: %v\n%s", code, err, stdout)
	}
	if f := r.Findings; len(f) != 2 || f[0].Kind != kindLint || f[0].Line != 7 || f[1].Kind != kindCase {
		t.Errorf("findings %+v", f)
	}
	if len(r.Cases) != 2 || r.Cases[0].Failure == "" || r.Cases[1].Failure != "" || r.Rules != 2 {
		t.Errorf("%d rules, cases %+v", r.Rules, r.Cases)
	}
}

func TestJUnit(t *testing.T) {
	for _, c := range []struct {
		dir             string
		tests, failures int
	}{{"testdata/good", 8, 0}, {"testdata/bad", 3, 2}} {
		_, stdout, _ := falcotest(t, "-format", "junit", c.dir)
		var all junitSuites
		if err := xml.Unmarshal([]byte(stdout), &all); err != nil {
			t.Fatalf("%v\n%s", err, stdout)
		}
		if all.Tests != c.tests || all.Failures != c.failures || len(all.Suites) != 2 {
			t.Errorf("%s: %d tests, %d failures in %d suites\n%s",
				c.dir, all.Tests, all.Failures, len(all.Suites), stdout)
		}
	}
}

func TestGitHub(t *testing.T) {
	_, stdout, _ := falcotest(t, "-format", "github", "testdata/bad")
	for _, want := range []string{"::warning file=testdata/bad/shells.yaml,line=7,col=9,title=falcotest lint::",
		"::error file=testdata/bad/shells.cases.yaml,line=2,col=1,title=falcotest case::case \"a shell, with a wrong " +
			"expectation\""} {
		if !strings.Contains(stdout, want) {
			t.Errorf("output does not contain %q:\n%s", want, stdout)
		}
	}
	var out bytes.Buffer
	special := finding{Severity: "error", Kind: kindLint, File: "a,b.yaml", Message: "100 %\nof it"}
	if err := writeGitHub(&out, &report{Findings: []finding{special}}); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(out.String(), "::error file=a%2Cb.yaml,title=falcotest lint::100 %25%0Aof it\n") {
		t.Errorf("escapes\n%s", out.String())
	}
}

// The rules of this repository, as make rules runs them.
func TestOwnRules(t *testing.T) {
	code, stdout, stderr := falcotest(t, "-stock", "../../testdata/stable.yaml", "-clauses", "../..")
	if code != 0 || !strings.Contains(stdout, "0 errors, 0 warnings, 0 notices\n") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
}

// A user's rules are behind ours; what their cases need of Falco's own rules must be given.
func TestUserRules(t *testing.T) {
	for dir, says := range map[string]string{
		"unknown-field": "unknown-field/a.yaml:7:9: unknown field fd.nmae",
		"good":          "what shell_procs means is not known without Falco's own rules",
	} {
		code, stdout, stderr := falcotest(t,
			"-stock", "../../testdata/stable.yaml", "-with", "../..", "../../testdata/user/"+dir)
		if code != exitFindings || !strings.Contains(stdout, says) {
			t.Errorf("%s: exit code %d, want %q\n%s%s", dir, code, says, stdout, stderr)
		}
	}
}

// Without the pinned rules of Falco's own, the engine's verdict would be on something else.
func TestEngineNeedsThePinnedRules(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", filepath.Join(dir, "cache"))
	if err := os.WriteFile(filepath.Join(dir, "falco"), []byte("#!/bin/sh\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(dir, "cache", "doks-security", "falco_rules.yaml")
	if err := os.MkdirAll(filepath.Dir(kept), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(kept, []byte("- changed\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	var out, errors bytes.Buffer
	if code := run(context.Background(), &out, &errors, []string{"-engine", "any", "testdata/good"}); code != 0 {
		t.Errorf("exit code %d: %s", code, errors.String())
	}
	if !strings.Contains(out.String(), "falco: skipped: falco_rules.yaml: sha256 ") {
		t.Errorf("output\n%s", out.String())
	}
}
