package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const allOfRules = "../.."

func TestRun(t *testing.T) {
	t.Setenv("PATH", "")
	t.Setenv("FALCO_RULES_DIR", "")
	var out bytes.Buffer
	if err := run(context.Background(), &out, allOfRules, ""); err != nil {
		t.Errorf("%v\n%s", err, out.String())
	}
	want := regexp.MustCompile(`^rules: 5, behind Falco's own \(as testdata/stock.yaml declares them\)
cases: [0-9]+, [0-9]+ pass
clauses: [0-9]+ changed one at a time, [0-9]+ noticed by a case
falco: skipped: no falco on the PATH, and no docker
0 errors, 0 warnings
$`)
	if !want.Match(out.Bytes()) {
		t.Errorf("summary\n%s", out.String())
	}
}

func TestRunOnOwnRules(t *testing.T) {
	t.Setenv("PATH", "")
	t.Setenv("FALCO_RULES_DIR", "")
	for _, c := range []struct{ name, user, says string }{
		{"an unknown field", "unknown-field", "unknown-field/a.yaml:7:9: unknown field fd.nmae"},
		{"no rules", "only-cases", ""},
		{"a meaning that only Falco's own file has", "good", "what shell_procs means is not known without Falco's own rules"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			err := run(context.Background(), &out, allOfRules, filepath.Join(allOfRules, "testdata", "user", c.user))
			if err == nil || !strings.Contains(out.String(), c.says) {
				t.Errorf("%v\n%s", err, out.String())
			}
		})
	}
}

// Without the pinned rules of Falco's own its verdict would be on something else.
func TestRunNeedsThePinnedRules(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	t.Setenv("FALCO_RULES_DIR", "")
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
	var out bytes.Buffer
	if err := run(context.Background(), &out, allOfRules, ""); err != nil {
		t.Error(err)
	}
	if !strings.Contains(out.String(), "falco: skipped: falco_rules.yaml: sha256 ") {
		t.Errorf("summary\n%s", out.String())
	}
}
