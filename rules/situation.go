package rules

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"

	"doks-security/rules/judge"
)

// Situation is a file of cases with the rules they are held against.
type Situation struct {
	Cases    *judge.Cases
	Rules    *judge.Ruleset
	Problems judge.Problems
	// Files are ours and the user's, content by name.
	Files map[string]string
}

// Situations reads the files of cases in a directory. stock is as for Judge, user as UserFiles returns it or nil.
func Situations(dir string, user map[string]string, stock ...judge.File) ([]Situation, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*"+casesSuffix))
	if err != nil {
		return nil, fmt.Errorf("reading the cases: %w", err)
	}
	var situations []Situation
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("reading the cases: %w", err)
		}
		cases, err := judge.ReadCases(name, text)
		if err != nil {
			return nil, err
		}
		var approved []Approval
		if cases.Approved.Kind != 0 {
			if err := cases.Approved.Decode(&approved); err != nil {
				return nil, fmt.Errorf("%s: approved: %w", name, err)
			}
		}
		files, err := Files(approved)
		if err != nil {
			return nil, err
		}
		maps.Copy(files, user)
		set, problems := judge.Load(nil, behindStock(stock, files)...)
		situations = append(situations, Situation{cases, set, problems, files})
	}
	return situations, nil
}
