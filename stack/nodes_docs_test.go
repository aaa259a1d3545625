package stack

import (
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// Every line of the table in docs/nodes.md, and every example, is one of a stack file that is valid.
func TestNodesTable(t *testing.T) {
	page := string(read(t, "../docs/nodes.md"))
	var examples []string
	for row := range strings.SplitSeq(page, "\n") {
		if cells := strings.Split(row, " | "); len(cells) == 2 {
			for _, code := range codeOfCell.FindAllStringSubmatch(cells[1], -1) {
				examples = append(examples, code[1])
			}
		}
	}
	for _, block := range yamlBlock.FindAllStringSubmatch(page, -1) {
		examples = append(examples, block[1])
	}
	if len(examples) < 12 {
		t.Errorf("%d examples, want at least 12", len(examples))
	}
	for _, example := range examples {
		var cluster map[string]any
		if err := yaml.Unmarshal([]byte(example), &cluster); err != nil {
			t.Errorf("%s: %v", example, err)
			continue
		}
		if cluster["pools"] == nil {
			cluster["pools"] = []any{map[string]any{"name": "default", "size": "s-4vcpu-8gb", "count": 3}}
		}
		if err := parseSections(t, map[string]map[string]any{"cluster": cluster}); err != nil {
			t.Errorf("%s: %v", example, err)
		}
	}
}
