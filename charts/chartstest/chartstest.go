// Package chartstest has archives for tests of what does not open them: programs under Pulumi's mocks.
package chartstest

import (
	"os"
	"path/filepath"

	"doks-security/charts"
	"doks-security/values"
)

// Fill writes something in place of every pinned chart below a project's directory. The setting charts.unverified
// accepts it.
func Fill(project string) error {
	pins, err := values.Charts()
	if err != nil {
		return err
	}
	dir := filepath.Join(project, charts.Dir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, pin := range pins {
		if err := os.WriteFile(charts.Archive(dir, pin), []byte("no archive"), 0o600); err != nil {
			return err
		}
	}
	return nil
}
