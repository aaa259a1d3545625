package pods

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"
)

// Workload is an object that makes pods.
type Workload struct {
	*unstructured.Unstructured
	Pod      corev1.PodTemplateSpec
	Claims   []corev1.PersistentVolumeClaim // one each a replica
	Replicas int
	PerNode  bool // one on every node, whatever Replicas says
	Passing  bool // ends: a job, a hook
}

// Workloads finds those among objects.
func Workloads(objects []*unstructured.Unstructured) ([]Workload, error) {
	var all []Workload
	for _, o := range objects {
		w := Workload{Unstructured: o}
		var err error
		switch o.GetKind() {
		case "Deployment":
			var d appsv1.Deployment
			err = Convert(o, &d)
			w.Pod, w.Replicas = d.Spec.Template, int(ptr.Deref(d.Spec.Replicas, 1))
		case "StatefulSet":
			var s appsv1.StatefulSet
			err = Convert(o, &s)
			w.Pod, w.Replicas, w.Claims = s.Spec.Template, int(ptr.Deref(s.Spec.Replicas, 1)), s.Spec.VolumeClaimTemplates
		case "DaemonSet":
			var d appsv1.DaemonSet
			err = Convert(o, &d)
			w.Pod, w.PerNode = d.Spec.Template, true
		case "ReplicaSet":
			var r appsv1.ReplicaSet
			err = Convert(o, &r)
			w.Pod, w.Replicas = r.Spec.Template, int(ptr.Deref(r.Spec.Replicas, 1))
		case "Job":
			var j batchv1.Job
			err = Convert(o, &j)
			w.Pod, w.Replicas, w.Passing = j.Spec.Template, 1, true
		case "CronJob":
			var c batchv1.CronJob
			err = Convert(o, &c)
			w.Pod, w.Replicas, w.Passing = c.Spec.JobTemplate.Spec.Template, 1, true
		case "Pod":
			var p corev1.Pod
			err = Convert(o, &p)
			_, hook := o.GetAnnotations()["helm.sh/hook"]
			w.Pod = corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: p.Labels, Annotations: p.Annotations},
				Spec: p.Spec}
			w.Replicas, w.Passing = 1, hook
		default:
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, w)
	}
	return all, nil
}

// Containers are all of a pod's, those that only run at its start too.
func (w Workload) Containers() []corev1.Container {
	return append(append([]corev1.Container{}, w.Pod.Spec.InitContainers...), w.Pod.Spec.Containers...)
}

// Convert makes an object of its kind's type.
func Convert(o *unstructured.Unstructured, into any) error {
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, into); err != nil {
		return fmt.Errorf("reading %s: %w", ID(o), err)
	}
	return nil
}

// UnknownFields is the error of fields of the workload's pods that Kubernetes does not have, and would drop.
func (w Workload) UnknownFields() error {
	template, found, err := unstructured.NestedMap(w.Object, "spec", "template")
	if err != nil || !found {
		return err
	}
	return runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(template, &corev1.PodTemplateSpec{}, true)
}
