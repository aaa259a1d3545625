package digitalocean

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/digitalocean/godo"
)

// Lists come in pages, whose links godo follows.
func TestPages(t *testing.T) {
	_, c := openWith(t, &fake{}, Options{DefaultVPCs: map[string]string{"fra1": "10.114.0.0/20"}})
	ctx := t.Context()
	var want []string
	for i := range 24 {
		name := fmt.Sprintf("net-%02d", i)
		want = append(want, name)
		if _, _, err := c.VPCs.Create(ctx, &godo.VPCCreateRequest{Name: name, RegionSlug: "fra1"}); err != nil {
			t.Fatal(err)
		}
	}
	want = append([]string{"default-fra1"}, want...)
	for _, size := range []int{0, 1, 10, 25, 200, 1000} {
		var got []string
		options, pages := &godo.ListOptions{PerPage: size}, 0
		for {
			vpcs, response, err := c.VPCs.List(ctx, options)
			if err != nil {
				t.Fatal(err)
			}
			if response.Meta.Total != len(want) {
				t.Errorf("a total of %d, want %d", response.Meta.Total, len(want))
			}
			for _, v := range vpcs {
				got = append(got, v.Name)
			}
			pages++
			if response.Links == nil || response.Links.IsLastPage() {
				break
			}
			page, err := response.Links.CurrentPage()
			if err != nil {
				t.Fatal(err)
			}
			options.Page = page + 1
		}
		per := map[int]int{0: 20, 1000: 200}[size]
		if per == 0 {
			per = size
		}
		if !slices.Equal(got, want) || pages != (len(want)+per-1)/per {
			t.Errorf("per_page %d: %v in %d pages", size, got, pages)
		}
	}
	beyond, _, err := c.VPCs.List(ctx, &godo.ListOptions{Page: 9})
	if err != nil || len(beyond) != 0 {
		t.Errorf("the page beyond the last: %v, %v; want it empty", beyond, err)
	}
}

// What an inventory of the account finds.
func TestInventory(t *testing.T) {
	f := &fake{
		volumes:   []Volume{{Name: "pvc-1", GiB: 10}, {Name: "pvc-2", GiB: 20}},
		balancers: []LoadBalancer{{Name: "ingress", IP: "203.0.113.1"}},
	}
	_, c := openWith(t, f, Options{DropletLimit: 12})
	cluster := running(t, f, c)
	ctx := t.Context()
	tag := "k8s:" + cluster.ID

	volumes, response, err := c.Storage.ListVolumes(ctx, nil)
	if err != nil || len(volumes) != 2 || response.Meta.Total != 2 {
		t.Fatalf("volumes %+v, %v; want two", volumes, err)
	}
	if v := volumes[1]; v.Name != "pvc-2" || v.SizeGigaBytes != 20 || v.Region.Slug != "fra1" ||
		!slices.Contains(v.Tags, tag) {
		t.Errorf("volume %+v, want the cluster's of 20 GiB", v)
	}
	named, _, err := c.Storage.ListVolumes(ctx, &godo.ListVolumeParams{Name: "pvc-1", Region: "fra1"})
	if err != nil || len(named) != 1 || named[0].ID != volumes[0].ID {
		t.Errorf("volumes named pvc-1: %+v, %v", named, err)
	}
	if _, err := c.Storage.DeleteVolume(ctx, volumes[0].ID); status(err) != http.StatusConflict {
		t.Errorf("err = %v, want 409 for a volume in use", err)
	}
	balancers, _, err := c.LoadBalancers.List(ctx, nil)
	if err != nil || len(balancers) != 1 || balancers[0].IP != "203.0.113.1" || balancers[0].VPCUUID != cluster.VPCUUID {
		t.Errorf("load balancers %+v, %v; want the cluster's", balancers, err)
	}
	nodes, _, err := c.Droplets.ListByTag(ctx, tag, nil)
	if err != nil || len(nodes) != 2 || nodes[0].SizeSlug != "s-2vcpu-4gb" || nodes[0].VPCUUID != cluster.VPCUUID ||
		nodes[0].Status != "active" {
		t.Errorf("Droplets %+v, %v; want the cluster's two", nodes, err)
	}
	if others, _, err := c.Droplets.ListByTag(ctx, "k8s:other", nil); err != nil || len(others) != 0 {
		t.Errorf("Droplets of another cluster: %+v, %v", others, err)
	}
	regions, _, err := c.Regions.List(ctx, nil)
	fra1 := func(r godo.Region) bool { return r.Slug == "fra1" && slices.Contains(r.Sizes, "s-2vcpu-4gb") }
	if err != nil || !slices.ContainsFunc(regions, fra1) {
		t.Errorf("regions %+v, %v; want fra1 with its sizes", regions, err)
	}
	account, _, err := c.Account.Get(ctx)
	if err != nil || account.DropletLimit != 12 || account.Status != "active" {
		t.Errorf("account %+v, %v; want its limit", account, err)
	}
	clusters, _, err := c.Kubernetes.List(ctx, nil)
	if err != nil || len(clusters) != 1 || len(clusters[0].NodePools[0].Nodes) != 2 {
		t.Fatalf("clusters %+v, %v; want one of two nodes", clusters, err)
	}
	if clusters[0].NodePools[0].Nodes[0].DropletID == "" {
		t.Error("a running node has no Droplet")
	}
	projects, _, err := c.Projects.List(ctx, nil)
	if err != nil || len(projects) != 1 || !projects[0].IsDefault {
		t.Errorf("projects %+v, %v; want the default", projects, err)
	}
}

// Volumes and load balancers of a cluster that was deleted without them can be found and deleted.
func TestLeftBehind(t *testing.T) {
	f := &fake{volumes: []Volume{{Name: "pvc-1", GiB: 10}},
		balancers: []LoadBalancer{{Name: "ingress", IP: "203.0.113.1"}}}
	s, c := open(t, f)
	cluster := running(t, f, c)
	ctx := t.Context()
	before, _, err := c.Storage.ListVolumes(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	close(f.gone)
	if _, err := c.Kubernetes.Delete(ctx, cluster.ID); err != nil {
		t.Fatal(err)
	}
	if left := strings.Join(s.Leftovers(), ", "); left != "load balancer ingress, volume pvc-1, vpc net" {
		t.Errorf("left %q", left)
	}
	volumes, _, err := c.Storage.ListVolumes(ctx, nil)
	if err != nil || len(volumes) != 1 || volumes[0].ID != before[0].ID ||
		!slices.Contains(volumes[0].Tags, "k8s:"+cluster.ID) {
		t.Fatalf("volumes %+v, %v; want the deleted cluster's", volumes, err)
	}
	if _, err := c.Storage.DeleteVolume(ctx, volumes[0].ID); err != nil {
		t.Error(err)
	}
	if _, _, err := c.Storage.GetVolume(ctx, volumes[0].ID); status(err) != http.StatusNotFound {
		t.Errorf("err = %v, want 404 for a deleted volume", err)
	}
	if left := strings.Join(s.Leftovers(), ", "); left != "load balancer ingress, vpc net" {
		t.Errorf("left %q", left)
	}
}
