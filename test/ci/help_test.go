package ci

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// make help lists every target that says what it does, in 80 columns.
func TestHelp(t *testing.T) {
	output, err := exec.Command("make", "-C", "../..", "--no-print-directory", "help").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	targets := regexp.MustCompile(`(?m)^([a-z-]+):.*## `).FindAllStringSubmatch(string(makefile), -1)
	if len(targets) < 15 {
		t.Errorf("%d targets say what they do", len(targets))
	}
	for _, target := range targets {
		if !strings.Contains(string(output), "make "+target[1]+" ") {
			t.Errorf("make help does not list %s", target[1])
		}
	}
	for line := range strings.Lines(string(output)) {
		if columns := len(strings.TrimSuffix(line, "\n")); columns > 80 {
			t.Errorf("%d columns: %s", columns, line)
		}
	}
}
