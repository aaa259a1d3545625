package lint

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// CasesSuffix ends the names of files of cases. They are next to rule files and are none.
const CasesSuffix = ".cases.yaml"

// Suite is a file of cases with the rules that they are about.
type Suite struct {
	Cases    *Cases
	Rules    *Ruleset
	Problems Problems // of Rules
	// Files are the rule files that the cases test: those of the directory, and what the cases load after them.
	Files []File
}

// ReadRules reads the rule files of a directory, in the order in which Falco loads them: every .yaml and .yml file, by
// name, without files of cases and directories. File.Name is the path.
func ReadRules(dir string) ([]File, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("reading rules: %w", err)
	}
	var files []File
	for _, entry := range entries { // sorted by name
		name := entry.Name()
		rules := slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(name)) && !strings.HasSuffix(name, CasesSuffix)
		if entry.IsDir() || !rules {
			continue
		}
		file, err := readFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

// ReadSuites reads the files of cases in a directory. Their rules are the files of before, for example Falco's own,
// then those of the directory, then the file that the cases name with `after`. falcos are as for Load. Without files
// of cases there are no suites.
func ReadSuites(falcos []Falco, dir string, before ...File) ([]Suite, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*"+CasesSuffix))
	if err != nil {
		return nil, fmt.Errorf("reading cases: %w", err)
	}
	rules, err := ReadRules(dir)
	if err != nil {
		return nil, err
	}
	var suites []Suite
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("reading cases: %w", err)
		}
		cases, err := ReadCases(name, text)
		if err != nil {
			return nil, err
		}
		tested := slices.Clone(rules)
		if cases.After != "" {
			after, err := readFile(filepath.Join(dir, cases.After))
			if err != nil {
				return nil, fmt.Errorf("%s: after: %w", name, err)
			}
			tested = append(tested, after)
		}
		set, problems := Load(falcos, slices.Concat(before, tested)...)
		suites = append(suites, Suite{Cases: cases, Rules: set, Problems: problems, Files: tested})
	}
	return suites, nil
}

// Run holds the rules against the cases, without the rules of Falco that no case speaks of.
func (s Suite) Run() Problems { return s.run(s.Rules) }

func (s Suite) run(rules *Ruleset) Problems {
	return s.Cases.RunOnly(rules, slices.Concat(s.Rules.OwnRules(), s.Cases.Mentioned()))
}

// Clauses counts the changes of Ruleset.Mutants in the rules of all suites, and returns those that no case notices.
// They have the name unneeded-clause.
func Clauses(suites []Suite) (changed int, unneeded Problems) {
	noticed := map[string]bool{}
	changes := map[string]Problem{}
	for _, s := range suites {
		before := len(s.Run())
		var names []string
		for _, file := range s.Files {
			names = append(names, file.Name)
		}
		for _, m := range s.Rules.Mutants(names) {
			clause := m.Position.String() + " " + m.Change
			message := "no case needs this: " + m.Change
			changes[clause] = Problem{Position: m.Position, Message: message, Warning: true, Name: "unneeded-clause"}
			noticed[clause] = noticed[clause] || len(s.run(m.Rules())) > before
		}
	}
	for clause, problem := range changes {
		if !noticed[clause] {
			unneeded = append(unneeded, problem)
		}
	}
	return len(changes), unneeded.sorted()
}

func readFile(path string) (File, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return File{}, fmt.Errorf("reading rules: %w", err)
	}
	return File{Name: path, Text: string(text)}, nil
}
