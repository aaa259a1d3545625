package main

import (
	"context"
	"fmt"
	"os"
	"slices"

	"doks-security/rules/lint"
)

// What a finding is about.
const (
	kindLint   = "lint"
	kindCase   = "case"
	kindClause = "clause"
	kindEngine = "engine"
)

// finding is one thing to report. Line and column count from one; without a place they are zero.
type finding struct {
	Kind     string   `json:"kind"`     // lint, case, clause or engine
	Severity string   `json:"severity"` // error, warning, or notice, which fails nothing
	File     string   `json:"file"`
	Line     int      `json:"line,omitempty"`
	Column   int      `json:"column,omitempty"`
	Name     string   `json:"name,omitempty"` // of a warning, for lint:accept
	Falco    []string `json:"falco,omitempty"`
	Message  string   `json:"message"`
}

// caseResult is a test case that was run; Failure is empty when it passed.
type caseResult struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Name    string `json:"name"`
	Failure string `json:"failure,omitempty"`
}

// report is all that falcotest found.
type report struct {
	Directory string       `json:"directory"`
	Rules     int          `json:"rules"`
	Cases     []caseResult `json:"cases"`
	Findings  []finding    `json:"findings"`
	Clauses   *clauses     `json:"clauses,omitempty"`
	Engines   []string     `json:"engines,omitempty"`  // that were asked
	Replayed  int          `json:"replayed,omitempty"` // cases
	Verdicts  int          `json:"verdicts,omitempty"` // files with a recorded verdict
	Skipped   string       `json:"skipped,omitempty"`  // why no engine was asked
}

// clauses counts the changes of conditions, and those that a case notices.
type clauses struct {
	Changed int `json:"changed"`
	Noticed int `json:"noticed"`
}

func (r *report) failed() bool {
	return slices.ContainsFunc(r.Findings, func(f finding) bool { return f.Severity != "notice" })
}

// add reports problems once: the same files are loaded for each file of cases.
func (r *report) add(kind string, problems lint.Problems) {
	for _, p := range problems {
		f := finding{
			Kind: kind, Severity: "error", File: p.File, Line: p.Line, Column: p.Column,
			Name: p.Name, Falco: p.Falco, Message: p.Message,
		}
		switch {
		case p.Notice:
			f.Severity = "notice"
		case p.Warning:
			f.Severity = "warning"
		}
		same := func(other finding) bool { return other.place() == f.place() && other.Message == f.Message }
		if !slices.ContainsFunc(r.Findings, same) {
			r.Findings = append(r.Findings, f)
		}
	}
}

// check lints, runs the cases, and does what the options add.
func check(ctx context.Context, o options) (*report, error) {
	before := lint.StockNames(o.ruleset)
	for _, file := range o.stock {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading Falco's own rules: %w", err)
		}
		before = append(before, lint.File{Name: file, Text: string(text), Stock: true})
	}
	base, err := readBase(o.base)
	if err != nil {
		return nil, err
	}
	before = append(before, base...)
	tested, err := lint.ReadRules(o.directory)
	if err != nil {
		return nil, err
	}
	if len(tested) == 0 {
		return nil, fmt.Errorf("no .yaml file of rules in %s", o.directory)
	}
	r := &report{Directory: o.directory, Cases: []caseResult{}, Findings: []finding{}}
	set, problems := lint.Load(o.falcos, slices.Concat(before, tested)...)
	r.add(kindLint, problems)
	for _, file := range tested {
		r.Rules += len(set.RulesOf(file.Name))
	}
	suites, err := lint.ReadSuites(o.falcos, o.directory, before...)
	if err != nil {
		return nil, err
	}
	for _, s := range suites {
		r.runCases(s)
	}
	if o.clauses {
		changed, unneeded := lint.Clauses(suites)
		r.add(kindClause, unneeded)
		r.Clauses = &clauses{Changed: changed, Noticed: changed - len(unneeded)}
	}
	if o.engine != "" {
		err = r.askFalco(ctx, o, base, tested, suites)
	}
	return r, err
}

// loadedAfter are the files that cases load last, each once.
func loadedAfter(suites []lint.Suite, tested []lint.File) []lint.File {
	var after []lint.File
	for _, s := range suites {
		for _, file := range s.Files {
			if !slices.Contains(tested, file) && !slices.Contains(after, file) {
				after = append(after, file)
			}
		}
	}
	return after
}

func readBase(dirs []string) ([]lint.File, error) {
	var files []lint.File
	for _, dir := range dirs {
		read, err := lint.ReadRules(dir)
		if err != nil {
			return nil, err
		}
		if len(read) == 0 {
			return nil, fmt.Errorf("no .yaml file of rules in %s", dir)
		}
		files = append(files, read...)
	}
	return files, nil
}

func (r *report) runCases(s lint.Suite) {
	r.add(kindLint, s.Problems)
	failures := map[lint.Position]string{}
	problems := s.Run()
	for _, p := range problems {
		failures[p.Position] = p.Message
	}
	r.add(kindCase, problems)
	for _, c := range s.Cases.Cases {
		at := s.Cases.Position(c)
		r.Cases = append(r.Cases, caseResult{File: at.File, Line: at.Line, Name: c.Name, Failure: failures[at]})
	}
}

// place is file:line:column, as far as it is known.
func (f finding) place() string {
	return lint.Position{File: f.File, Line: f.Line, Column: f.Column}.String()
}
