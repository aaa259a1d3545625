package controlplane

import (
	"context"
	"fmt"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// volumesPerNode is how many block storage volumes DigitalOcean attaches to a Droplet.
const volumesPerNode = 7

// Node is a worker as DOKS makes it.
type Node struct {
	Name, ID     string
	Pool, PoolID string
	Size, Region string // slugs
	Labels       map[string]string
	Taints       []corev1.Taint
	CPU, Memory  resource.Quantity // allocatable
}

// SetNodes makes the cluster's nodes exactly these, and returns when all are Ready.
func (c *ControlPlane) SetNodes(ctx context.Context, nodes []Node) error {
	list, err := c.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("listing nodes: %w", err)
	}
	superfluous := map[string]bool{}
	for _, node := range list.Items {
		superfluous[node.Name] = true
	}
	for i, node := range nodes {
		if superfluous[node.Name] {
			delete(superfluous, node.Name)
			continue
		}
		if err := c.addNode(ctx, node, i, map[string]string{simulated: "fake"}); err != nil {
			return fmt.Errorf("adding node %s: %w", node.Name, err)
		}
	}
	for name := range superfluous {
		if err := c.client.CoreV1().Nodes().Delete(ctx, name, metav1.DeleteOptions{}); err != nil &&
			!apierrors.IsNotFound(err) {
			return fmt.Errorf("removing node %s: %w", name, err)
		}
	}
	return c.awaitNodes(ctx, len(nodes))
}

func (c *ControlPlane) addNode(ctx context.Context, n Node, index int, annotations map[string]string) error {
	labels := map[string]string{
		"kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux", "kubernetes.io/hostname": n.Name,
		"node.kubernetes.io/instance-type": n.Size, "topology.kubernetes.io/region": n.Region, "region": n.Region,
		"doks.digitalocean.com/managed": "true", "doks.digitalocean.com/node-id": n.ID,
		"doks.digitalocean.com/node-pool": n.Pool, "doks.digitalocean.com/node-pool-id": n.PoolID,
	}
	maps.Copy(labels, n.Labels)
	resources := corev1.ResourceList{
		corev1.ResourceCPU: n.CPU, corev1.ResourceMemory: n.Memory, corev1.ResourcePods: resource.MustParse("110"),
		corev1.ResourceEphemeralStorage: resource.MustParse("70Gi"),
	}
	_, err := c.client.CoreV1().Nodes().Create(ctx, &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: n.Name, Labels: labels, Annotations: annotations},
		Spec: corev1.NodeSpec{ProviderID: "digitalocean://" + n.ID, PodCIDR: fmt.Sprintf("10.244.%d.0/24", index),
			Taints: n.Taints},
		Status: corev1.NodeStatus{
			Capacity: resources, Allocatable: resources,
			Addresses: []corev1.NodeAddress{{Type: corev1.NodeHostName, Address: n.Name},
				{Type: corev1.NodeInternalIP, Address: fmt.Sprintf("10.110.0.%d", index+2)}},
			NodeInfo: corev1.NodeSystemInfo{Architecture: "amd64", OperatingSystem: "linux", KernelVersion: "6.1.0-42-amd64",
				OSImage: "Debian GNU/Linux 12 (bookworm)", ContainerRuntimeVersion: "containerd://1.7.28"},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	_, err = c.client.StorageV1().CSINodes().Create(ctx, &storagev1.CSINode{
		ObjectMeta: metav1.ObjectMeta{Name: n.Name},
		Spec: storagev1.CSINodeSpec{Drivers: []storagev1.CSINodeDriver{{
			Name: csiDriver, NodeID: n.ID, Allocatable: &storagev1.VolumeNodeResources{Count: ptr.To[int32](volumesPerNode)},
		}}},
	}, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// awaitNodes waits for Ready, and for the node lifecycle controller to lift its taint.
func (c *ControlPlane) awaitNodes(ctx context.Context, want int) error {
	deadline := time.After(time.Minute)
	for {
		list, err := c.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		if err == nil && len(list.Items) == want {
			ready := 0
			for _, node := range list.Items {
				if isReady(node) {
					ready++
				}
			}
			if ready == want {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline:
			return fmt.Errorf("the nodes are not Ready after a minute")
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func isReady(node corev1.Node) bool {
	for _, taint := range node.Spec.Taints {
		if taint.Key == corev1.TaintNodeNotReady {
			return false
		}
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}
