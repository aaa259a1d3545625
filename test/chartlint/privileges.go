package chartlint

import (
	"fmt"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/pod-security-admission/api"

	"doks-security/charts/pods"
)

// PodSecurity evaluates every workload at its namespace's enforced level and version, as the API server does.
func PodSecurity(objects []*Object) []error {
	all, err := pods.Workloads(objects)
	if err != nil {
		return []error{err}
	}
	namespaces := map[string]map[string]string{}
	for _, o := range objects {
		if o.GetKind() == "Namespace" {
			namespaces[o.GetName()] = o.GetLabels()
		}
	}
	var errs []error
	for _, w := range all {
		labels, ok := namespaces[w.GetNamespace()]
		if !ok {
			errs = append(errs, fmt.Errorf("%s: its namespace does not exist", pods.ID(w.Unstructured)))
			continue
		}
		enforced, problems := api.PolicyToEvaluate(labels,
			api.Policy{Enforce: api.LevelVersion{Level: api.LevelPrivileged, Version: api.LatestVersion()}})
		if len(problems) > 0 {
			//nolint:staticcheck // a kind is capitalized
			errs = append(errs, fmt.Errorf("Namespace %s: %w", w.GetNamespace(),
				problems.ToAggregate()))
		}
		refused, err := pods.Refused(w, enforced.Enforce)
		if err != nil {
			return []error{err}
		}
		if refused != "" {
			errs = append(errs, fmt.Errorf("%s is not %s: %s", pods.ID(w.Unstructured), enforced.Enforce, refused))
		}
	}
	return errs
}

// Host is what a workload may have of its node, with the reason; nothing else may have anything.
type Host struct {
	Object string
	Has    []string
	Reason string
}

// HostAccess compares what workloads have of their nodes with the reviewed list.
func HostAccess(objects []*Object, reviewed []Host) []error {
	all, err := pods.Workloads(objects)
	if err != nil {
		return []error{err}
	}
	var errs []error
	for _, w := range all {
		i := slices.IndexFunc(reviewed, func(h Host) bool { return h.Object == pods.ID(w.Unstructured) })
		for _, access := range pods.HostAccess(w) {
			if i < 0 || !slices.Contains(reviewed[i].Has, access) {
				errs = append(errs, fmt.Errorf("%s has %s, and is not reviewed for it", pods.ID(w.Unstructured), access))
			}
		}
	}
	return errs
}

// SecretReaders finds the accounts that may read every Secret of the cluster; reviewed gives the reason by account.
func SecretReaders(objects []*Object, reviewed map[string]string) []error {
	var errs []error
	roles := map[string]rbacv1.ClusterRole{}
	for _, o := range objects {
		if o.GetKind() != "ClusterRole" {
			continue
		}
		var role rbacv1.ClusterRole
		if err := pods.Convert(o, &role); err != nil {
			errs = append(errs, err)
		}
		roles[role.Name] = role
	}
	for _, o := range objects {
		if o.GetKind() != "ClusterRoleBinding" {
			continue
		}
		var binding rbacv1.ClusterRoleBinding
		if err := pods.Convert(o, &binding); err != nil {
			errs = append(errs, err)
		}
		if !slices.ContainsFunc(roles[binding.RoleRef.Name].Rules, pods.ReadsSecrets) {
			continue
		}
		for _, subject := range binding.Subjects {
			account := subject.Namespace + "/" + subject.Name
			if reviewed[account] == "" {
				errs = append(errs, fmt.Errorf("%s %s reads every Secret of the cluster through ClusterRole %s, and is not "+
					"reviewed for it", subject.Kind, account, binding.RoleRef.Name))
			}
		}
	}
	return errs
}

// reloader is the flag by which prometheus-operator gets the image of the second container in its pods.
const reloader = "--prometheus-config-reloader="

// Images finds images without a fixed tag.
func Images(objects []*Object) []error {
	all, err := pods.Workloads(objects)
	if err != nil {
		return []error{err}
	}
	var errs []error
	for _, w := range all {
		for _, image := range imagesIn(w) {
			if !tagged(image) {
				errs = append(errs, fmt.Errorf("%s: image %q is pinned to no tag", pods.ID(w.Unstructured), image))
			}
		}
	}
	return errs
}

// ImagesOf lists the images objects run, each once.
func ImagesOf(objects []*Object) ([]string, error) {
	all, err := pods.Workloads(objects)
	var images []string
	for _, w := range all {
		images = append(images, imagesIn(w)...)
	}
	slices.Sort(images)
	return slices.Compact(images), err
}

// imagesIn are those of a workload's containers, and those that its flags name.
func imagesIn(w pods.Workload) []string {
	var images []string
	for _, c := range w.Containers() {
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
