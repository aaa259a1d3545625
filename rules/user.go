package rules

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"doks-security/rules/lint"
)

const (
	// userPrefix sorts a user's file after ours, so that it may refer to them and override them.
	userPrefix = "50-user-"
	// maxRules is what a ConfigMap holds; the chart puts all files into one.
	maxRules = 1 << 20
)

// UserFiles reads a directory of a user's own rules, content by the name Falco loads it under, and checks them behind
// those of Falco's ruleset and ours, for the releases given or for all supported ones. Files of cases (.cases.yaml) and
// what is no YAML stay where they are.
func UserFiles(dir, ruleset string, falcos ...lint.Falco) (map[string]string, lint.Problems, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the user's rules: %w", err)
	}
	ours, err := Files(ruleset, nil)
	if err != nil {
		return nil, nil, err
	}
	size := 0
	for name, content := range ours {
		size += len(name) + len(content)
	}
	files := map[string]string{}
	ordered := behindStock(ruleset, nil, ours)
	var problems lint.Problems
	complain := func(path, message string) {
		problems = append(problems, lint.Problem{Position: lint.Position{File: path}, Message: message})
	}
	for _, entry := range entries { // sorted by name, as Falco loads them
		path := filepath.Join(dir, entry.Name())
		switch {
		case strings.HasSuffix(entry.Name(), ".yml"):
			complain(path, "rename it to .yaml: other files are not loaded")
			continue
		case entry.IsDir() || !strings.HasSuffix(entry.Name(), ".yaml") || strings.HasSuffix(entry.Name(), lint.CasesSuffix):
			continue
		case !fileName(entry.Name()):
			complain(path, "rename it with letters, digits, - _ and . only: it becomes a key of a ConfigMap")
			continue
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, nil, fmt.Errorf("reading the user's rules: %w", err)
		}
		files[userPrefix+entry.Name()] = string(content)
		ordered = append(ordered, lint.File{Name: path, Text: string(content)})
		size += len(userPrefix) + len(entry.Name()) + len(content)
	}
	if size > maxRules {
		complain(dir, fmt.Sprintf("%d bytes with ours: a ConfigMap holds %d for all rules together", size, maxRules))
		return files, problems, nil
	}
	if len(files) == 0 && len(problems) == 0 {
		return nil, nil, errors.New("no .yaml file in " + dir)
	}
	_, found := lint.Load(falcos, ordered...)
	return files, append(problems, found...), nil
}

func fileName(name string) bool {
	valid := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.", r)
	}
	return len(name) <= 200 && !strings.ContainsFunc(name, func(r rune) bool { return !valid(r) })
}
