package ci

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Modules without code of their own only pin tools.
func TestEveryModuleIsTested(t *testing.T) {
	if _, err := os.Stat("../../.git"); err != nil {
		t.Skip("no git repository: its modules are not known")
	}
	modules, err := exec.Command("../../ci/modules").Output()
	if err != nil {
		t.Fatal(err)
	}
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	tested := 0
	for _, module := range strings.Fields(string(modules)) {
		code, err := exec.Command("git", "-C", "../..", "ls-files", module+"/*.go").Output()
		if err != nil {
			t.Fatal(err)
		}
		if len(code) == 0 {
			continue
		}
		tested++
		in := "-C " + module + " "
		if module == "." {
			in = ""
		}
		// go test would vet the dependencies again, for a part of what go vet looks for.
		for _, command := range []string{"go " + in + "vet ./...\n", "go " + in + "test -vet=off "} {
			if !strings.Contains(string(makefile), command) {
				t.Errorf("make test has no %q", command)
			}
		}
	}
	if tested < 3 {
		t.Errorf("%d modules have code: %s", tested, modules)
	}
}
