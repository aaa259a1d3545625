package incluster

import (
	"fmt"
	"testing"

	"doks-security/stack/field"
	"doks-security/values"
)

// Volumes of an addon are lost with its namespace, or with its release where another addon keeps the namespace.
func TestAddons(t *testing.T) {
	namespace := func(name, annotations string) Object {
		return parse[Object](t, fmt.Sprintf(`{"metadata":{"name":%q,"labels":{"app.kubernetes.io/part-of":"doks-security"},`+
			`"annotations":{%s}}}`, name, annotations))
	}
	release := func(namespace, name string) Object {
		return parse[Object](t, fmt.Sprintf(`{"metadata":{"namespace":%q,"name":"a","labels":{"name":%q}}}`, namespace, name))
	}
	of := func(release, more string) Claim {
		return parse[Claim](t, `{"metadata":{"namespace":"store","name":"data","annotations":{`+more+
			`"meta.helm.sh/release-name":"`+release+`"}}}`)
	}
	const addon = `"doks-security/addon":"store"`
	gone := Owner{Stack: "doks-security/dev"}
	shared := Owner{Stack: gone.Stack, Namespaces: values.Namespaces{"store": "store"},
		Releases: []Release{{Name: "cache", Namespace: "store"}}}
	for _, c := range []struct {
		name    string
		cluster Cluster
		owner   Owner
		want    []string // what the error contains; none: nothing is lost
	}{
		{"none", Cluster{}, gone, nil},
		{"without volumes", Cluster{Namespaces: []Object{namespace("store", addon)}}, gone, nil},
		{"with volumes", Cluster{Namespaces: []Object{namespace("store", addon)}, Releases: []Object{release("store", "db")},
			Claims: []Claim{claim(t, "store", "data-db-0", "1Gi"), claim(t, "store", "backup", "1Gi"),
				claim(t, "team", "data-db-0", "1Gi")}}, gone, []string{
			"addons.enabled: without the addon of the namespace store",
			"with it: the volume of store/data-db-0, the volume of store/backup would be deleted",
			"kubectl --namespace store delete deployments,statefulsets,daemonsets,cronjobs,jobs --all && " +
				"kubectl --namespace store delete pvc data-db-0 backup, then pulumi up again"}},
		{"which is enabled", Cluster{Namespaces: []Object{namespace("store", addon)},
			Releases: []Object{release("store", "cache")}, Claims: []Claim{of("cache", "")}}, shared, nil},
		{"of another stack", Cluster{Namespaces: []Object{namespace("store", addon+`,"doks-security/stack":"other/dev"`)},
			Claims: []Claim{claim(t, "store", "data", "1Gi")}}, gone, nil},
		{"of no addon", Cluster{Namespaces: []Object{namespace("store", "")},
			Claims: []Claim{claim(t, "store", "data", "1Gi")}}, gone, nil},
		{"in a namespace that another addon keeps", Cluster{Namespaces: []Object{namespace("store", addon)},
			Releases: []Object{release("store", "cache"), release("store", "db")}, Claims: []Claim{of("db", "")}}, shared,
			[]string{"of the namespace store with the release db", "the volume of store/data would be deleted",
				"jobs --selector 'app.kubernetes.io/instance in (db)' && kubectl"}},
		{"there, but Helm keeps the claim", Cluster{Namespaces: []Object{namespace("store", addon)},
			Releases: []Object{release("store", "cache"), release("store", "db")},
			Claims:   []Claim{of("db", `"helm.sh/resource-policy":"keep",`)}}, shared, nil},
		{"there, of a StatefulSet, which stays", Cluster{Namespaces: []Object{namespace("store", addon)},
			Releases: []Object{release("store", "db")}, Claims: []Claim{claim(t, "store", "data-db-0", "1Gi")}}, shared, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var errs field.Errors
			Addons(&c.cluster, c.owner, &errs)
			expect(t, errs, c.want...)
		})
	}
}
