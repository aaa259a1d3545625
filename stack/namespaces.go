package stack

import (
	"fmt"
	"slices"

	"doks-security/components"
	"doks-security/stack/field"
	"doks-security/values"
)

// NamespaceSettings name the stack's namespaces, for a cluster that has others of the default names. A running stack
// keeps its names: incluster.Ownership refuses to replace a namespace.
type NamespaceSettings struct {
	// Prefix of every namespace that names does not set: obs- makes obs-loki of loki.
	Prefix string `json:"prefix" format:"namespacePrefix" maxLength:"62"`
	// Names of single namespaces, by the default name without the prefix: {monitoring: team-monitoring}.
	Names map[string]string `json:"names" keys:"namespaceRole" format:"namespace"`

	addons []string // the namespaces of addons, without the prefix
}

// has reports whether a namespace is one of the stack's own; that of the demo is an application's.
func (n NamespaceSettings) has(name string) bool {
	role, own := n.ByRole().RoleOf(name)
	return own && role != components.NamespaceVCluster
}

// ByRole are the names of all namespaces the stack may have, also of those that the other settings leave out. Those of
// addons have no setting but the prefix.
func (n NamespaceSettings) ByRole() values.Namespaces {
	names := values.DefaultNamespaces()
	for role := range names {
		names[role] = n.Prefix + role
		if name, ok := n.Names[role]; ok {
			names[role] = name
		}
	}
	for _, role := range n.addons {
		names[role] = n.Prefix + role
	}
	return names
}

func validateNamespaces(n NamespaceSettings, errs *field.Errors) {
	names := n.ByRole()
	if errs.Has("namespaces.prefix") {
		return
	}
	isSet := func(role string) bool {
		_, set := n.Names[role]
		return set && !slices.Contains(n.addons, role)
	}
	longest := "" // of the roles that have the prefix
	for role := range names {
		if !isSet(role) && len(role) > len(longest) {
			longest = role
		}
	}
	if name := n.Prefix + longest; len(name) > 63 {
		fix := "pulumi config set --path 'namespaces.prefix' obs-, or another that is shorter"
		if slices.Contains(n.addons, longest) {
			fix = "shorten it, or the namespace in chart.yaml of the addon"
		}
		errs.Add("namespaces.prefix", n.Prefix,
			fmt.Sprintf("at most %d characters: a namespace has at most 63, %s would have %d",
				63-len(longest), name, len(name)), fix)
		return
	}
	users := map[string]string{} // of names, by name
	for _, role := range names.Roles() {
		name := names[role]
		if other := users[name]; other != "" {
			changed := role // one of the two is set: the prefix keeps the others apart
			if !isSet(role) {
				changed, other = other, role
			}
			key := "namespaces.names." + changed
			errs.Add(key, name, "each namespace once: "+other+" has this name",
				"pulumi config set --path '"+key+"' <name>")
		}
		users[name] = role
	}
}
