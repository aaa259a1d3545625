package pods

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
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

// ReadsSecrets reports whether a rule lets all Secrets be read; it leaves rules for single, named Secrets out.
func ReadsSecrets(rule rbacv1.PolicyRule) bool {
	any := func(list []string, of ...string) bool {
		return slices.ContainsFunc(list, func(s string) bool { return s == "*" || slices.Contains(of, s) })
	}
	return len(rule.ResourceNames) == 0 && any(rule.APIGroups, "") && any(rule.Resources, "secrets") &&
		any(rule.Verbs, "get", "list", "watch")
}

// APIClients are the repositories of the images of pods that have the token of their ServiceAccount, as container
// runtimes name them: docker.io/library/redis of redis:8. Sorted, each once.
func APIClients(objects []*unstructured.Unstructured) ([]string, error) {
	all, err := Workloads(objects)
	var images []string
	for _, w := range all {
		if ptr.Deref(w.Pod.Spec.AutomountServiceAccountToken, true) {
			for _, c := range w.Containers() {
				images = append(images, repository(c.Image))
			}
		}
	}
	slices.Sort(images)
	return slices.Compact(images), err
}

// repository is an image's name without tag and digest.
func repository(image string) string {
	name, _, _ := strings.Cut(image, "@")
	if colon := strings.LastIndex(name, ":"); colon > strings.LastIndex(name, "/") {
		name = name[:colon]
	}
	host, rest, nested := strings.Cut(name, "/")
	switch {
	case !nested:
		return "docker.io/library/" + name
	case !strings.ContainsAny(host, ".:") && host != "localhost":
		return "docker.io/" + host + "/" + rest
	}
	return name
}
