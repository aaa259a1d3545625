package pods

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"k8s.io/utils/ptr"
)

// Refused says what of a workload's pods a Pod Security level of a namespace refuses, as the API server does; empty:
// nothing.
func Refused(w Workload, level api.LevelVersion) (string, error) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return "", err
	}
	result := policy.AggregateCheckResults(evaluator.EvaluatePod(level, &w.Pod.ObjectMeta, &w.Pod.Spec))
	if result.Allowed {
		return "", nil
	}
	return result.ForbiddenDetail(), nil
}

// HostAccess is what a workload has of its node: its namespaces, its files, its ports, privileges.
func HostAccess(w Workload) []string {
	var has []string
	spec := w.Pod.Spec
	for name, on := range map[string]bool{"hostNetwork": spec.HostNetwork, "hostPID": spec.HostPID,
		"hostIPC": spec.HostIPC} {
		if on {
			has = append(has, name)
		}
	}
	for _, v := range spec.Volumes {
		if v.HostPath != nil {
			has = append(has, "hostPath "+v.HostPath.Path)
		}
	}
	for _, c := range w.Containers() {
		s := ptr.Deref(c.SecurityContext, corev1.SecurityContext{})
		if ptr.Deref(s.Privileged, false) {
			has = append(has, "privileged")
		}
		for _, p := range c.Ports {
			if p.HostPort != 0 && !spec.HostNetwork {
				has = append(has, fmt.Sprintf("hostPort %d", p.HostPort))
			}
		}
		if caps := ptr.Deref(s.Capabilities, corev1.Capabilities{}); len(caps.Add) > 0 {
			has = append(has, fmt.Sprintf("capabilities %v", caps.Add))
		}
	}
	slices.Sort(has)
	return slices.Compact(has)
}

// APIClients are the repositories of the images of pods that have a token of their ServiceAccount, as container
// runtimes name them: see Repository. Sorted, each once.
func APIClients(objects []*unstructured.Unstructured) ([]string, error) {
	all, err := Workloads(objects)
	var images []string
	for _, w := range all {
		if !hasToken(w, objects) {
			continue
		}
		for _, c := range w.Containers() {
			if image, valid := Repository(c.Image); valid {
				images = append(images, image)
			}
		}
	}
	slices.Sort(images)
	return slices.Compact(images), err
}

// hasToken reports whether a workload's pods have a token for the API server: what the pod says counts before what its
// ServiceAccount, one of objects, says, and a volume with a token before both.
func hasToken(w Workload, objects []*unstructured.Unstructured) bool {
	if slices.ContainsFunc(w.Pod.Spec.Volumes, func(v corev1.Volume) bool {
		return v.Projected != nil && slices.ContainsFunc(v.Projected.Sources,
			func(s corev1.VolumeProjection) bool { return s.ServiceAccountToken != nil })
	}) {
		return true
	}
	mounted := true
	for _, o := range objects {
		if o.GetKind() == "ServiceAccount" && o.GetNamespace() == w.GetNamespace() &&
			o.GetName() == w.Pod.Spec.ServiceAccountName {
			if automount, set, _ := unstructured.NestedBool(o.Object, "automountServiceAccountToken"); set {
				mounted = automount
			}
		}
	}
	return ptr.Deref(w.Pod.Spec.AutomountServiceAccountToken, mounted)
}

// imageName is the grammar of names with a registry, without IPv6:
// https://pkg.go.dev/github.com/distribution/reference.
var imageName = regexp.MustCompile(`^[a-zA-Z0-9]+([.-]+[a-zA-Z0-9]+)*(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+$`)

// Repository is an image's name without tag and digest, as container runtimes have it: docker.io/library/redis of
// redis:8. It is not valid where no registry can have it.
func Repository(image string) (name string, valid bool) {
	name, _, _ = strings.Cut(image, "@")
	if colon := strings.LastIndex(name, ":"); colon > strings.LastIndex(name, "/") {
		name = name[:colon]
	}
	host, rest, nested := strings.Cut(name, "/")
	switch {
	case !nested:
		name = "docker.io/library/" + name
	case !strings.ContainsAny(host, ".:") && host != "localhost":
		name = "docker.io/" + host + "/" + rest
	}
	return name, imageName.MatchString(name)
}
