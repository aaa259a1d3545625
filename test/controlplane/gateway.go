package controlplane

import (
	"context"
	"encoding/json"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/utils/ptr"
)

var (
	gateways       = schema.GroupVersionResource{Group: "gateway.networking.k8s.io", Version: "v1", Resource: "gateways"}
	gatewayClasses = schema.GroupVersionResource{Group: "gateway.networking.k8s.io", Version: "v1",
		Resource: "gatewayclasses"}
)

// owningGateway is the label by which Cilium marks what it makes of a Gateway.
const owningGateway = "io.cilium.gateway/owning-gateway"

// createGatewayClass makes the one that DOKS has.
func createGatewayClass(ctx context.Context, client dynamic.Interface) error {
	class := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": map[string]any{"name": "cilium"},
		"spec": map[string]any{"controllerName": "io.cilium/gateway-controller"},
	}}
	_, err := client.Resource(gatewayClasses).Create(ctx, class, metav1.CreateOptions{})
	return err
}

// watchGateways does what Cilium does of a Gateway as far as others see it: a Service of type LoadBalancer, with the
// Gateway's annotations.
func (c *cloud) watchGateways() {
	factory := dynamicinformer.NewDynamicSharedInformerFactory(c.dynamic, 0)
	watch(factory.ForResource(gateways).Informer(), c.serveGateway)
	factory.Start(c.ctx.Done())
}

func (c *cloud) serveGateway(gateway *unstructured.Unstructured) error {
	if class, _, _ := unstructured.NestedString(gateway.Object, "spec", "gatewayClassName"); class != "cilium" ||
		gateway.GetDeletionTimestamp() != nil {
		return nil
	}
	annotations, _, err := unstructured.NestedStringMap(gateway.Object, "spec", "infrastructure", "annotations")
	if err != nil {
		return err
	}
	_, err = c.client.CoreV1().Services(gateway.GetNamespace()).Create(c.ctx, &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Name: "cilium-gateway-" + gateway.GetName(), Annotations: annotations,
			Labels: map[string]string{owningGateway: gateway.GetName()},
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: gateway.GetAPIVersion(), Kind: gateway.GetKind(), Name: gateway.GetName(), UID: gateway.GetUID(),
				Controller: ptr.To(true),
			}},
		},
		Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer,
			Ports: []corev1.ServicePort{{Name: "http", Port: 80}, {Name: "https", Port: 443}}},
	}, metav1.CreateOptions{})
	return err
}

// programGateway gives a Gateway its load balancer's address.
func (c *cloud) programGateway(service *corev1.Service) error {
	name := service.Labels[owningGateway]
	if name == "" || len(service.Status.LoadBalancer.Ingress) == 0 || service.DeletionTimestamp != nil {
		return nil
	}
	status, err := json.Marshal(map[string]any{"status": map[string]any{
		"addresses": []any{map[string]any{"type": "IPAddress", "value": service.Status.LoadBalancer.Ingress[0].IP}},
	}})
	if err != nil {
		return err
	}
	_, err = c.dynamic.Resource(gateways).Namespace(service.Namespace).Patch(c.ctx, name, types.MergePatchType, status,
		metav1.PatchOptions{}, "status")
	return err
}
