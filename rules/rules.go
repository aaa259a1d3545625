// Package rules holds our Falco rules. Falco loads the files in the order of their names, after its own.
package rules

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed *.yaml
var files embed.FS

// approvedFile sorts after the rules whose list it completes.
const approvedFile = "30-approved-virtual-clusters.yaml"

// Files returns what Falco loads, content by file name: the rules, and the namespaces in which virtual clusters are
// approved as an override of their list.
func Files(approvedNamespaces []string) (map[string]string, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("reading the rules: %w", err)
	}
	contents := map[string]string{}
	for _, name := range names {
		content, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("reading the rules: %w", err)
		}
		contents[name] = string(content)
	}
	if len(approvedNamespaces) > 0 {
		contents[approvedFile] = approved(approvedNamespaces)
	}
	return contents, nil
}

// approved appends to the list the rules read. Namespaces are DNS labels: nothing to quote.
func approved(namespaces []string) string {
	return "# Written by the program from virtualClusters.approvedNamespaces.\n" +
		"- list: virtual_cluster_approved_namespaces\n" +
		"  items: [" + strings.Join(namespaces, ", ") + "]\n" +
		"  override:\n    items: append\n"
}
