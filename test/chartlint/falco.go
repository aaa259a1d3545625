package chartlint

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/yaml"

	"doks-security/charts/pods"
)

// pinnedArtifact is a version of an artifact: in full, or by digest.
var pinnedArtifact = regexp.MustCompile(`^[a-z0-9./-]+(:v?[0-9]+\.[0-9]+\.[0-9]+|@sha256:[0-9a-f]{64})$`)

// Falco compares the rules that Falco in the namespace gets with wanted, file by file, and finds artifacts that are
// fetched without a fixed version, or followed, and captures that another image keeps small than Falco's.
func Falco(objects []*Object, namespace string, wanted map[string]string) []error {
	x, err := newIndex(objects)
	if err != nil {
		return []error{err}
	}
	var errs []error
	rules := x.objects[indexKey("ConfigMap", namespace, "falco-rules")]
	if rules == nil {
		return []error{fmt.Errorf("ConfigMap %s/falco-rules is not rendered", namespace)}
	}
	got := content(rules)
	for _, file := range slices.Sorted(maps.Keys(wanted)) {
		if text, ok := got[file]; !ok || strings.TrimSpace(text) != strings.TrimSpace(wanted[file]) {
			errs = append(errs, fmt.Errorf("%s: %s is not the one in rules/", pods.ID(rules), file))
		}
	}
	for _, file := range slices.Sorted(maps.Keys(got)) {
		if _, ok := wanted[file]; !ok {
			errs = append(errs, fmt.Errorf("%s: %s is not in rules/", pods.ID(rules), file))
		}
	}
	if !x.mounted(namespace, rules.GetName()) {
		errs = append(errs, fmt.Errorf("%s is mounted by no pod", pods.ID(rules)))
	}
	return slices.Concat(errs, x.artifacts(namespace), x.captures(namespace))
}

// captures compares the image of the container for captures with that of Falco next to it: nodes have it already.
func (x *index) captures(namespace string) []error {
	var errs []error
	for _, w := range x.workloads {
		images := map[string]string{}
		for _, c := range w.Containers() {
			images[c.Name] = c.Image
		}
		if image, ok := images["captures"]; ok && w.GetNamespace() == namespace && image != images["falco"] {
			errs = append(errs, fmt.Errorf("%s: the image of captures is %s, Falco's %s", pods.ID(w.Unstructured), image,
				images["falco"]))
		}
	}
	return errs
}

func (x *index) mounted(namespace, configMap string) bool {
	return slices.ContainsFunc(x.workloads, func(w pods.Workload) bool {
		return w.GetNamespace() == namespace && slices.ContainsFunc(references(w),
			func(r reference) bool { return r.kind == "ConfigMap" && r.name == configMap })
	})
}

// artifacts checks falcoctl's configuration.
func (x *index) artifacts(namespace string) []error {
	o := x.objects[indexKey("ConfigMap", namespace, "falco-falcoctl")]
	if o == nil {
		return []error{fmt.Errorf("ConfigMap %s/falco-falcoctl is not rendered", namespace)}
	}
	var errs []error
	for name, text := range content(o) {
		var file struct {
			Artifact struct {
				Install struct{ Refs []string }
				Follow  struct{ Refs []string }
			}
		}
		if err := yaml.Unmarshal([]byte(text), &file); err != nil {
			errs = append(errs, fmt.Errorf("%s %s: %w", pods.ID(o), name, err))
		}
		if len(file.Artifact.Install.Refs) == 0 {
			errs = append(errs, fmt.Errorf("%s %s: Falco gets no rules", pods.ID(o), name))
		}
		for _, ref := range file.Artifact.Install.Refs {
			if !pinnedArtifact.MatchString(ref) {
				errs = append(errs, fmt.Errorf("%s %s: %s is fetched in no fixed version", pods.ID(o), name, ref))
			}
		}
	}
	for _, w := range x.workloads {
		for _, c := range w.Containers() {
			if w.GetNamespace() == namespace && strings.Contains(strings.Join(c.Args, " "), "artifact follow") {
				errs = append(errs, fmt.Errorf("%s: %s changes artifacts at run time", pods.ID(w.Unstructured), c.Name))
			}
		}
	}
	return errs
}
