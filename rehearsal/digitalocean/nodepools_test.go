package digitalocean

import (
	"net/http"
	"strings"
	"testing"

	"github.com/digitalocean/godo"
)

func TestNodePoolRequestsAreRefused(t *testing.T) {
	number := func(n int) *int { return &n }
	yes := true
	ctx := t.Context()
	create := func(r godo.KubernetesNodePoolCreateRequest) func(*godo.Client, *godo.KubernetesCluster) error {
		return func(c *godo.Client, cluster *godo.KubernetesCluster) error {
			_, _, err := c.Kubernetes.CreateNodePool(ctx, cluster.ID, &r)
			return err
		}
	}
	update := func(r godo.KubernetesNodePoolUpdateRequest) func(*godo.Client, *godo.KubernetesCluster) error {
		return func(c *godo.Client, cluster *godo.KubernetesCluster) error {
			_, _, err := c.Kubernetes.UpdateNodePool(ctx, cluster.ID, cluster.NodePools[0].ID, &r)
			return err
		}
	}
	for _, c := range []struct {
		name    string
		do      func(*godo.Client, *godo.KubernetesCluster) error
		message string // empty: accepted
	}{
		{"a second pool", create(godo.KubernetesNodePoolCreateRequest{Name: "b", Size: "s-2vcpu-4gb", Count: 8}), ""},
		{"beyond the Droplet limit", create(godo.KubernetesNodePoolCreateRequest{Name: "b", Size: "s-2vcpu-4gb", Count: 9}), "9 additional nodes"},
		{"a size that is not offered", create(godo.KubernetesNodePoolCreateRequest{Name: "b", Size: "s-3vcpu-5gb", Count: 1}), "size"},
		{"a name that is there", create(godo.KubernetesNodePoolCreateRequest{Name: "default", Size: "s-2vcpu-4gb", Count: 1}), "unique"},
		{"autoscaled from 0", create(godo.KubernetesNodePoolCreateRequest{Name: "b", Size: "s-2vcpu-4gb", AutoScale: true, MaxNodes: 2}),
			"worker_node_pool_spec.min nodes must be greater than or equal to 1"},
		{"more nodes", update(godo.KubernetesNodePoolUpdateRequest{Name: "default", Count: number(10)}), ""},
		{"more than the limit", update(godo.KubernetesNodePoolUpdateRequest{Name: "default", Count: number(11)}), "9 additional nodes"},
		{"no nodes", update(godo.KubernetesNodePoolUpdateRequest{Name: "default", Count: number(0)}), "at least one worker node"},
		{"scaling from 0", update(godo.KubernetesNodePoolUpdateRequest{Name: "default", AutoScale: &yes, MaxNodes: number(3)}), "min nodes"},
		{"another name", update(godo.KubernetesNodePoolUpdateRequest{Name: "renamed"}), ""},
		{"deletion of the only pool", func(c *godo.Client, cluster *godo.KubernetesCluster) error {
			_, err := c.Kubernetes.DeleteNodePool(ctx, cluster.ID, cluster.NodePools[0].ID)
			return err
		}, "at least one node pool"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fake{}
			_, api := openWith(t, f, Options{DropletLimit: 10})
			err := c.do(api, running(t, f, api))
			if c.message == "" && err != nil || c.message != "" && (status(err) != http.StatusUnprocessableEntity || !strings.Contains(message(err), c.message)) {
				t.Errorf("err = %v, want %q", err, c.message)
			}
		})
	}
}

// The size of a pool is not among what an update changes.
func TestPoolSizeIsImmutable(t *testing.T) {
	f := &fake{}
	s, c := open(t, f)
	cluster := running(t, f, c)
	path := "/v2/kubernetes/clusters/" + cluster.ID + "/node_pools/" + cluster.NodePools[0].ID
	r, err := c.NewRequest(t.Context(), http.MethodPut, path, map[string]any{"name": "default", "count": 2, "size": "s-4vcpu-8gb"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Do(t.Context(), r, nil); err != nil {
		t.Fatal(err)
	}
	pool, _, err := c.Kubernetes.GetNodePool(t.Context(), cluster.ID, cluster.NodePools[0].ID)
	if err != nil || pool.Size != "s-2vcpu-4gb" {
		t.Errorf("pool %+v, %v; want the size it had", pool, err)
	}
	s.work.Wait()
}

func TestSecondPoolIsDeleted(t *testing.T) {
	f := &fake{}
	s, c := open(t, f)
	cluster := running(t, f, c)
	pool, _, err := c.Kubernetes.CreateNodePool(t.Context(), cluster.ID, &godo.KubernetesNodePoolCreateRequest{Name: "b", Size: "s-2vcpu-4gb", Count: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Kubernetes.DeleteNodePool(t.Context(), cluster.ID, pool.ID); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Kubernetes.GetNodePool(t.Context(), cluster.ID, pool.ID); status(err) != http.StatusNotFound {
		t.Errorf("err = %v, want 404", err)
	}
	s.work.Wait()
}
