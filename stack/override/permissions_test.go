package override

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// What roles and bindings of a release are refused for, and the same with less.
func TestPermissions(t *testing.T) {
	const rbac = "apiVersion: rbac.authorization.k8s.io/v1, "
	const rules = "rules: [{apiGroups: [''], resources: [secrets], verbs: [get]}]"
	const pods = "rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]"
	const account = "subjects: [{kind: ServiceAccount, name: a, namespace: n}]"
	const role, bound = "{" + rbac + "kind: ClusterRole, metadata: {name: a}, " + pods + "}",
		"roleRef: {kind: ClusterRole, name: a}"
	for _, c := range []struct {
		name    string
		objects []string
		want    []string
	}{
		{"a role", []string{role}, nil},
		{"what a rule allows", []string{"{" + rbac + "kind: ClusterRole, metadata: {name: a}, " + rules + "}"},
			[]string{"ClusterRole /a, which reads every Secret"}},
		{"what two rules allow is said once", []string{"{" + rbac + "kind: ClusterRole, metadata: {name: a}, rules: [" +
			"{apiGroups: [''], resources: [secrets], verbs: [get]}, {apiGroups: [''], resources: [secrets], verbs: [list]}]}"},
			[]string{"ClusterRole /a, which reads every Secret"}},
		{"a role of the release's namespace",
			[]string{"{" + rbac + "kind: Role, metadata: {name: a, namespace: n}, " + rules + "}"}, nil},
		{"a role of another namespace",
			[]string{"{" + rbac + "kind: Role, metadata: {name: a, namespace: kube-system}, " + rules + "}"},
			[]string{"Role kube-system/a, which reads every Secret", "Role kube-system/a in another namespace"}},
		{"a part of Kubernetes' roles", []string{"{" + rbac + "kind: ClusterRole, metadata: {name: a, labels: " +
			"{rbac.authorization.k8s.io/aggregate-to-edit: 'true'}}, " + pods + "}"},
			[]string{"ClusterRole /a, which adds its rules to the role edit"}},
		{"another label", []string{"{" + rbac + "kind: ClusterRole, metadata: {name: a, labels: {app: edit}}, " + pods +
			"}"}, nil},
		{"an aggregated role", []string{"{" + rbac + "kind: ClusterRole, metadata: {name: a}, " +
			"aggregationRule: {clusterRoleSelectors: [{matchLabels: {a: b}}]}}"},
			[]string{"ClusterRole /a, which has the rules of other roles"}},
		{"a binding", []string{role, "{" + rbac + "kind: ClusterRoleBinding, metadata: {name: a}, " + bound + ", " +
			account + "}"}, nil},
		{"cluster-admin", []string{"{" + rbac + "kind: ClusterRoleBinding, metadata: {name: a}, " +
			"roleRef: {kind: ClusterRole, name: cluster-admin}, " + account + "}"},
			[]string{"ClusterRoleBinding /a to the role cluster-admin"}},
		{"another role of the cluster", []string{"{" + rbac + "kind: RoleBinding, metadata: {name: a, namespace: n}, " +
			bound + ", " + account + "}"}, []string{"RoleBinding n/a to the role a"}},
		{"a binding in another namespace", []string{role, "{" + rbac + "kind: RoleBinding, metadata: {name: a, " +
			"namespace: kube-system}, " + bound + ", " + account + "}"},
			[]string{"RoleBinding kube-system/a in another namespace"}},
		{"everyone", []string{role, "{" + rbac + "kind: ClusterRoleBinding, metadata: {name: a}, " + bound +
			", subjects: [{kind: Group, name: 'system:authenticated'}]}"},
			[]string{"ClusterRoleBinding /a for the Group system:authenticated"}},
		{"an account of others", []string{role, "{" + rbac + "kind: ClusterRoleBinding, metadata: {name: a}, " + bound +
			", subjects: [{kind: ServiceAccount, name: a, namespace: default}]}"},
			[]string{"ClusterRoleBinding /a for the ServiceAccount default/a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var objects []*unstructured.Unstructured
			for _, text := range c.objects {
				objects = append(objects, object(t, text))
			}
			if found := foundIn(t, objects...); !slices.Equal(found, c.want) {
				t.Errorf("found %q, want %q", found, c.want)
			}
		})
	}
}
