// Package rules holds our Falco rules, with the situations they must and must not fire in beside them. Falco loads the
// files in the order of their names, after its own.
package rules

import (
	"embed"
	"fmt"
)

// Only what Falco loads: the cases stay outside.
//
//go:embed 10-doks-tuning.yaml 20-virtual-clusters.yaml 21-nested-control-planes.yaml 22-control-plane-images.yaml
var files embed.FS

// Files returns what Falco loads, content by file name: the rules, and what is approved as an override of their macro.
func Files(approved []Approval) (map[string]string, error) {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("reading the rules: %w", err)
	}
	contents := map[string]string{}
	for _, entry := range entries {
		content, err := files.ReadFile(entry.Name())
		if err != nil {
			return nil, fmt.Errorf("reading the rules: %w", err)
		}
		contents[entry.Name()] = string(content)
	}
	if len(approved) > 0 {
		contents[approvedFile] = approvals(approved)
	}
	return contents, nil
}
