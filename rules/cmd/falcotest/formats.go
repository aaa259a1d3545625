package main

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"doks-security/rules/lint"
)

// formats write a report.
var formats = map[string]func(io.Writer, *report) error{
	"text": writeText, "json": writeJSON, "junit": writeJUnit, "github": writeGitHub,
}

func formatNames() []string { return slices.Sorted(maps.Keys(formats)) }

// text is what a person reads of a finding, without its place.
func (f finding) text() string {
	return lint.Problem{Message: f.Message, Name: f.Name, Falco: f.Falco}.Text()
}

// writeText writes a line for each finding, as compilers do, and a summary.
func writeText(out io.Writer, r *report) error {
	for _, f := range r.Findings {
		severity := f.Severity + ": "
		if f.Severity == "error" {
			severity = ""
		}
		if _, err := fmt.Fprintf(out, "%s: %s%s\n", f.place(), severity, f.text()); err != nil {
			return err
		}
	}
	return summarize(out, r)
}

func summarize(out io.Writer, r *report) error {
	passed := 0
	for _, c := range r.Cases {
		if c.Failure == "" {
			passed++
		}
	}
	lines := []string{
		fmt.Sprintf("%s: %d rules", r.Directory, r.Rules), fmt.Sprintf("cases: %d, %d pass", len(r.Cases), passed),
	}
	if c := r.Clauses; c != nil {
		lines = append(lines, fmt.Sprintf("clauses: %d changed one at a time, %d noticed by a case", c.Changed, c.Noticed))
	}
	if r.Skipped != "" {
		lines = append(lines, "falco: skipped: "+r.Skipped)
	}
	for _, engine := range r.Engines {
		asked := "falco: asked %s: %d cases replayed, %d recorded verdicts"
		lines = append(lines, fmt.Sprintf(asked, engine, r.Replayed, r.Verdicts))
	}
	count := map[string]int{}
	for _, f := range r.Findings {
		count[f.Severity]++
	}
	lines = append(lines, fmt.Sprintf("%d errors, %d warnings, %d notices",
		count["error"], count["warning"], count["notice"]))
	_, err := fmt.Fprintln(out, strings.Join(lines, "\n"))
	return err
}

// writeJSON writes the report as it is.
func writeJSON(out io.Writer, r *report) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

// writeGitHub writes workflow commands, which GitHub shows at the line of a pull request, and the summary:
// https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
func writeGitHub(out io.Writer, r *report) error {
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	message := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	for _, f := range r.Findings {
		place := "file=" + property.Replace(f.File)
		if f.Line > 0 {
			place += fmt.Sprintf(",line=%d,col=%d", f.Line, f.Column)
		}
		text := message.Replace(f.text())
		if _, err := fmt.Fprintf(out, "::%s %s,title=falcotest %s::%s\n", f.Severity, place, f.Kind, text); err != nil {
			return err
		}
	}
	return summarize(out, r)
}

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	File    string        `xml:"file,attr"`
	Line    int           `xml:"line,attr,omitempty"`
	Failure *junitFailure `xml:"failure"`
}

type junitFailure struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
}

// writeJUnit writes a suite for each file of cases, and one for the findings that are about no case.
func writeJUnit(out io.Writer, r *report) error {
	var all junitSuites
	add := func(suite string, c junitCase) {
		i := slices.IndexFunc(all.Suites, func(s junitSuite) bool { return s.Name == suite })
		if i < 0 {
			i = len(all.Suites)
			all.Suites = append(all.Suites, junitSuite{Name: suite})
		}
		s := &all.Suites[i]
		s.Cases, s.Tests, all.Tests = append(s.Cases, c), s.Tests+1, all.Tests+1
		if c.Failure != nil {
			s.Failures, all.Failures = s.Failures+1, all.Failures+1
		}
	}
	found := false
	for _, f := range r.Findings {
		if f.Kind != kindCase && f.Severity != "notice" {
			found = true
			add("rules", junitCase{Name: f.place(), Class: r.Directory, File: f.File, Line: f.Line,
				Failure: &junitFailure{Type: f.Kind, Message: f.text()}})
		}
	}
	if !found {
		add("rules", junitCase{Name: "lint", Class: r.Directory, File: r.Directory})
	}
	for _, c := range r.Cases {
		result := junitCase{Name: c.Name, Class: r.Directory, File: c.File, Line: c.Line}
		if c.Failure != "" {
			result.Failure = &junitFailure{Type: kindCase, Message: c.Failure}
		}
		add(c.File, result)
	}
	if _, err := io.WriteString(out, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(out)
	encoder.Indent("", "  ")
	if err := encoder.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(out, "\n")
	return err
}
