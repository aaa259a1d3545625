// Package prometheusoperator makes of prometheus-operator's custom resources what it would make: the pods of Prometheus
// and Alertmanager with their requests and volumes, and the Service in front. The rehearsal deploys them, proofs count
// them.
package prometheusoperator

import (
	"cmp"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
)

// applications are the kinds of custom resources that become pods.
var applications = map[string]struct {
	name string
	port int32
}{
	"Prometheus":   {"prometheus", 9090},
	"Alertmanager": {"alertmanager", 9093},
}

// ManagedBy is the label app.kubernetes.io/managed-by of what the operator creates.
const ManagedBy = "prometheus-operator"

// Handles reports whether a kind becomes pods.
func Handles(kind string) bool { return applications[kind].name != "" }

// Objects returns a custom resource's StatefulSet and its headless Service.
func Objects(cr *unstructured.Unstructured) (*appsv1.StatefulSet, *corev1.Service, error) {
	application, ok := applications[cr.GetKind()]
	if !ok {
		return nil, nil, fmt.Errorf("prometheus-operator makes no pods of a %s", cr.GetKind())
	}
	var s spec
	raw, _, err := unstructured.NestedMap(cr.Object, "spec")
	if err != nil {
		return nil, nil, err
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(raw, &s); err != nil {
		return nil, nil, fmt.Errorf("reading the %s %s: %w", cr.GetKind(), cr.GetName(), err)
	}
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Name: application.name + "-operated", Namespace: cr.GetNamespace(),
			Labels: map[string]string{"managed-by": ManagedBy},
		},
		Spec: corev1.ServiceSpec{
			ClusterIP: corev1.ClusterIPNone, Selector: map[string]string{"app.kubernetes.io/name": application.name},
			Ports: []corev1.ServicePort{{Name: portName, Port: application.port, TargetPort: intstr.FromString(portName)}},
		},
	}
	return statefulSet(cr, s, application.name, application.port), service, nil
}

// spec is the part of both custom resources' specifications that decides what is scheduled.
type spec struct {
	Replicas           *int32                      `json:"replicas"`
	Image              string                      `json:"image"`
	Resources          corev1.ResourceRequirements `json:"resources"`
	Affinity           *corev1.Affinity            `json:"affinity"`
	NodeSelector       map[string]string           `json:"nodeSelector"`
	Tolerations        []corev1.Toleration         `json:"tolerations"`
	SecurityContext    *corev1.PodSecurityContext  `json:"securityContext"`
	ServiceAccountName string                      `json:"serviceAccountName"`
	Storage            *struct {
		VolumeClaimTemplate struct {
			Spec corev1.PersistentVolumeClaimSpec `json:"spec"`
		} `json:"volumeClaimTemplate"`
	} `json:"storage"`
}

// portName is what the charts' Services target.
const portName = "http-web"

// statefulSet has the operator's names and labels; charts' Services and disruption budgets select by them.
func statefulSet(cr *unstructured.Unstructured, s spec, application string, port int32) *appsv1.StatefulSet {
	labels := map[string]string{
		"app.kubernetes.io/name": application, "app.kubernetes.io/instance": cr.GetName(),
		"app.kubernetes.io/managed-by": ManagedBy,
		application:                    cr.GetName(), "operator.prometheus.io/name": cr.GetName(),
	}
	hardened := &corev1.SecurityContext{
		AllowPrivilegeEscalation: ptr.To(false), ReadOnlyRootFilesystem: ptr.To(true),
		Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
	}
	reloader := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("10m"),
		corev1.ResourceMemory: resource.MustParse("32Mi")}
	pod := corev1.PodSpec{
		ServiceAccountName: s.ServiceAccountName, SecurityContext: s.SecurityContext, Affinity: s.Affinity,
		NodeSelector: s.NodeSelector, Tolerations: s.Tolerations,
		Containers: []corev1.Container{
			{Name: application, Image: cmp.Or(s.Image, application), Resources: s.Resources, SecurityContext: hardened,
				Ports: []corev1.ContainerPort{{Name: portName, ContainerPort: port}}},
			{Name: "config-reloader", Image: "config-reloader:the-operators",
				Resources: corev1.ResourceRequirements{Requests: reloader}, SecurityContext: hardened,
				Ports: []corev1.ContainerPort{{Name: "reloader-web", ContainerPort: 8080}}},
		},
	}
	set := &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Name: application + "-" + cr.GetName(), Namespace: cr.GetNamespace(), Labels: labels},
		Spec: appsv1.StatefulSetSpec{
			Replicas: ptr.To(ptr.Deref(s.Replicas, 1)), ServiceName: application + "-operated",
			PodManagementPolicy: appsv1.ParallelPodManagement,
			Selector:            &metav1.LabelSelector{MatchLabels: labels},
			Template:            corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: pod},
		},
	}
	if s.Storage != nil {
		volume := set.Name + "-db"
		set.Spec.Template.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: volume, MountPath: "/data"}}
		set.Spec.VolumeClaimTemplates = []corev1.PersistentVolumeClaim{{
			ObjectMeta: metav1.ObjectMeta{Name: volume}, Spec: s.Storage.VolumeClaimTemplate.Spec,
		}}
	}
	return set
}
