package digitalocean

import (
	"net/http"
	"testing"

	"github.com/digitalocean/godo"
)

func TestNodePoolRequestsAreRefused(t *testing.T) {
	number := func(n int) *int { return &n }
	yes := true
	ctx := t.Context()
	type addition = godo.KubernetesNodePoolCreateRequest
	type change = godo.KubernetesNodePoolUpdateRequest
	create := func(r addition) func(*godo.Client, *godo.KubernetesCluster) error {
		return func(c *godo.Client, cluster *godo.KubernetesCluster) error {
			_, _, err := c.Kubernetes.CreateNodePool(ctx, cluster.ID, &r)
			return err
		}
	}
	update := func(r change) func(*godo.Client, *godo.KubernetesCluster) error {
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
		{"a second pool", create(addition{Name: "b", Size: "s-2vcpu-4gb", Count: 8}), ""},
		{"beyond the Droplet limit", create(addition{Name: "b", Size: "s-2vcpu-4gb", Count: 9}), "9 additional nodes"},
		{"a size that is not offered", create(addition{Name: "b", Size: "s-3vcpu-5gb", Count: 1}), "size"},
		{"a name that is there", create(addition{Name: "default", Size: "s-2vcpu-4gb", Count: 1}), "unique"},
		{"autoscaled from 0", create(addition{Name: "b", Size: "s-2vcpu-4gb", AutoScale: true, MaxNodes: 2}), ""},
		{"autoscaled from -1", create(addition{Name: "b", Size: "s-2vcpu-4gb", AutoScale: true, MinNodes: -1, MaxNodes: 2}),
			"worker_node_pool_spec.min nodes must be greater than or equal to 0"},
		{"autoscaled to 0", create(addition{Name: "b", Size: "s-2vcpu-4gb", AutoScale: true}), "max nodes"},
		{"a size of other regions", create(addition{Name: "b", Size: "gpu-h100x1-80gb", Count: 1}), "not available in"},
		{"more nodes", update(change{Name: "default", Count: number(10)}), ""},
		{"more than the limit", update(change{Name: "default", Count: number(11)}), "9 additional nodes"},
		{"no nodes", update(change{Name: "default", Count: number(0)}), "at least one worker node"},
		{"the only one from 0", update(change{Name: "default", AutoScale: &yes, MaxNodes: number(3)}),
			"at least one worker node"},
		{"another name", update(change{Name: "renamed"}), ""},
		{"deletion of the only pool", func(c *godo.Client, cluster *godo.KubernetesCluster) error {
			_, err := c.Kubernetes.DeleteNodePool(ctx, cluster.ID, cluster.NodePools[0].ID)
			return err
		}, "at least one node pool"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fake{}
			_, api := openWith(t, f, Options{DropletLimit: 10})
			err := c.do(api, running(t, f, api))
			expect(t, err, c.message)
		})
	}
}

// The size of a pool is not among what an update changes.
func TestPoolSizeIsImmutable(t *testing.T) {
	f := &fake{}
	s, c := open(t, f)
	cluster := running(t, f, c)
	path := "/v2/kubernetes/clusters/" + cluster.ID + "/node_pools/" + cluster.NodePools[0].ID
	body := map[string]any{"name": "default", "count": 2, "size": "s-4vcpu-8gb"}
	r, err := c.NewRequest(t.Context(), http.MethodPut, path, body)
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
	second := &godo.KubernetesNodePoolCreateRequest{Name: "b", Size: "s-2vcpu-4gb", Count: 1}
	pool, _, err := c.Kubernetes.CreateNodePool(t.Context(), cluster.ID, second)
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
