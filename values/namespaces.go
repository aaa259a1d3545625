package values

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Roles of the namespaces that Go creates objects in. A role is also the default name; chart.yaml names those of
// releases.
const (
	NamespaceMonitoring = "monitoring"
	NamespaceLoki       = "loki"
	NamespaceNodeAgents = "node-agents" // node-exporter and Alloy: what must see the host
	NamespaceFalco      = "falco"
	NamespaceVCluster   = "vcluster"
	NamespaceGateway    = "gateway" // with exposure by gateway: the Gateway and oauth2-proxy
)

// Namespaces are the names of the stack's namespaces, by role. Load and Alerts need the name of every role.
//
// A file of this directory that means one of these namespaces has a placeholder in place of its name: in
//
//	url: http://loki.<namespace:loki>.svc.cluster.local:3100
//
// <namespace:loki> becomes the name of the namespace with the role loki. The placeholder is a plain scalar of YAML and
// may be a part of any string, in Alloy's configuration and in PromQL as well, where an overlay of values would not
// reach. It is none of the {{ }} that Helm, Grafana and Prometheus evaluate in the same files.
type Namespaces map[string]string

// DefaultNamespaces are the namespaces of a stack file that sets no names: each is called as its role. It panics where
// AllNamespaces has an error.
func DefaultNamespaces() Namespaces {
	all, err := AllNamespaces()
	if err != nil {
		panic(err)
	}
	names := Namespaces{}
	for role := range all {
		names[role] = role
	}
	return names
}

// Roles are those that have a name, sorted.
func (n Namespaces) Roles() []string { return slices.Sorted(maps.Keys(n)) }

// RoleOf finds the role of the namespace with a name.
func (n Namespaces) RoleOf(name string) (role string, found bool) {
	for role, other := range n {
		if other == name {
			return role, true
		}
	}
	return "", false
}

var placeholder = regexp.MustCompile(`<namespace:([^>]*)>`)

// fill puts names in place of a text's placeholders. A role without a name is an error.
func (n Namespaces) fill(text string) (string, error) {
	var unknown []string
	filled := placeholder.ReplaceAllStringFunc(text, func(match string) string {
		name := n[placeholder.FindStringSubmatch(match)[1]]
		if name == "" {
			unknown = append(unknown, match)
		}
		return name
	})
	if len(unknown) > 0 {
		return "", fmt.Errorf("no namespace for %s; allowed roles: %s", strings.Join(unknown, ", "),
			strings.Join(n.Roles(), ", "))
	}
	return filled, nil
}

// fillAll is fill for all strings in maps and lists; what it returns shares no map or list with the argument.
func (n Namespaces) fillAll(value any) (any, error) {
	var err error
	switch v := value.(type) {
	case string:
		return n.fill(v)
	case map[string]any:
		filled := make(map[string]any, len(v))
		for key, element := range v {
			if filled[key], err = n.fillAll(element); err != nil {
				return nil, fmt.Errorf("%s: %w", key, err)
			}
		}
		return filled, nil
	case []any:
		filled := make([]any, 0, len(v))
		for _, element := range v {
			element, err := n.fillAll(element)
			if err != nil {
				return nil, err
			}
			filled = append(filled, element)
		}
		return filled, nil
	}
	return value, nil
}
