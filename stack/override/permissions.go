package override

import (
	"cmp"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/pod-security-admission/api"

	"doks-security/charts/pods"
)

const (
	ownRoles    = "roles of the release, with the least that it works with"
	ownAccounts = "ServiceAccounts of the release, in its namespace"
	leastRules  = "rules for the objects that it works with, by group, resource and verb; for single objects by name"
	noUsers     = "roles for ServiceAccounts of the release: this one becomes a part of a role that people have"
)

// permissions are the findings of a role or a binding among the objects of its release. A Role that applies to the
// release's namespaces alone has none.
func permissions(o *unstructured.Unstructured, all []*unstructured.Unstructured, levels map[string]api.LevelVersion) (
	[]finding, error,
) {
	switch o.GetKind() {
	case "ClusterRoleBinding", "RoleBinding":
		return ofBinding(o, all, levels)
	case "Role":
		if within(levels, o.GetNamespace()) {
			return nil, nil
		}
	case "ClusterRole":
	default:
		return nil, nil
	}
	var role rbacv1.ClusterRole // a Role has the same rules
	if err := pods.Convert(o, &role); err != nil {
		return nil, err
	}
	var found []finding
	add := func(what, allowed string) {
		f := finding{what: pods.ID(o) + ", which " + what, allowed: allowed}
		if !slices.Contains(found, f) {
			found = append(found, f)
		}
	}
	for _, rule := range role.Rules {
		for _, what := range pods.Powers(rule) {
			add(what, leastRules)
		}
	}
	for label := range role.Labels {
		if into, ok := strings.CutPrefix(label, rbacv1.GroupName+"/aggregate-to-"); ok {
			add("adds its rules to the role "+into, noUsers)
		}
	}
	if role.AggregationRule != nil {
		add("has the rules of other roles", ownRoles)
	}
	slices.SortStableFunc(found, func(a, b finding) int { return strings.Compare(a.what, b.what) })
	return found, nil
}

// ofBinding are the findings of a binding: a role that the release does not have, and subjects that are not its own.
func ofBinding(o *unstructured.Unstructured, all []*unstructured.Unstructured, levels map[string]api.LevelVersion) (
	[]finding, error,
) {
	var b rbacv1.RoleBinding // a ClusterRoleBinding has the same fields
	if err := pods.Convert(o, &b); err != nil {
		return nil, err
	}
	var found []finding
	own := slices.ContainsFunc(all, func(role *unstructured.Unstructured) bool {
		return role.GetKind() == b.RoleRef.Kind && role.GetName() == b.RoleRef.Name &&
			(b.RoleRef.Kind != "Role" || role.GetNamespace() == b.Namespace)
	})
	if !own {
		found = append(found, finding{what: pods.ID(o) + " to the role " + b.RoleRef.Name, allowed: ownRoles})
	}
	for _, s := range b.Subjects {
		namespace := cmp.Or(s.Namespace, b.Namespace)
		if s.Kind != rbacv1.ServiceAccountKind {
			found = append(found, finding{what: pods.ID(o) + " for the " + s.Kind + " " + s.Name, allowed: ownAccounts})
		} else if namespace == "" || !within(levels, namespace) {
			found = append(found, finding{what: pods.ID(o) + " for the ServiceAccount " + namespace + "/" + s.Name,
				allowed: ownAccounts})
		}
	}
	return found, nil
}
