package chartlint

import (
	"cmp"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"

	"doks-security/charts/pods"
)

// reference is one object's word for another, with the key of its data that is read, if one is.
type reference struct{ kind, name, key string }

// References finds the Secrets, ConfigMaps, accounts, volume claims and classes that workloads name and do not exist.
func References(objects []*Object) []error {
	x, err := newIndex(objects)
	if err != nil {
		return []error{err}
	}
	var errs []error
	for _, w := range x.workloads {
		for _, r := range references(w) {
			if problem := x.missing(w.GetNamespace(), r); problem != "" {
				errs = append(errs, fmt.Errorf("%s names %s", pods.ID(w.Unstructured), problem))
			}
		}
		for _, problem := range mounts(w) {
			errs = append(errs, fmt.Errorf("%s: %s", pods.ID(w.Unstructured), problem))
		}
	}
	for _, o := range objects {
		for _, r := range namedBy(o) {
			if problem := x.missing(o.GetNamespace(), r); problem != "" {
				errs = append(errs, fmt.Errorf("%s names %s", pods.ID(o), problem))
			}
		}
	}
	return errs
}

func (x *index) missing(namespace string, r reference) string {
	o := x.objects[indexKey(r.kind, namespace, r.name)]
	if o == nil {
		return fmt.Sprintf("the %s %s/%s, which does not exist", r.kind, namespace, r.name)
	}
	if _, ok := content(o)[r.key]; r.key != "" && !ok {
		return fmt.Sprintf("the key %s of the %s %s/%s, which has none", r.key, r.kind, namespace, r.name)
	}
	return ""
}

// references are what a pod needs before it starts; what is optional is left out.
func references(w pods.Workload) []reference {
	spec := w.Pod.Spec
	all := []reference{{"ServiceAccount", cmp.Or(spec.ServiceAccountName, "default"), ""}}
	if spec.PriorityClassName != "" {
		all = append(all, reference{"PriorityClass", spec.PriorityClassName, ""})
	}
	for _, s := range spec.ImagePullSecrets {
		all = append(all, reference{"Secret", s.Name, ""})
	}
	for _, c := range w.Containers() {
		for _, e := range c.EnvFrom {
			if s := e.SecretRef; s != nil && !ptr.Deref(s.Optional, false) {
				all = append(all, reference{"Secret", s.Name, ""})
			}
			if m := e.ConfigMapRef; m != nil && !ptr.Deref(m.Optional, false) {
				all = append(all, reference{"ConfigMap", m.Name, ""})
			}
		}
		for _, e := range c.Env {
			from := ptr.Deref(e.ValueFrom, corev1.EnvVarSource{})
			if s := from.SecretKeyRef; s != nil && !ptr.Deref(s.Optional, false) {
				all = append(all, reference{"Secret", s.Name, s.Key})
			}
			if m := from.ConfigMapKeyRef; m != nil && !ptr.Deref(m.Optional, false) {
				all = append(all, reference{"ConfigMap", m.Name, m.Key})
			}
		}
	}
	for _, v := range spec.Volumes {
		if s := v.Secret; s != nil && !ptr.Deref(s.Optional, false) {
			all = append(all, keysOf("Secret", s.SecretName, s.Items)...)
		}
		if m := v.ConfigMap; m != nil && !ptr.Deref(m.Optional, false) {
			all = append(all, keysOf("ConfigMap", m.Name, m.Items)...)
		}
		if c := v.PersistentVolumeClaim; c != nil {
			all = append(all, reference{"PersistentVolumeClaim", c.ClaimName, ""})
		}
		for _, p := range ptr.Deref(v.Projected, corev1.ProjectedVolumeSource{}).Sources {
			if s := p.Secret; s != nil && !ptr.Deref(s.Optional, false) {
				all = append(all, keysOf("Secret", s.Name, s.Items)...)
			}
			if m := p.ConfigMap; m != nil && !ptr.Deref(m.Optional, false) {
				all = append(all, keysOf("ConfigMap", m.Name, m.Items)...)
			}
		}
	}
	for _, c := range w.Claims {
		all = append(all, classOf(c.Spec)...)
	}
	return all
}

// mounts finds volumes that a container mounts and the pod does not have.
func mounts(w pods.Workload) []string {
	has := map[string]bool{}
	for _, v := range w.Pod.Spec.Volumes {
		has[v.Name] = true
	}
	for _, c := range w.Claims {
		has[c.Name] = true
	}
	var errs []string
	for _, c := range w.Containers() {
		for _, m := range c.VolumeMounts {
			if !has[m.Name] {
				errs = append(errs, fmt.Sprintf("%s mounts the volume %s, which the pod has not", c.Name, m.Name))
			}
		}
	}
	return errs
}

func keysOf(kind, name string, items []corev1.KeyToPath) []reference {
	all := []reference{{kind, name, ""}}
	for _, item := range items {
		all = append(all, reference{kind, name, item.Key})
	}
	return all
}

func classOf(claim corev1.PersistentVolumeClaimSpec) []reference {
	if class := ptr.Deref(claim.StorageClassName, ""); class != "" {
		return []reference{{"StorageClass", class, ""}}
	}
	return nil
}

// namedBy are the references of objects that make no pods.
func namedBy(o *Object) []reference {
	var all []reference
	switch o.GetKind() {
	case "PersistentVolumeClaim":
		var claim corev1.PersistentVolumeClaim
		if pods.Convert(o, &claim) == nil {
			all = append(all, classOf(claim.Spec)...)
		}
	case "StatefulSet":
		name, _, _ := unstructured.NestedString(o.Object, "spec", "serviceName")
		if name != "" {
			all = append(all, reference{"Service", name, ""})
		}
	case "Prometheus", "Alertmanager":
		for field, kind := range map[string]string{"secrets": "Secret", "configMaps": "ConfigMap"} {
			names, _, _ := unstructured.NestedStringSlice(o.Object, "spec", field)
			for _, name := range slices.Sorted(slices.Values(names)) {
				all = append(all, reference{kind, name, ""})
			}
		}
		if name, _, _ := unstructured.NestedString(o.Object, "spec", "configSecret"); name != "" {
			all = append(all, reference{"Secret", name, ""})
		}
	}
	return all
}
