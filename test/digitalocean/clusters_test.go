package digitalocean

import (
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/digitalocean/godo"
)

func TestLifeOfACluster(t *testing.T) {
	f := &fake{volumes: []Volume{{Name: "pvc-1", GiB: 10}}}
	s, c := open(t, f)
	ctx := t.Context()
	vpc := newVPC(t, c)
	created, _, err := c.Kubernetes.Create(ctx, request(vpc.ID))
	if err != nil {
		t.Fatal(err)
	}
	if created.Status.State != godo.KubernetesClusterStatusProvisioning || created.Endpoint != "" {
		t.Errorf("a new cluster is %s at %q, want it provisioning", created.Status.State, created.Endpoint)
	}
	if _, _, err := c.Kubernetes.GetCredentials(ctx, created.ID, nil); status(err) != http.StatusNotFound {
		t.Errorf("credentials of a cluster that does not run yet: %v", err)
	}
	f.boot <- nil
	eventually(t, "the cluster runs", func() bool {
		got, _, err := c.Kubernetes.Get(ctx, created.ID)
		return err == nil && got.Status.State == godo.KubernetesClusterStatusRunning && got.Endpoint != ""
	})
	if len(f.nodes) != 2 || f.nodes[0].Pool != "default" || f.nodes[0].Size != "s-2vcpu-4gb" {
		t.Errorf("nodes %+v, want two of the pool", f.nodes)
	}

	hour := 3600
	limited := &godo.KubernetesClusterCredentialsGetRequest{ExpirySeconds: &hour}
	credentials, _, err := c.Kubernetes.GetCredentials(ctx, created.ID, limited)
	if err != nil || time.Until(credentials.ExpiresAt) > time.Hour || credentials.Token != "token" {
		t.Errorf("credentials %+v, %v; want a token for an hour", credentials, err)
	}
	count := 3
	pool := created.NodePools[0]
	larger := &godo.KubernetesNodePoolUpdateRequest{Count: &count}
	if _, _, err := c.Kubernetes.UpdateNodePool(ctx, created.ID, pool.ID, larger); err != nil {
		t.Fatal(err)
	}
	eventually(t, "three nodes run", func() bool {
		got, _, err := c.Kubernetes.GetNodePool(ctx, created.ID, pool.ID)
		return err == nil && len(got.Nodes) == 3 && got.Nodes[2].Status.State == "running"
	})

	if _, err := c.VPCs.Delete(ctx, vpc.ID); status(err) != http.StatusConflict {
		t.Errorf("a VPC in use is deleted: %v", err)
	}
	if _, err := c.Kubernetes.Delete(ctx, created.ID); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Kubernetes.Get(ctx, created.ID); status(err) != http.StatusNotFound {
		t.Errorf("a deleted cluster is still there: %v", err)
	}
	if _, err := c.VPCs.Delete(ctx, vpc.ID); status(err) != http.StatusConflict {
		t.Errorf("the cluster's members leave the VPC later: %v", err)
	}
	close(f.gone)
	eventually(t, "the VPC is deleted", func() bool {
		_, err := c.VPCs.Delete(ctx, vpc.ID)
		return err == nil
	})
	if left := s.Leftovers(); !slices.Equal(left, []string{"volume pvc-1"}) {
		t.Errorf("left %v: a cluster deleted without its associated resources leaves its volumes", left)
	}
}

func TestDeletionWithAssociatedResources(t *testing.T) {
	f := &fake{volumes: []Volume{{Name: "pvc-1", GiB: 10}}}
	s, c := open(t, f)
	cluster := running(t, f, c)
	close(f.gone)
	associated, _, err := c.Kubernetes.ListAssociatedResourcesForDeletion(t.Context(), cluster.ID)
	if err != nil || len(associated.Volumes) != 1 || associated.Volumes[0].Name != "pvc-1" {
		t.Errorf("associated resources %+v, %v; want the volume", associated, err)
	}
	if _, err := c.Kubernetes.DeleteDangerous(t.Context(), cluster.ID); err != nil {
		t.Fatal(err)
	}
	if left := s.Leftovers(); !slices.Equal(left, []string{"vpc net"}) {
		t.Errorf("left %v, want the VPC only", left)
	}
}

// A cluster that is deleted while it is provisioned leaves nothing running.
func TestDeletionWhileProvisioning(t *testing.T) {
	f := &fake{}
	s, c := open(t, f)
	created, _, err := c.Kubernetes.Create(t.Context(), request(newVPC(t, c).ID))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Kubernetes.Delete(t.Context(), created.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := c.VPCs.Delete(t.Context(), created.VPCUUID); status(err) != http.StatusConflict {
		t.Errorf("err = %v, want 409: the cluster is not gone yet", err)
	}
	f.boot <- nil
	f.gone <- struct{}{} // its deletion was asked for
	eventually(t, "the VPC is deleted", func() bool {
		_, err := c.VPCs.Delete(t.Context(), created.VPCUUID)
		return err == nil
	})
	if left := s.Leftovers(); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}

func TestClusterThatDoesNotBoot(t *testing.T) {
	f := &fake{}
	_, c := open(t, f)
	f.boot <- errors.New("out of capacity")
	created, _, err := c.Kubernetes.Create(t.Context(), request(newVPC(t, c).ID))
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "its state says why", func() bool {
		got, _, err := c.Kubernetes.Get(t.Context(), created.ID)
		return err == nil && got.Status.State == godo.KubernetesClusterStatusError && got.Status.Message == "out of capacity"
	})
}

func TestClusterRequestsAreRefused(t *testing.T) {
	type r = *godo.KubernetesClusterCreateRequest
	pool := func(name string) *godo.KubernetesNodePoolCreateRequest {
		return &godo.KubernetesNodePoolCreateRequest{Name: name, Size: "s-2vcpu-4gb", Count: 1}
	}
	subnets := func(pods, services string) func(r) {
		return func(r r) { r.ClusterSubnet, r.ServiceSubnet = pods, services }
	}
	scale := func(from, to int) func(r) {
		return func(r r) {
			r.NodePools[0].AutoScale, r.NodePools[0].MinNodes, r.NodePools[0].MaxNodes = true, from, to
		}
	}
	for _, c := range []struct {
		name    string
		change  func(r)
		message string // empty: accepted
	}{
		{"as it is", func(r) {}, ""},
		{"unknown region", func(r r) { r.RegionSlug = "mars1" }, "region"},
		{"region without Kubernetes", func(r r) { r.RegionSlug = "sfo1" }, "region"},
		{"unknown version", func(r r) { r.VersionSlug = "1.20.2-do.0" }, "validation error: invalid version slug"},
		{"a minor for a version", func(r r) { r.VersionSlug = "1.34" }, ""},
		{"unknown size", func(r r) { r.NodePools[0].Size = "s-3vcpu-5gb" }, "size"},
		{"no nodes", func(r r) { r.NodePools[0].Count = 0 }, "worker_node_pool_specs[0].count"},
		{"no pool", func(r r) { r.NodePools = nil }, "node pool"},
		{"autoscaled from 0", func(r r) { scale(0, 3)(r); r.NodePools[0].Count = 0 }, "at least one worker node"},
		{"a second pool autoscaled from 0", func(r r) {
			r.NodePools = append(r.NodePools, pool("more"))
			r.NodePools[1].AutoScale, r.NodePools[1].Count, r.NodePools[1].MaxNodes = true, 0, 3
		}, ""},
		{"a size of other regions", func(r r) { r.NodePools[0].Size = "gpu-h100x1-80gb" }, "not available in region"},
		{"most nodes below fewest", scale(3, 2), "max nodes"},
		{"a pool's name twice", func(r r) { r.NodePools = append(r.NodePools, pool("default")) }, "unique"},
		{"a long pool name", func(r r) { r.NodePools[0].Name = strings.Repeat("a", 56) }, "55 characters"},
		{"unknown VPC", func(r r) { r.VPCUUID = "none" }, "VPC"},
		{"VPC of another region", func(r r) { r.RegionSlug = "nyc1" }, "another region"},
		{"no VPC", func(r r) { r.VPCUUID = "" }, ""},
		{"a name that is there", func(r r) { r.Name = "other" }, "already exists"},

		{"subnets apart", subnets("10.124.0.0/16", "10.125.0.0/19"), ""},
		{"the overlay's subnets", subnets("10.244.0.0/16", "10.245.0.0/19"), ""},
		{"pods in the VPC", subnets("10.110.0.0/16", "10.125.0.0/19"),
			"creating vpc pod subnet overlay: rpc error: code = InvalidArgument desc = This range/size overlaps with " +
				"another VPC network in your account: net 10.110.0.0/20."},
		{"services in the VPC", subnets("10.124.0.0/16", "10.110.8.0/22"), "service subnet"},
		{"services in the pods", subnets("10.124.0.0/16", "10.124.8.0/22"), "service subnet"},
		{"pods in the default VPC", subnets("10.114.0.0/16", "10.125.0.0/19"), "default-fra1"},
		{"pods of another cluster", subnets("10.150.0.0/16", "10.125.0.0/19"), "other 10.150.0.0/16"},
		{"pods only", func(r r) { r.ClusterSubnet = "10.124.0.0/16" }, "together"},
		{"no network", subnets("everything", "10.125.0.0/19"), "CIDR"},

		{"as many nodes as the account may have", func(r r) { r.NodePools[0].Count = 9 }, ""},
		{"one more", func(r r) { r.NodePools[0].Count = 10 }, "10 additional nodes but not enough available droplet limit"},
		{"one more in two pools", func(r r) {
			r.NodePools[0].Count = 9
			r.NodePools = append(r.NodePools, pool("more"))
		}, "10 additional nodes"},
		{"one more by itself", scale(1, 10),
			"autoscale desired max nodes exceed limits, 10 additional nodes but not enough available droplet limit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, api := openWith(t, &fake{}, Options{DropletLimit: 10})
			vpc := newVPC(t, api)
			other := request(vpc.ID)
			subnets("10.150.0.0/16", "10.151.0.0/19")(other)
			other.Name, other.NodePools[0].Count = "other", 1
			if _, _, err := api.Kubernetes.Create(t.Context(), other); err != nil {
				t.Fatal(err)
			}
			r := request(vpc.ID)
			c.change(r)
			_, _, err := api.Kubernetes.Create(t.Context(), r)
			expect(t, err, c.message)
		})
	}
}

// What a cluster gets that its request leaves open.
func TestClusterDefaults(t *testing.T) {
	_, c := openWith(t, &fake{}, Options{DefaultVPCs: map[string]string{}})
	r := request("")
	r.VersionSlug = "latest"
	created, _, err := c.Kubernetes.Create(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if created.VersionSlug != versions[0] || created.HA {
		t.Errorf("version %s, highly available %v; want %s and false", created.VersionSlug, created.HA, versions[0])
	}
	pods, services := netip.MustParsePrefix(created.ClusterSubnet), netip.MustParsePrefix(created.ServiceSubnet)
	vpc, _, err := c.VPCs.Get(t.Context(), created.VPCUUID)
	if err != nil || vpc.Name != "default-fra1" || !vpc.Default {
		t.Fatalf("VPC %+v, %v; want a new default", vpc, err)
	}
	inside := netip.MustParsePrefix(vpc.IPRange)
	if pods.Overlaps(services) || pods.Overlaps(inside) || services.Overlaps(inside) {
		t.Errorf("pods %s, services %s, VPC %s overlap", pods, services, inside)
	}
	if tags := created.NodePools[0].Tags; !slices.Equal(tags, []string{"k8s", "k8s:" + created.ID, "k8s:worker"}) {
		t.Errorf("tags %v, want those of DOKS", tags)
	}
}

func TestClusterUpdates(t *testing.T) {
	no, yes := false, true
	for _, c := range []struct {
		name    string
		request godo.KubernetesClusterUpdateRequest
		message string // empty: accepted
	}{
		{"another name", godo.KubernetesClusterUpdateRequest{Name: "b"}, ""},
		{"high availability stays on", godo.KubernetesClusterUpdateRequest{Name: "a", HA: &yes}, ""},
		{"high availability off", godo.KubernetesClusterUpdateRequest{Name: "a", HA: &no}, "cannot be disabled"},
		{"no name", godo.KubernetesClusterUpdateRequest{}, "name is required"},
		{"the name of another cluster", godo.KubernetesClusterUpdateRequest{Name: "other"}, "already exists"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fake{}
			_, api := open(t, f)
			cluster := running(t, f, api, func(r *godo.KubernetesClusterCreateRequest) { r.HA = &yes })
			other := request(cluster.VPCUUID)
			other.Name = "other"
			if _, _, err := api.Kubernetes.Create(t.Context(), other); err != nil {
				t.Fatal(err)
			}
			_, _, err := api.Kubernetes.Update(t.Context(), cluster.ID, &c.request)
			expect(t, err, c.message)
		})
	}
}
