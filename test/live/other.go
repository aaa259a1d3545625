//go:build !linux

package live

import (
	"fmt"
	"os"
	"os/exec"
)

func isolate(*exec.Cmd) {}

func removeCgroups(string) error { return nil }

// Main is never called: needs.Check refuses the system.
func Main([]string) int {
	fmt.Fprintln(os.Stderr, "a node needs Linux")
	return 2
}
