package override

import (
	"fmt"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/pod-security-admission/api"

	"doks-security/charts/pods"
)

// finding is something about the objects of a release that overrides may not add, and an addon not have without a
// review.
type finding struct {
	what, allowed string
	final         bool // no review helps: the API server refuses or drops it
}

// routes are the kinds that make a Service reachable from outside of the cluster.
var routes = []string{
	"Ingress", "IngressRoute", "Gateway", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute",
}

// policies are the kinds that say who may connect to whom.
var policies = []string{"NetworkPolicy", "CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"}

// builtin are Kubernetes' own roles that let read or change most objects.
var builtin = []string{"cluster-admin", "admin", "edit", "view"}

const (
	byGateway     = "Services inside of the cluster: exposure.mode: gateway puts TLS and single sign-on in front"
	policiesKept  = "the policies of <release>/network.yaml, which say who may connect: a policy adds connections"
	noSecrets     = "Secrets that the program or you create: Helm keeps values, and what they render, in its records"
	noHost        = "pods that have of their node what they have without overrides"
	noBuiltin     = "roles of the release, with the least that it works with"
	noSecretsRead = "roles that read single Secrets, by name"
)

// findings are those of objects; levels are the Pod Security levels by the name of a namespace.
func findings(objects []*unstructured.Unstructured, levels map[string]api.LevelVersion) ([]finding, error) {
	var all []finding
	for _, o := range objects {
		found, err := ofObject(o)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	workloads, err := pods.Workloads(objects)
	if err != nil {
		return nil, err
	}
	for _, w := range workloads {
		name := pods.ID(w.Unstructured)
		for _, access := range pods.HostAccess(w) {
			all = append(all, finding{what: name + " with " + access, allowed: noHost})
		}
		if err := w.UnknownFields(); err != nil {
			all = append(all, finding{fmt.Sprintf("%s: %v", name, err), "fields of the Kubernetes API", true})
		}
		level, known := levels[w.GetNamespace()]
		if !known {
			all = append(all, finding{name, "objects in the namespaces of the stack", true})
			continue
		}
		refused, err := pods.Refused(w, level)
		if err != nil {
			return nil, err
		}
		if refused != "" {
			all = append(all, finding{name + ": " + refused,
				"pods of the Pod Security level of their namespace, which is " + string(level.Level), true})
		}
	}
	return all, nil
}

func ofObject(o *unstructured.Unstructured) ([]finding, error) {
	name, kind := pods.ID(o), o.GetKind()
	switch {
	case kind == "Secret":
		return []finding{{what: name, allowed: noSecrets}}, nil
	case slices.Contains(routes, kind):
		return []finding{{what: name, allowed: byGateway}}, nil
	case slices.Contains(policies, kind):
		return []finding{{what: name, allowed: policiesKept}}, nil
	case kind == "Service":
		var found []finding
		if t, _, _ := unstructured.NestedString(o.Object, "spec", "type"); t == "LoadBalancer" || t == "NodePort" {
			found = append(found, finding{what: name + " of type " + t, allowed: byGateway})
		}
		if ips, _, _ := unstructured.NestedSlice(o.Object, "spec", "externalIPs"); len(ips) > 0 {
			found = append(found, finding{what: name + " with externalIPs", allowed: byGateway})
		}
		return found, nil
	case kind == "ClusterRoleBinding" || kind == "RoleBinding":
		role, _, _ := unstructured.NestedString(o.Object, "roleRef", "name")
		if slices.Contains(builtin, role) {
			return []finding{{what: name + " to the role " + role, allowed: noBuiltin}}, nil
		}
	case kind == "ClusterRole":
		var role rbacv1.ClusterRole
		if err := pods.Convert(o, &role); err != nil {
			return nil, err
		}
		if slices.ContainsFunc(role.Rules, pods.ReadsSecrets) {
			return []finding{{what: name + ", which reads every Secret", allowed: noSecretsRead}}, nil
		}
	}
	return nil, nil
}

// added are the findings that are not there before.
func added(before, after []finding) []finding {
	return slices.DeleteFunc(after, func(f finding) bool { return slices.Contains(before, f) })
}
