package rehearse

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"doks-security/test/program"
	"doks-security/values"
)

// addExamples copies examples of addons into the project, enables them in the configuration of a stack file, with
// placeholders for their secrets, and adds a node for them. An addon of the stack's own with the same name stays.
func (w *workspace) addExamples(root string, names []string, config map[string]any) error {
	if len(names) == 0 {
		return nil
	}
	entries, err := os.ReadDir(filepath.Join(root, values.ExampleAddonsDir))
	if err != nil {
		return fmt.Errorf("reading the examples of addons: %w", err)
	}
	var allowed []string
	for _, entry := range entries {
		allowed = append(allowed, entry.Name())
	}
	own, _ := config["doks-security:addons"].(map[string]any)
	enabled, _ := own["enabled"].([]any)
	secrets, _ := own["secrets"].(map[string]any)
	if secrets == nil {
		secrets = map[string]any{}
	}
	for _, name := range names {
		if !slices.Contains(allowed, name) {
			return fmt.Errorf("ADDONS: there is no example %q; allowed: %s", name, strings.Join(allowed, ", "))
		}
		if slices.Contains(enabled, any(name)) {
			continue
		}
		enabled = append(enabled, name)
		if keys, ok := program.ExampleSecrets()[name]; ok && secrets[name] == nil {
			secrets[name] = keys
		}
		to := filepath.Join(w.project, values.AddonsDir, name)
		if _, err := os.Stat(to); err == nil {
			continue
		}
		if err := os.CopyFS(to, os.DirFS(filepath.Join(root, values.ExampleAddonsDir, name))); err != nil {
			return fmt.Errorf("copying the example %s: %w", name, err)
		}
	}
	config["doks-security:addons"] = map[string]any{"enabled": enabled, "secrets": secrets}
	addNode(config)
	return nil
}

// addNode enlarges the first pool of a stack file by one node. Sizes that are not plain numbers stay.
func addNode(config map[string]any) {
	cluster, _ := config["doks-security:cluster"].(map[string]any)
	pools, _ := cluster["pools"].([]any)
	if len(pools) == 0 {
		return
	}
	pool, _ := pools[0].(map[string]any)
	sizes, key := pool, "count"
	if scaled, ok := pool["autoScale"].(map[string]any); ok {
		sizes, key = scaled, "min"
	}
	count, ok := sizes[key].(int)
	if !ok {
		return
	}
	sizes[key] = count + 1
	if most, ok := sizes["max"].(int); ok && most <= count {
		sizes["max"] = count + 1
	}
}
