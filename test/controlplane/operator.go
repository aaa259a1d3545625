package controlplane

import (
	"context"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"k8s.io/utils/ptr"

	"doks-security/charts/prometheusoperator"
)

// operator does what prometheus-operator would: pods do not run here, so its custom resources would never become pods,
// and what they need would not be scheduled.
type operator struct {
	dynamic dynamic.Interface
	client  kubernetes.Interface
}

// plurals name the custom resources it acts on.
var plurals = []string{"prometheuses", "alertmanagers"}

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
		for _, plural := range plurals {
			list, err := o.dynamic.Resource(schema.GroupVersionResource{Group: "monitoring.coreos.com", Version: "v1",
				Resource: plural}).List(ctx, metav1.ListOptions{})
			if err != nil {
				continue // not defined yet
			}
			for i := range list.Items {
				if err := o.reconcile(ctx, &list.Items[i]); err != nil && ctx.Err() == nil && !apierrors.IsNotFound(err) {
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

func (o *operator) reconcile(ctx context.Context, resource *unstructured.Unstructured) error {
	if resource.GetDeletionTimestamp() != nil {
		return nil
	}
	set, service, err := prometheusoperator.Objects(resource)
	if err != nil {
		return err
	}
	owner := metav1.NewControllerRef(resource, resource.GroupVersionKind())
	set.OwnerReferences = []metav1.OwnerReference{*owner}
	service.OwnerReferences = []metav1.OwnerReference{*owner}
	namespace := resource.GetNamespace()
	_, err = o.client.CoreV1().Services(namespace).Create(ctx, service, metav1.CreateOptions{})
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
	if !storage(existing).Equal(storage(set)) { // cannot be changed: the operator deletes it and makes it again
		return o.client.AppsV1().StatefulSets(namespace).Delete(ctx, set.Name,
			metav1.DeleteOptions{PropagationPolicy: ptr.To(metav1.DeletePropagationForeground)})
	}
	if *existing.Spec.Replicas == *set.Spec.Replicas &&
		equality.Semantic.DeepEqual(existing.Spec.Template.Spec.Containers[0].Resources,
			set.Spec.Template.Spec.Containers[0].Resources) {
		return nil
	}
	existing.Spec.Replicas, existing.Spec.Template = set.Spec.Replicas, set.Spec.Template
	_, err = o.client.AppsV1().StatefulSets(namespace).Update(ctx, existing, metav1.UpdateOptions{})
	return err
}

// storage is what a StatefulSet's pods ask for as volumes.
func storage(set *appsv1.StatefulSet) resource.Quantity {
	var sum resource.Quantity
	for _, claim := range set.Spec.VolumeClaimTemplates {
		sum.Add(*claim.Spec.Resources.Requests.Storage())
	}
	return sum
}
