// Package rules holds our Falco rules, with the situations they must and must not fire in next to them. Falco loads the
// files in the order of their names, after its own.
package rules

import (
	"embed"
	"fmt"
	"path"

	"doks-security/rules/lint"
)

// Only what Falco loads: the cases stay outside.
//
//go:embed 10-doks-tuning.yaml 20-virtual-clusters.yaml 21-nested-control-planes.yaml 22-control-plane-images.yaml
//go:embed incubating/15-incubating-tuning.yaml sandbox/16-sandbox-tuning.yaml
var files embed.FS

// Files returns what Falco loads after one of its rulesets (lint.Rulesets), content by file name: the rules, the
// tuning of that ruleset, and what is approved as an override of their macro.
func Files(ruleset string, approved []Approval) (map[string]string, error) {
	contents := map[string]string{}
	for _, stock := range lint.StocksOf(ruleset) {
		dir := stock.Ruleset
		if dir == lint.Stable {
			dir = "."
		}
		entries, err := files.ReadDir(dir)
		if err != nil {
			return nil, fmt.Errorf("reading the rules: %w", err)
		}
		for _, entry := range entries {
			if entry.IsDir() {
				continue
			}
			content, err := files.ReadFile(path.Join(dir, entry.Name()))
			if err != nil {
				return nil, fmt.Errorf("reading the rules: %w", err)
			}
			contents[entry.Name()] = string(content)
		}
	}
	if len(approved) > 0 {
		contents[approvedFile] = approvals(approved)
	}
	return contents, nil
}
