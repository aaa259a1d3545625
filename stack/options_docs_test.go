package stack

import (
	"strings"
	"testing"
)

// Every line of the table in docs/options.md is one of a stack file that is valid; one of an exposure with the rest of
// it.
func TestOptionsTable(t *testing.T) {
	lines := 0
	for row := range strings.SplitSeq(string(read(t, "../docs/options.md")), "\n") {
		cells := strings.Split(row, " | ")
		if len(cells) != 3 || !strings.Contains(cells[1], ": {") {
			continue
		}
		lines++
		if err := parseBlock(t, strings.Trim(cells[1], "`")); err != nil {
			t.Errorf("%v in\n%s", err, cells[1])
		}
	}
	if lines < 25 {
		t.Errorf("%d lines, want at least 25", lines)
	}
}
