package pods

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
)

// power is what a rule allows beyond the release's own objects.
type power struct {
	what                     string // that a role does
	groups, resources, verbs []string
	named                    bool // also of a rule for single objects
}

const core = corev1.GroupName

var (
	changes = []string{"create", "update", "patch", "delete", "deletecollection"}
	anyVerb = append([]string{"get"}, changes...)
)

var secretReader = power{
	"reads every Secret", []string{core}, []string{"secrets"}, []string{"get", "list", "watch"}, false,
}

// powers are those that reach Secrets, other pods, their nodes, or the rights of others:
// https://kubernetes.io/docs/concepts/security/rbac-good-practices/#privilege-escalation-risks.
var powers = []power{
	secretReader,
	{"changes every Secret", []string{core}, []string{"secrets"}, changes, false},
	{"creates tokens of every ServiceAccount", []string{core},
		[]string{"serviceaccounts/token"}, []string{"create"}, false},
	{"acts as other users", []string{core, "authentication.k8s.io"},
		[]string{"users", "groups", "serviceaccounts", "uids", "userextras/"}, []string{"impersonate"}, true},
	{"grants rights that it does not have", []string{rbacv1.GroupName},
		[]string{"roles", "clusterroles"}, []string{"escalate", "bind"}, true},
	{"runs commands in every pod", []string{core},
		[]string{"pods/exec", "pods/attach", "pods/ephemeralcontainers"}, anyVerb, false},
	{"connects to every pod", []string{core},
		[]string{"pods/portforward", "pods/proxy", "services/proxy"}, anyVerb, false},
	{"uses the API of the kubelets", []string{core}, []string{"nodes/proxy"}, anyVerb, true},
	{"runs pods in every namespace", []string{core, "apps", "batch"},
		[]string{"pods", "replicationcontrollers", "deployments", "daemonsets", "statefulsets", "replicasets", "jobs",
			"cronjobs"}, []string{"create", "update", "patch"}, false},
	{"changes namespaces, with their Pod Security levels", []string{core}, []string{"namespaces"}, changes, false},
	{"changes network policies", []string{"networking.k8s.io", "policy.networking.k8s.io", "cilium.io"},
		[]string{"networkpolicies", "adminnetworkpolicies", "baselineadminnetworkpolicies", "clusternetworkpolicies",
			"ciliumnetworkpolicies", "ciliumclusterwidenetworkpolicies"}, changes, false},
	{"changes what the API server admits", []string{"admissionregistration.k8s.io", "apiregistration.k8s.io"},
		[]string{"mutatingwebhookconfigurations", "validatingwebhookconfigurations", "mutatingadmissionpolicies",
			"mutatingadmissionpolicybindings", "validatingadmissionpolicies", "validatingadmissionpolicybindings",
			"apiservices"}, changes, false},
	{"creates PersistentVolumes, such as directories of a node", []string{core},
		[]string{"persistentvolumes"}, []string{"create"}, false},
	{"issues certificates of users", []string{"certificates.k8s.io"},
		[]string{"certificatesigningrequests/approval", "signers"}, []string{"update", "patch", "approve", "sign"}, true},
}

// Powers says what a rule of a ClusterRole allows beyond the objects of its release, and whether it has wildcards: what
// the role does, as in "reads every Secret".
func Powers(rule rbacv1.PolicyRule) []string {
	wildcard := func(list []string) bool { return slices.Contains(list, rbacv1.VerbAll) }
	if wildcard(rule.APIGroups) && wildcard(rule.Resources) && wildcard(rule.Verbs) {
		return []string{"may do everything"}
	}
	var all []string
	if wildcard(slices.Concat(rule.APIGroups, rule.Resources, rule.Verbs, rule.NonResourceURLs)) {
		all = append(all, "has wildcards in its rules")
	}
	for _, p := range powers {
		if p.allowedBy(rule) {
			all = append(all, p.what)
		}
	}
	return all
}

// allowedBy reports whether a rule allows a part of the power, as Kubernetes' authorizer reads rules.
func (p power) allowedBy(rule rbacv1.PolicyRule) bool {
	has := func(list, of []string) bool {
		return slices.ContainsFunc(list, func(s string) bool { return s == "*" || slices.Contains(of, s) })
	}
	resource := func(pattern string) bool {
		return slices.ContainsFunc(p.resources, func(name string) bool {
			sub := name[strings.LastIndex(name, "/")+1:]
			return pattern == "*" || pattern == name || sub != name && pattern == "*/"+sub ||
				strings.HasSuffix(name, "/") && strings.HasPrefix(pattern, name)
		})
	}
	if len(rule.ResourceNames) > 0 && !p.named {
		return false
	}
	return has(rule.APIGroups, p.groups) && has(rule.Verbs, p.verbs) && slices.ContainsFunc(rule.Resources, resource)
}

// ReadsSecrets reports whether a rule lets all Secrets be read; it leaves rules for single, named Secrets out.
func ReadsSecrets(rule rbacv1.PolicyRule) bool { return secretReader.allowedBy(rule) }
