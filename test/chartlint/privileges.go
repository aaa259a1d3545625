package chartlint

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"k8s.io/utils/ptr"
)

// PodSecurity evaluates every workload at its namespace's enforced level and version, as the API server does.
func PodSecurity(objects []*Object) []error {
	all, err := workloads(objects)
	if err != nil {
		return []error{err}
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return []error{err}
	}
	namespaces := map[string]map[string]string{}
	for _, o := range objects {
		if o.GetKind() == "Namespace" {
			namespaces[o.GetName()] = o.GetLabels()
		}
	}
	var faults []error
	for _, w := range all {
		labels, ok := namespaces[w.GetNamespace()]
		if !ok {
			faults = append(faults, fmt.Errorf("%s: its namespace does not exist", id(w.Object)))
			continue
		}
		enforced, problems := api.PolicyToEvaluate(labels,
			api.Policy{Enforce: api.LevelVersion{Level: api.LevelPrivileged, Version: api.LatestVersion()}})
		if len(problems) > 0 {
			//nolint:staticcheck // a kind is capitalized
			faults = append(faults, fmt.Errorf("Namespace %s: %w", w.GetNamespace(),
				problems.ToAggregate()))
		}
		result := policy.AggregateCheckResults(evaluator.EvaluatePod(enforced.Enforce, &w.Pod.ObjectMeta, &w.Pod.Spec))
		if !result.Allowed {
			faults = append(faults, fmt.Errorf("%s is not %s: %s", id(w.Object), enforced.Enforce, result.ForbiddenDetail()))
		}
	}
	return faults
}

// Host is what a workload may have of its node, with the reason; nothing else may have anything.
type Host struct {
	Object string
	Has    []string
	Reason string
}

// HostAccess compares what workloads have of their nodes with the reviewed list.
func HostAccess(objects []*Object, reviewed []Host) []error {
	all, err := workloads(objects)
	if err != nil {
		return []error{err}
	}
	var faults []error
	for _, w := range all {
		i := slices.IndexFunc(reviewed, func(h Host) bool { return h.Object == id(w.Object) })
		for _, access := range hostAccess(w) {
			if i < 0 || !slices.Contains(reviewed[i].Has, access) {
				faults = append(faults, fmt.Errorf("%s has %s, and is not reviewed for it", id(w.Object), access))
			}
		}
	}
	return faults
}

func hostAccess(w workload) []string {
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
	for _, c := range w.containers() {
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

// SecretReaders finds the accounts that may read every Secret of the cluster; reviewed gives the reason by account.
func SecretReaders(objects []*Object, reviewed map[string]string) []error {
	var faults []error
	roles := map[string]rbacv1.ClusterRole{}
	for _, o := range objects {
		if o.GetKind() != "ClusterRole" {
			continue
		}
		var role rbacv1.ClusterRole
		if err := convert(o, &role); err != nil {
			faults = append(faults, err)
		}
		roles[role.Name] = role
	}
	for _, o := range objects {
		if o.GetKind() != "ClusterRoleBinding" {
			continue
		}
		var binding rbacv1.ClusterRoleBinding
		if err := convert(o, &binding); err != nil {
			faults = append(faults, err)
		}
		if !slices.ContainsFunc(roles[binding.RoleRef.Name].Rules, readsSecrets) {
			continue
		}
		for _, subject := range binding.Subjects {
			account := subject.Namespace + "/" + subject.Name
			if reviewed[account] == "" {
				faults = append(faults, fmt.Errorf("%s %s reads every Secret of the cluster through ClusterRole %s, and is not "+
					"reviewed for it", subject.Kind, account, binding.RoleRef.Name))
			}
		}
	}
	return faults
}

// readsSecrets leaves rules for single, named Secrets out.
func readsSecrets(rule rbacv1.PolicyRule) bool {
	any := func(list []string, of ...string) bool {
		return slices.ContainsFunc(list, func(s string) bool { return s == "*" || slices.Contains(of, s) })
	}
	return len(rule.ResourceNames) == 0 && any(rule.APIGroups, "") && any(rule.Resources, "secrets") &&
		any(rule.Verbs, "get", "list", "watch")
}

// reloader is how prometheus-operator gets the image of the second container in its pods.
const reloader = "--prometheus-config-reloader="

// Images finds images without a fixed tag.
func Images(objects []*Object) []error {
	all, err := workloads(objects)
	if err != nil {
		return []error{err}
	}
	var faults []error
	for _, w := range all {
		for _, image := range w.images() {
			if !tagged(image) {
				faults = append(faults, fmt.Errorf("%s: image %q is pinned to no tag", id(w.Object), image))
			}
		}
	}
	return faults
}

// ImagesOf lists the images objects run, each once.
func ImagesOf(objects []*Object) ([]string, error) {
	all, err := workloads(objects)
	var images []string
	for _, w := range all {
		images = append(images, w.images()...)
	}
	slices.Sort(images)
	return slices.Compact(images), err
}

// images are those of its containers, and those it is to run.
func (w workload) images() []string {
	var images []string
	for _, c := range w.containers() {
		images = append(images, c.Image)
		for _, argument := range c.Args {
			if image, ok := strings.CutPrefix(argument, reloader); ok {
				images = append(images, image)
			}
		}
	}
	return images
}

func tagged(image string) bool {
	if _, digest, ok := strings.Cut(image, "@"); ok {
		return digest != ""
	}
	_, tag, _ := strings.Cut(image[strings.LastIndex(image, "/")+1:], ":")
	return tag != "" && !strings.HasPrefix(tag, "latest")
}
