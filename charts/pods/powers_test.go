package pods

import (
	"slices"
	"testing"

	"gopkg.in/yaml.v3"
	rbacv1 "k8s.io/api/rbac/v1"
)

// Each power has a rule that allows it, and one that is like it and does not.
func TestPowers(t *testing.T) {
	for _, c := range []struct{ what, allows, clean string }{
		{"reads every Secret", "{groups: [''], resources: [secrets], verbs: [list]}",
			"{groups: [''], resources: [secrets], names: [a], verbs: [get]}"},
		{"changes every Secret", "{groups: [''], resources: [secrets], verbs: [patch]}",
			"{groups: [''], resources: [configmaps], verbs: [patch]}"},
		{"creates tokens of every ServiceAccount", "{groups: [''], resources: [serviceaccounts/token], verbs: [create]}",
			"{groups: [''], resources: [serviceaccounts], verbs: [create]}"},
		{"acts as other users", "{groups: [''], resources: [users], names: [a], verbs: [impersonate]}",
			"{groups: [''], resources: [serviceaccounts], verbs: [get]}"},
		{"acts as other users",
			"{groups: [authentication.k8s.io], resources: [userextras/scopes], verbs: [impersonate]}",
			"{groups: [authentication.k8s.io], resources: [tokenreviews], verbs: [create]}"},
		{"grants rights that it does not have",
			"{groups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [escalate]}",
			"{groups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [update]}"},
		{"grants rights that it does not have",
			"{groups: [rbac.authorization.k8s.io], resources: [roles], names: [a], verbs: [bind]}",
			"{groups: [rbac.authorization.k8s.io], resources: [rolebindings], verbs: [create]}"},
		{"runs commands in every pod", "{groups: [''], resources: [pods/exec], verbs: [create]}",
			"{groups: [''], resources: [pods/log], verbs: [get]}"},
		{"runs commands in every pod", "{groups: [''], resources: [pods/attach], verbs: [get]}",
			"{groups: [''], resources: [pods/exec], names: [a], verbs: [create]}"},
		{"connects to every pod", "{groups: [''], resources: [pods/portforward], verbs: [create]}",
			"{groups: [''], resources: [pods/status], verbs: [get]}"},
		{"uses the API of the kubelets", "{groups: [''], resources: [nodes/proxy], verbs: [get]}",
			"{groups: [''], resources: [nodes/metrics], verbs: [get]}"},
		{"runs pods in every namespace", "{groups: [apps], resources: [deployments], verbs: [patch]}",
			"{groups: [apps], resources: [deployments/scale], verbs: [update]}"},
		{"changes namespaces, with their Pod Security levels", "{groups: [''], resources: [namespaces], verbs: [patch]}",
			"{groups: [''], resources: [namespaces], verbs: [list]}"},
		{"changes network policies", "{groups: [networking.k8s.io], resources: [networkpolicies], verbs: [create]}",
			"{groups: [networking.k8s.io], resources: [ingresses], verbs: [create]}"},
		{"changes what the API server admits",
			"{groups: [admissionregistration.k8s.io], resources: [validatingwebhookconfigurations], verbs: [update]}",
			"{groups: [admissionregistration.k8s.io], resources: [validatingwebhookconfigurations], names: [a], " +
				"verbs: [update]}"},
		{"changes what the API server admits",
			"{groups: [admissionregistration.k8s.io], resources: [validatingadmissionpolicies], verbs: [delete]}",
			"{groups: [admissionregistration.k8s.io], resources: [validatingadmissionpolicies], verbs: [watch]}"},
		{"creates PersistentVolumes, such as directories of a node",
			"{groups: [''], resources: [persistentvolumes], verbs: [create]}",
			"{groups: [''], resources: [persistentvolumeclaims], verbs: [create]}"},
		{"issues certificates of users",
			"{groups: [certificates.k8s.io], resources: [certificatesigningrequests/approval], verbs: [update]}",
			"{groups: [certificates.k8s.io], resources: [certificatesigningrequests], verbs: [create]}"},
		{"may do everything", "{groups: ['*'], resources: ['*'], verbs: ['*']}",
			"{groups: [example.org], resources: [backups], verbs: [get, list, watch]}"},
		{"has wildcards in its rules", "{groups: [example.org], resources: ['*'], verbs: [get]}",
			"{groups: [example.org], resources: [backups/status], verbs: [update]}"},
		{"has wildcards in its rules", "{urls: ['*'], verbs: [get]}", "{urls: [/metrics], verbs: [get]}"},
	} {
		t.Run(c.what, func(t *testing.T) {
			if got := Powers(rule(t, c.allows)); !slices.Equal(got, []string{c.what}) {
				t.Errorf("%s allows %q", c.allows, got)
			}
			if got := Powers(rule(t, c.clean)); len(got) > 0 {
				t.Errorf("%s allows %q", c.clean, got)
			}
		})
	}
}

// A wildcard is everything that it stands for.
func TestPowersOfWildcards(t *testing.T) {
	for text, want := range map[string]string{
		"{groups: ['*'], resources: [secrets], verbs: [get]}":    "reads every Secret",
		"{groups: [''], resources: ['*'], verbs: [list]}":        "reads every Secret",
		"{groups: [''], resources: ['*/exec'], verbs: [create]}": "runs commands in every pod",
		"{groups: [''], resources: [users], verbs: ['*']}":       "acts as other users",
	} {
		if got := Powers(rule(t, text)); !slices.Contains(got, want) {
			t.Errorf("%s allows %q, want %q", text, got, want)
		}
	}
}

func rule(t *testing.T, text string) rbacv1.PolicyRule {
	t.Helper()
	var r struct{ Groups, Resources, Names, URLs, Verbs []string }
	if err := yaml.Unmarshal([]byte(text), &r); err != nil {
		t.Fatal(err)
	}
	return rbacv1.PolicyRule{APIGroups: r.Groups, Resources: r.Resources, ResourceNames: r.Names,
		NonResourceURLs: r.URLs, Verbs: r.Verbs}
}
