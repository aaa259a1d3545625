package override

import (
	"fmt"
	"slices"
	"strings"

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

const (
	byGateway    = "Services inside of the cluster: exposure.mode: gateway puts TLS and single sign-on in front"
	policiesKept = "the policies of <release>/network.yaml, which say who may connect: a policy adds connections"
	noSecrets    = "Secrets that the program or you create: Helm keeps values, and what they render, in its records"
	noHost       = "pods that have of their node what they have without overrides"
	noAdmission  = "objects of the release itself: this one decides about the requests of others to the API server"
	noNamespaces = "the namespaces of the stack, which have a Pod Security level and policies"
	noVolumes    = "PersistentVolumeClaims: a PersistentVolume can be a directory of a node"
	ownNamespace = "objects in the namespaces of the release: chart.yaml has them"
)

// refused are the kinds that open the stack or its cluster, with what is allowed instead. Those of Cilium are refused
// as well.
var refused = map[string]string{
	"Secret":  noSecrets,
	"Ingress": byGateway, "IngressRoute": byGateway, "Gateway": byGateway, "ListenerSet": byGateway,
	"HTTPRoute": byGateway, "GRPCRoute": byGateway,
	"TLSRoute": byGateway, "TCPRoute": byGateway, "UDPRoute": byGateway,
	"NetworkPolicy": policiesKept, "AdminNetworkPolicy": policiesKept, "BaselineAdminNetworkPolicy": policiesKept,
	"ClusterNetworkPolicy":         policiesKept,
	"MutatingWebhookConfiguration": noAdmission, "ValidatingWebhookConfiguration": noAdmission,
	"MutatingAdmissionPolicy": noAdmission, "MutatingAdmissionPolicyBinding": noAdmission,
	"ValidatingAdmissionPolicy": noAdmission, "ValidatingAdmissionPolicyBinding": noAdmission,
	"APIService": noAdmission,
	"Namespace":  noNamespaces, "PersistentVolume": noVolumes,
}

// findings are those of the objects of a release, in their order; levels are the Pod Security levels of its
// namespaces, by name.
func findings(objects []*unstructured.Unstructured, levels map[string]api.LevelVersion) ([]finding, error) {
	var all []finding
	for _, o := range objects {
		all = append(all, ofKind(o)...)
		granted, err := permissions(o, objects, levels)
		if err != nil {
			return nil, err
		}
		all = append(all, granted...)
		workloads, err := pods.Workloads([]*unstructured.Unstructured{o})
		if err != nil {
			return nil, err
		}
		if len(workloads) == 0 && !within(levels, o.GetNamespace()) {
			all = append(all, finding{what: pods.ID(o) + " in another namespace", allowed: ownNamespace})
		}
		for _, w := range workloads {
			found, err := ofPods(w, levels)
			if err != nil {
				return nil, err
			}
			all = append(all, found...)
		}
	}
	return all, nil
}

// within reports whether a namespace is one of the release's, or none: the object is of the whole cluster.
func within(levels map[string]api.LevelVersion, namespace string) bool {
	_, own := levels[namespace]
	return own || namespace == ""
}

// ofKind are the findings of an object that its kind shows, or a Service's type.
func ofKind(o *unstructured.Unstructured) []finding {
	name, kind := pods.ID(o), o.GetKind()
	if allowed, ok := refused[kind]; ok {
		return []finding{{what: name, allowed: allowed}}
	}
	if strings.HasPrefix(o.GetAPIVersion(), "cilium.io/") {
		return []finding{{what: name, allowed: policiesKept}}
	}
	var found []finding
	if kind == "Service" {
		if t, _, _ := unstructured.NestedString(o.Object, "spec", "type"); t == "LoadBalancer" || t == "NodePort" {
			found = append(found, finding{what: name + " of type " + t, allowed: byGateway})
		}
		if ips, _, _ := unstructured.NestedSlice(o.Object, "spec", "externalIPs"); len(ips) > 0 {
			found = append(found, finding{what: name + " with externalIPs", allowed: byGateway})
		}
	}
	return found
}

// ofPods are the findings of a workload's pods.
func ofPods(w pods.Workload, levels map[string]api.LevelVersion) ([]finding, error) {
	var found []finding
	name := pods.ID(w.Unstructured)
	for _, access := range pods.HostAccess(w) {
		found = append(found, finding{what: name + " with " + access, allowed: noHost})
	}
	if err := w.UnknownFields(); err != nil {
		found = append(found, finding{fmt.Sprintf("%s: %v", name, err), "fields of the Kubernetes API", true})
	}
	for _, c := range w.Containers() {
		if _, valid := pods.Repository(c.Image); !valid {
			found = append(found, finding{fmt.Sprintf("%s with the image %q", name, c.Image),
				"the name of an image: registry/repository:tag", true})
		}
	}
	level, known := levels[w.GetNamespace()]
	if !known {
		return append(found, finding{name, ownNamespace, true}), nil
	}
	forbidden, err := pods.Refused(w, level)
	if err == nil && forbidden != "" {
		found = append(found, finding{name + ": " + forbidden,
			"pods of the Pod Security level of their namespace, which is " + string(level.Level), true})
	}
	return found, err
}

// added are the findings that are not there before.
func added(before, after []finding) []finding {
	return slices.DeleteFunc(after, func(f finding) bool { return slices.Contains(before, f) })
}
