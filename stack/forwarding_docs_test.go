package stack

import (
	"strings"
	"testing"
)

// Every line of the table in docs/forwarding.md, and every example, is one of a stack file that is valid.
func TestForwardingTable(t *testing.T) {
	page := strings.ReplaceAll(string(read(t, "../docs/forwarding.md")), "<secret>", "secret")
	var examples []string
	for row := range strings.SplitSeq(page, "\n") {
		cells := strings.Split(row, " | ")
		if len(cells) != 2 || !strings.Contains(cells[1], ": {") {
			continue
		}
		code := codeOfCell.FindStringSubmatch(cells[1])[1]
		examples = append(examples, "runtimeSecurity: {outputs: {"+code+"}}")
	}
	for _, block := range yamlBlock.FindAllStringSubmatch(page, -1) {
		examples = append(examples, strings.ReplaceAll(block[1], Project+":", ""))
	}
	if len(examples) < 11 {
		t.Errorf("%d examples, want at least 11", len(examples))
	}
	for _, example := range examples {
		if err := parseBlock(t, example); err != nil {
			t.Errorf("%s: %v", example, err)
		}
	}
}
