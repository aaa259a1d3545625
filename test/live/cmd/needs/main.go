// Command needs fails with all that this machine lacks to run the pods of a rehearsal. See package needs.
package main

import (
	"fmt"
	"os"

	"doks-security/test/live/needs"
)

func main() {
	if err := needs.Check(); err != nil {
		fmt.Fprintln(os.Stderr, "LIVE=1: this machine lacks what runs pods:")
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}
