package changes

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"doks-security/stack"
)

// Settings lists the settings of the schema of stack files: what has no parts. [] is an element of a list, * a free
// key.
func Settings(root string) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(root, "schema", "stack.schema.json"))
	if err != nil {
		return nil, err
	}
	var schema node
	if err := json.Unmarshal(text, &schema); err != nil {
		return nil, fmt.Errorf("reading the schema: %w", err)
	}
	var all []string
	for key, sub := range schema.Properties["config"].Properties {
		all = append(all, sub.leaves(strings.TrimPrefix(key, stack.Project+":"))...)
	}
	slices.Sort(all)
	return all, nil
}

// node is the part of a JSON schema that says what a value is made of.
type node struct {
	Properties map[string]node `json:"properties"`
	Items      *node           `json:"items"`
	Free       json.RawMessage `json:"additionalProperties"` // false, or the schema of free keys
}

func (n node) leaves(path string) []string {
	var free node
	switch {
	case len(n.Properties) > 0:
		var all []string
		for key, sub := range n.Properties {
			all = append(all, sub.leaves(path+"."+key)...)
		}
		return all
	case n.Items != nil:
		return n.Items.leaves(path + "[]")
	case len(n.Free) > 0 && json.Unmarshal(n.Free, &free) == nil:
		return free.leaves(path + ".*")
	}
	return []string{path}
}
