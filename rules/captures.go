package rules

import (
	"fmt"
	"slices"
	"strings"
)

// capturesFile sorts after the users' files, whose rules it may name.
const capturesFile = "90-captures.yaml"

// Captures is a file of rules that has Falco begin a capture at each event of the rules of these names, for as long as
// they say themselves, or Falco's default. Without any there is no file.
func Captures(names []string) map[string]string {
	if len(names) == 0 {
		return nil
	}
	var text strings.Builder
	text.WriteString("# Written by the program from runtimeSecurity.capture.rules.\n")
	for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
		fmt.Fprintf(&text, "- rule: %q\n  capture: true\n  override:\n    capture: replace\n", name)
	}
	return map[string]string{capturesFile: text.String()}
}
