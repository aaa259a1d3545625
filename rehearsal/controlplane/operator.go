package controlplane

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"k8s.io/utils/ptr"
)

// operator does what prometheus-operator would: pods do not run here, so its custom resources would never become pods,
// and what they need would not be scheduled.
type operator struct {
	dynamic dynamic.Interface
	client  kubernetes.Interface
}

// kinds are the custom resources it acts on.
var kinds = []struct {
	kind, plural, service string
	port                  int32
}{
	{"Prometheus", "prometheuses", "prometheus-operated", 9090},
	{"Alertmanager", "alertmanagers", "alertmanager-operated", 9093},
}

func newOperator(config *rest.Config, client kubernetes.Interface) (*operator, error) {
	dynamic, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	return &operator{dynamic, client}, nil
}

// run polls: the custom resources' definitions come and go with a release.
func (o *operator) run(ctx context.Context) {
	ticker := time.NewTicker(300 * time.Millisecond)
	defer ticker.Stop()
	for {
		for _, k := range kinds {
			list, err := o.dynamic.Resource(schema.GroupVersionResource{Group: "monitoring.coreos.com", Version: "v1", Resource: k.plural}).List(ctx, metav1.ListOptions{})
			if err != nil {
				continue // not defined yet
			}
			for i := range list.Items {
				if err := o.reconcile(ctx, &list.Items[i], k.service, k.port); err != nil && ctx.Err() == nil && !apierrors.IsNotFound(err) {
					klog.ErrorS(err, "simulated prometheus-operator", "object", list.Items[i].GetName())
				}
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
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

func (o *operator) reconcile(ctx context.Context, resource *unstructured.Unstructured, service string, port int32) error {
	if resource.GetDeletionTimestamp() != nil {
		return nil
	}
	var s spec
	raw, _, err := unstructured.NestedMap(resource.Object, "spec")
	if err != nil {
		return err
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(raw, &s); err != nil {
		return fmt.Errorf("reading its specification: %w", err)
	}
	owner := metav1.NewControllerRef(resource, resource.GroupVersionKind())
	set := statefulSet(resource, s, port)
	set.OwnerReferences = []metav1.OwnerReference{*owner}
	namespace := resource.GetNamespace()
	_, err = o.client.CoreV1().Services(namespace).Create(ctx, &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: service, Labels: map[string]string{"managed-by": "prometheus-operator"}, OwnerReferences: []metav1.OwnerReference{*owner}},
		Spec: corev1.ServiceSpec{
			ClusterIP: corev1.ClusterIPNone, Selector: map[string]string{"app.kubernetes.io/name": set.Spec.Template.Labels["app.kubernetes.io/name"]},
			Ports: []corev1.ServicePort{{Name: portName, Port: port, TargetPort: intstr.FromString(portName)}},
		},
	}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	existing, err := o.client.AppsV1().StatefulSets(namespace).Get(ctx, set.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		_, err = o.client.AppsV1().StatefulSets(namespace).Create(ctx, set, metav1.CreateOptions{})
		return err
	}
	if err != nil {
		return err
	}
	if *existing.Spec.Replicas == *set.Spec.Replicas &&
		equality.Semantic.DeepEqual(existing.Spec.Template.Spec.Containers[0].Resources, set.Spec.Template.Spec.Containers[0].Resources) {
		return nil
	}
	existing.Spec.Replicas, existing.Spec.Template = set.Spec.Replicas, set.Spec.Template
	_, err = o.client.AppsV1().StatefulSets(namespace).Update(ctx, existing, metav1.UpdateOptions{})
	return err
}

// portName is what the charts' Services target.
const portName = "http-web"

// statefulSet has the operator's names and labels; charts' Services and disruption budgets select by them.
func statefulSet(cr *unstructured.Unstructured, s spec, port int32) *appsv1.StatefulSet {
	application := strings.ToLower(cr.GetKind())
	labels := map[string]string{
		"app.kubernetes.io/name": application, "app.kubernetes.io/instance": cr.GetName(), "app.kubernetes.io/managed-by": "prometheus-operator",
		application: cr.GetName(), "operator.prometheus.io/name": cr.GetName(),
	}
	hardened := &corev1.SecurityContext{
		AllowPrivilegeEscalation: ptr.To(false), ReadOnlyRootFilesystem: ptr.To(true), Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
	}
	reloader := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("10m"), corev1.ResourceMemory: resource.MustParse("32Mi")}
	pod := corev1.PodSpec{
		ServiceAccountName: s.ServiceAccountName, SecurityContext: s.SecurityContext, Affinity: s.Affinity, NodeSelector: s.NodeSelector, Tolerations: s.Tolerations,
		Containers: []corev1.Container{
			{Name: application, Image: cmp.Or(s.Image, application), Resources: s.Resources, SecurityContext: hardened,
				Ports: []corev1.ContainerPort{{Name: portName, ContainerPort: port}}},
			{Name: "config-reloader", Image: "config-reloader", Resources: corev1.ResourceRequirements{Requests: reloader}, SecurityContext: hardened},
		},
	}
	set := &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Name: application + "-" + cr.GetName(), Namespace: cr.GetNamespace(), Labels: labels},
		Spec: appsv1.StatefulSetSpec{
			Replicas: ptr.To(ptr.Deref(s.Replicas, 1)), ServiceName: application + "-operated", PodManagementPolicy: appsv1.ParallelPodManagement,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: pod},
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
