package digitalocean

import (
	"errors"
	"net/http"
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
	credentials, _, err := c.Kubernetes.GetCredentials(ctx, created.ID, &godo.KubernetesClusterCredentialsGetRequest{ExpirySeconds: &hour})
	if err != nil || time.Until(credentials.ExpiresAt) > time.Hour || credentials.Token != "token" {
		t.Errorf("credentials %+v, %v; want a token for an hour", credentials, err)
	}
	count := 3
	pool := created.NodePools[0]
	if _, _, err := c.Kubernetes.UpdateNodePool(ctx, created.ID, pool.ID, &godo.KubernetesNodePoolUpdateRequest{Count: &count}); err != nil {
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
	f.boot <- nil
	close(f.gone)
	vpc := newVPC(t, c)
	created, _, err := c.Kubernetes.Create(t.Context(), request(vpc.ID))
	if err != nil {
		t.Fatal(err)
	}
	associated, _, err := c.Kubernetes.ListAssociatedResourcesForDeletion(t.Context(), created.ID)
	if err != nil || len(associated.Volumes) != 1 || associated.Volumes[0].Name != "pvc-1" {
		t.Errorf("associated resources %+v, %v; want the volume", associated, err)
	}
	if _, err := c.Kubernetes.DeleteDangerous(t.Context(), created.ID); err != nil {
		t.Fatal(err)
	}
	if left := s.Leftovers(); !slices.Equal(left, []string{"vpc net"}) {
		t.Errorf("left %v, want the VPC only", left)
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
	for _, c := range []struct {
		name    string
		change  func(*godo.KubernetesClusterCreateRequest)
		message string
	}{
		{"unknown region", func(r *godo.KubernetesClusterCreateRequest) { r.RegionSlug = "mars1" }, "region"},
		{"unknown version", func(r *godo.KubernetesClusterCreateRequest) { r.VersionSlug = "1.20.2-do.0" }, "version"},
		{"unknown size", func(r *godo.KubernetesClusterCreateRequest) { r.NodePools[0].Size = "s-3vcpu-5gb" }, "size"},
		{"no nodes", func(r *godo.KubernetesClusterCreateRequest) { r.NodePools[0].Count = 0 }, "node"},
		{"no pool", func(r *godo.KubernetesClusterCreateRequest) { r.NodePools = nil }, "node pool"},
		{"unknown VPC", func(r *godo.KubernetesClusterCreateRequest) { r.VPCUUID = "none" }, "VPC"},
		{"VPC of another region", func(r *godo.KubernetesClusterCreateRequest) { r.RegionSlug = "nyc1" }, "another region"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, api := open(t, &fake{})
			r := request(newVPC(t, api).ID)
			c.change(r)
			_, _, err := api.Kubernetes.Create(t.Context(), r)
			if status(err) != http.StatusUnprocessableEntity || !strings.Contains(err.Error(), c.message) {
				t.Errorf("got %v, want a 422 about %q", err, c.message)
			}
		})
	}
}

func TestNameIsTaken(t *testing.T) {
	f := &fake{}
	_, c := open(t, f)
	vpc := newVPC(t, c)
	if _, _, err := c.VPCs.Create(t.Context(), &godo.VPCCreateRequest{Name: "net", RegionSlug: "fra1"}); status(err) != http.StatusUnprocessableEntity {
		t.Errorf("a second VPC of the same name: %v", err)
	}
	f.boot <- nil
	if _, _, err := c.Kubernetes.Create(t.Context(), request(vpc.ID)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Kubernetes.Create(t.Context(), request(vpc.ID)); status(err) != http.StatusUnprocessableEntity {
		t.Errorf("a second cluster of the same name: %v", err)
	}
}
