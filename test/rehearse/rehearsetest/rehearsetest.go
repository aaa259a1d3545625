// Package rehearsetest prepares tests that rehearse.
package rehearsetest

import (
	"os"
	"os/exec"
	"testing"
)

// CLI is the directory of the Pulumi CLI that REHEARSE_CLI names, or empty for the one on PATH. Without either the test
// is skipped.
func CLI(t *testing.T) string {
	t.Helper()
	cli := os.Getenv("REHEARSE_CLI")
	if _, err := exec.LookPath("pulumi"); err != nil && cli == "" {
		t.Skip("no pulumi on PATH and REHEARSE_CLI names none; `make test` builds one")
	}
	return cli
}

// Scratch gives the test its own temporary directory, in which nothing may be left. What the test registers for
// its end after this call runs before the check.
func Scratch(t *testing.T) {
	t.Helper()
	scratch, err := os.MkdirTemp("", "r") // short: it holds sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", scratch)
	t.Cleanup(func() {
		if left, err := os.ReadDir(scratch); err != nil || len(left) > 0 {
			t.Errorf("files are left: %v %v", left, err)
		}
		if err := os.RemoveAll(scratch); err != nil {
			t.Error(err)
		}
	})
}
