package controlplane

import (
	"context"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"

	"doks-security/test/crds"
)

var crdResource = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1",
	Resource: "customresourcedefinitions"}

// preinstall creates the custom resources of a new cluster, and waits until they are served.
func preinstall(ctx context.Context, client dynamic.Interface) error {
	definitions, err := crds.CRDs()
	if err != nil {
		return err
	}
	for _, crd := range definitions {
		if err := createCRD(ctx, client, crd); err != nil {
			return fmt.Errorf("creating %s: %w", crd.GetName(), err)
		}
	}
	return createGatewayClass(ctx, client)
}

func createCRD(ctx context.Context, client dynamic.Interface, crd *unstructured.Unstructured) error {
	if _, err := client.Resource(crdResource).Create(ctx, crd, metav1.CreateOptions{}); err != nil &&
		!apierrors.IsAlreadyExists(err) {
		return err
	}
	return wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, 20*time.Second, true,
		func(ctx context.Context) (bool, error) {
			got, err := client.Resource(crdResource).Get(ctx, crd.GetName(), metav1.GetOptions{})
			if err != nil {
				return false, err
			}
			found, _, err := unstructured.NestedFieldNoCopy(got.Object, "status", "conditions") // null at first
			conditions, _ := found.([]any)
			return slices.ContainsFunc(conditions, func(c any) bool {
				condition, ok := c.(map[string]any)
				return ok && condition["type"] == "Established" && condition["status"] == "True"
			}), err
		})
}
