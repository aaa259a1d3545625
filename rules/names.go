package rules

import "doks-security/rules/lint"

// Names are the names of all rules that Falco has with one of its rulesets and the files that it loads after it,
// content by file name.
func Names(ruleset string, loaded map[string]string) []string {
	set, _ := lint.Load(nil, behindStock(ruleset, nil, loaded)...) // UserFiles reports problems
	return set.Rules()
}
