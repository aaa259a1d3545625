package stack

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"doks-security/stack/field"
	"doks-security/values"
)

// NamespaceSettings name the stack's namespaces, for a cluster that has others of the default names. A running stack
// keeps its names: incluster.Ownership refuses to replace a namespace.
type NamespaceSettings struct {
	Prefix string            `json:"prefix"` // of every namespace that names does not set: obs- makes obs-loki of loki
	Names  map[string]string `json:"names"`  // by the default name, without the prefix: {monitoring: team-monitoring}
}

// namespacePrefix starts a DNS-1123 label that a role completes.
var namespacePrefix = regexp.MustCompile(`^([a-z0-9][-a-z0-9]*)?$`)

// kubernetesNamespaces are in every cluster.
var kubernetesNamespaces = []string{"default", "kube-node-lease", "kube-public", "kube-system"}

// ByRole are the names of all namespaces the stack may have, also of those that the other settings leave out.
func (n NamespaceSettings) ByRole() values.Namespaces {
	names := values.DefaultNamespaces()
	for role := range names {
		names[role] = n.Prefix + role
		if name, ok := n.Names[role]; ok {
			names[role] = name
		}
	}
	return names
}

func validateNamespaces(n NamespaceSettings, faults *field.Errors) {
	defaults, names := values.DefaultNamespaces(), n.ByRole()
	for _, role := range sortedKeys(n.Names) {
		if defaults[role] == "" {
			faults.Add("namespaces.names."+role, n.Names[role], "a default name: "+strings.Join(defaults.Roles(), ", "),
				"pulumi config rm --path 'namespaces.names."+role+"', or correct its spelling")
		}
	}
	if !namespacePrefix.MatchString(n.Prefix) {
		faults.Add("namespaces.prefix", n.Prefix, "lowercase letters, digits and hyphens, not a hyphen first",
			"pulumi config set --path 'namespaces.prefix' obs-")
		return
	}
	longest := "" // of the roles that have the prefix
	for role := range names {
		if _, set := n.Names[role]; !set && len(role) > len(longest) {
			longest = role
		}
	}
	if name := n.Prefix + longest; len(name) > 63 {
		faults.Add("namespaces.prefix", n.Prefix, fmt.Sprintf("at most %d characters: a namespace has at most 63, %s would have %d",
			63-len(longest), name, len(name)), "pulumi config set --path 'namespaces.prefix' obs-, or another that is shorter")
		return
	}
	users := map[string]string{} // of names, by name
	for _, role := range names.Roles() {
		name := names[role]
		key := "namespaces.names." + role
		_, set := n.Names[role]
		fix := "pulumi config set --path '" + key + "' <name>"
		switch other := users[name]; {
		case set && !label.MatchString(name):
			faults.Add(key, name, "a namespace: lowercase letters, digits and hyphens, at most 63", fix)
		case set && slices.Contains(kubernetesNamespaces, name):
			faults.Add(key, name, "a namespace of this stack alone, none of "+strings.Join(kubernetesNamespaces, ", "), fix)
		case other != "":
			if !set {
				key = "namespaces.names." + other
				fix = "pulumi config set --path '" + key + "' <name>"
				other = role
			}
			faults.Add(key, name, "each namespace once: "+other+" has this name", fix)
		}
		users[name] = role
	}
}
