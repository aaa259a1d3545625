package lint

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Outcomes of loading a file.
const (
	Loads   = "loads"
	Warns   = "warns"
	Refuses = "refuses"
)

// Outcome is what a Falco with these problems does: a warning of the linter alone is none of Falco's.
func (ps Problems) Outcome() string {
	outcome := Loads
	for _, p := range ps {
		switch {
		case !p.Warning:
			return Refuses
		case strings.HasPrefix(p.Name, "LOAD_"):
			outcome = Warns
		}
	}
	return outcome
}

// Verdict is what real Falcos say of a file that is loaded behind Falco's own rules and ours.
type Verdict struct {
	Name string `yaml:"name"`
	// Falco is the outcome of each release, or one of all.
	Falco yaml.Node `yaml:"falco"`
	// Warning is the name of Falco's warning.
	Warning string `yaml:"warning"`
	// Stricter are the linter's own warnings, where Falco says nothing.
	Stricter []string `yaml:"stricter"`
	Rules    string   `yaml:"rules"`
	// Source is the file that the verdict is in.
	Source string `yaml:"-"`
}

// ReadVerdicts reads the verdicts of all .yaml files of a directory.
func ReadVerdicts(dir string) ([]Verdict, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("reading verdicts: %w", err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no .yaml file of verdicts in %s", dir)
	}
	var all []Verdict
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading verdicts: %w", err)
		}
		var verdicts []Verdict
		if err := yaml.Unmarshal(text, &verdicts); err != nil {
			return nil, fmt.Errorf("reading verdicts: %s: %w", file, err)
		}
		for i := range verdicts {
			verdicts[i].Source = file
		}
		all = append(all, verdicts...)
	}
	return all, nil
}

// Of is the outcome of a release.
func (v Verdict) Of(falco Falco) (string, error) {
	if v.Falco.Kind == yaml.ScalarNode {
		return v.Falco.Value, nil
	}
	var byRelease map[string]string
	if err := v.Falco.Decode(&byRelease); err != nil || byRelease[falco.Version] == "" {
		return "", fmt.Errorf("%s: %s: no verdict of Falco %s", v.Source, v.Name, falco.Version)
	}
	return byRelease[falco.Version], nil
}

// verdictFile is the name of the file that a verdict is about.
const verdictFile = "user.yaml"

// CheckVerdicts asks the engine about the verdicts, behind Falco's own rules and others. It reports those that the
// engine contradicts, and files that it refuses and the linter passes.
func (e Engine) CheckVerdicts(ctx context.Context, before []File, verdicts []Verdict) (Problems, error) {
	falco, err := e.Release(ctx)
	if err != nil {
		return nil, err
	}
	var problems Problems
	for _, v := range verdicts {
		want, err := v.Of(falco)
		if err != nil {
			return nil, err
		}
		files := append(slices.Clone(before), File{Name: verdictFile, Text: v.Rules})
		said, err := e.Validate(ctx, files)
		if err != nil {
			return nil, err
		}
		at := Position{File: v.Source, Line: v.Falco.Line, Column: v.Falco.Column}
		if got := said.Outcome(); got != want {
			problems.add(at, "%q: Falco %s %s it, recorded is %s\n%v", v.Name, falco.Version, got, want, said)
		}
		_, linted := Load([]Falco{falco}, append(StockNames(Stable), withoutStock(files)...)...)
		if said.Outcome() == Refuses && linted.Outcome() != Refuses {
			problems.add(at, "%q: Falco %s refuses what the linter passes\n%v", v.Name, falco.Version, said)
		}
	}
	return problems, nil
}

// withoutStock are the files for the linter, which has the names of Falco's own rules.
func withoutStock(files []File) []File {
	return slices.DeleteFunc(slices.Clone(files), func(f File) bool { return f.Stock })
}
