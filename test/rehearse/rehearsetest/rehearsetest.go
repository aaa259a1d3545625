// Package rehearsetest prepares tests that rehearse.
package rehearsetest

import (
	"fmt"
	"hash/fnv"
	"os"
	"os/exec"
	"slices"
	"testing"
)

// short are the rehearsals that go test -short runs, which is make test. Each takes half a minute or more; make
// rehearsals runs all.
var short = []string{"TestRehearse/dev"}

// CLI is what Pulumi returns, for a test that rehearses. The test is skipped with -short if it is not one of short, and
// if another shard has it: REHEARSE_SHARD=2/4 is the second of four.
func CLI(t *testing.T) string {
	t.Helper()
	if testing.Short() && !slices.Contains(short, t.Name()) {
		t.Skip("make rehearsals runs it")
	}
	if shard := os.Getenv("REHEARSE_SHARD"); shard != "" {
		has, err := contains(shard, t.Name())
		if err != nil {
			t.Fatal(err)
		}
		if !has {
			t.Skipf("it is not in shard %s", shard)
		}
	}
	return Pulumi(t)
}

// Pulumi is the directory of the Pulumi CLI that REHEARSE_CLI names, or empty for the one on PATH. Without either the
// test is skipped.
func Pulumi(t *testing.T) string {
	t.Helper()
	cli := os.Getenv("REHEARSE_CLI")
	if _, err := exec.LookPath("pulumi"); err != nil && cli == "" {
		t.Skip("no pulumi on PATH and REHEARSE_CLI names none; `make test` builds one")
	}
	return cli
}

// contains reports whether a shard, such as 2/4, has the test of that name.
func contains(shard, name string) (bool, error) {
	var number, of uint32
	if _, err := fmt.Sscanf(shard, "%d/%d", &number, &of); err != nil || number < 1 || number > of {
		return false, fmt.Errorf("REHEARSE_SHARD=%s: allowed: 1/<n> to <n>/<n>", shard)
	}
	hash := fnv.New32a()
	hash.Write([]byte(name))
	return hash.Sum32()%of == number-1, nil
}

// Scratch gives the test a temporary directory of its own, in which nothing may be left. What the test registers for
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
