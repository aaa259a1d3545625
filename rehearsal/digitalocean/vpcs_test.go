package digitalocean

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/digitalocean/godo"
)

func TestVPCRequestsAreRefused(t *testing.T) {
	for _, c := range []struct {
		name    string
		request godo.VPCCreateRequest
		message string // empty: accepted
	}{
		{"a range apart", godo.VPCCreateRequest{Name: "b", RegionSlug: "fra1", IPRange: "10.111.0.0/20"}, ""},
		{"no range", godo.VPCCreateRequest{Name: "b", RegionSlug: "fra1"}, ""},
		{"the smallest", godo.VPCCreateRequest{Name: "b", RegionSlug: "fra1", IPRange: "192.168.0.0/28"}, ""},
		{"the largest", godo.VPCCreateRequest{Name: "b", RegionSlug: "fra1", IPRange: "172.16.0.0/16"}, ""},
		{"what nyc1 reserves, elsewhere", godo.VPCCreateRequest{Name: "b", RegionSlug: "fra1", IPRange: "10.10.0.0/20"}, ""},

		{"another VPC's range", godo.VPCCreateRequest{Name: "b", RegionSlug: "fra1", IPRange: "10.110.0.0/20"}, "overlaps with another VPC network in your account: net 10.110.0.0/20"},
		{"part of it", godo.VPCCreateRequest{Name: "b", RegionSlug: "fra1", IPRange: "10.110.8.0/24"}, "overlaps with another VPC"},
		{"more than it", godo.VPCCreateRequest{Name: "b", RegionSlug: "fra1", IPRange: "10.110.0.0/16"}, "overlaps with another VPC"},
		{"it, in another region", godo.VPCCreateRequest{Name: "b", RegionSlug: "nyc1", IPRange: "10.110.0.0/20"}, "overlaps with another VPC"},
		{"the default VPC's", godo.VPCCreateRequest{Name: "b", RegionSlug: "fra1", IPRange: "10.114.0.0/20"}, "default-fra1"},
		{"reserved for pods", godo.VPCCreateRequest{Name: "b", RegionSlug: "fra1", IPRange: "10.244.16.0/20"}, "reserved: 10.244.0.0/16"},
		{"reserved for services", godo.VPCCreateRequest{Name: "b", RegionSlug: "fra1", IPRange: "10.245.0.0/20"}, "reserved: 10.245.0.0/16"},
		{"reserved: 10.246", godo.VPCCreateRequest{Name: "b", RegionSlug: "fra1", IPRange: "10.246.0.0/20"}, "reserved: 10.246.0.0/24"},
		{"reserved: 10.229", godo.VPCCreateRequest{Name: "b", RegionSlug: "fra1", IPRange: "10.229.0.0/24"}, "reserved: 10.229.0.0/16"},
		{"reserved in nyc1", godo.VPCCreateRequest{Name: "b", RegionSlug: "nyc1", IPRange: "10.10.0.0/20"}, "reserved: 10.10.0.0/16"},
		{"too small", godo.VPCCreateRequest{Name: "b", RegionSlug: "fra1", IPRange: "10.111.0.0/29"}, "/28"},
		{"too large", godo.VPCCreateRequest{Name: "b", RegionSlug: "fra1", IPRange: "172.16.0.0/15"}, "/16"},
		{"public", godo.VPCCreateRequest{Name: "b", RegionSlug: "fra1", IPRange: "203.0.113.0/24"}, "private"},
		{"host bits", godo.VPCCreateRequest{Name: "b", RegionSlug: "fra1", IPRange: "10.111.0.1/20"}, "CIDR"},
		{"a name that is there", godo.VPCCreateRequest{Name: "net", RegionSlug: "fra1", IPRange: "10.111.0.0/20"}, "a VPC with the same name already exists"},
		{"a name with a blank", godo.VPCCreateRequest{Name: "b c", RegionSlug: "fra1", IPRange: "10.111.0.0/20"}, "alphanumeric"},
		{"an unknown region", godo.VPCCreateRequest{Name: "b", RegionSlug: "mars1", IPRange: "10.111.0.0/20"}, "mars1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, api := open(t, &fake{})
			newVPC(t, api)
			vpc, _, err := api.VPCs.Create(t.Context(), &c.request)
			if c.message == "" {
				if err != nil || vpc.IPRange == "" {
					t.Errorf("got %+v, %v; want it created", vpc, err)
				}
				return
			}
			if status(err) != http.StatusUnprocessableEntity || !strings.Contains(message(err), c.message) {
				t.Errorf("err = %v, want a 422 with %q", err, c.message)
			}
		})
	}
}

// The ranges of the sample stack files are free in a new account.
func TestSampleRangesAreFree(t *testing.T) {
	_, c := open(t, &fake{})
	for _, ipRange := range []string{"10.110.0.0/20", "10.111.0.0/20", "10.112.0.0/20"} {
		vpc := &godo.VPCCreateRequest{Name: strings.ReplaceAll(ipRange, "/", "-"), RegionSlug: "fra1", IPRange: ipRange}
		if _, _, err := c.VPCs.Create(t.Context(), vpc); err != nil {
			t.Error(err)
		}
	}
	for _, subnet := range []string{"10.124.0.0/16", "10.125.0.0/19", "10.126.0.0/16", "10.127.0.0/19"} {
		for region, other := range defaultRanges() {
			if netip.MustParsePrefix(subnet).Overlaps(netip.MustParsePrefix(other)) {
				t.Errorf("%s overlaps with the default VPC of %s", subnet, region)
			}
		}
	}
}

func TestDefaultVPCs(t *testing.T) {
	s, c := openWith(t, &fake{}, Options{DefaultVPCs: map[string]string{"ams3": "10.110.0.0/20"}})
	ctx := t.Context()
	if _, _, err := c.VPCs.Create(ctx, &godo.VPCCreateRequest{Name: "net", RegionSlug: "fra1", IPRange: "10.110.0.0/20"}); !strings.Contains(message(err), "default-ams3") {
		t.Errorf("err = %v, want it to name the default VPC that is in the way", err)
	}
	first, _, err := c.VPCs.Create(ctx, &godo.VPCCreateRequest{Name: "first", RegionSlug: "fra1", IPRange: "10.111.0.0/20"})
	if err != nil || !first.Default {
		t.Fatalf("the first VPC of a region is %+v, %v; want it the default", first, err)
	}
	if _, err := c.VPCs.Delete(ctx, first.ID); status(err) != http.StatusForbidden || message(err) != "Can not delete default VPCs" {
		t.Errorf("err = %v, want 403: a default VPC stays", err)
	}
	second, _, err := c.VPCs.Create(ctx, &godo.VPCCreateRequest{Name: "second", RegionSlug: "fra1", IPRange: "10.112.0.0/20"})
	if err != nil || second.Default {
		t.Fatalf("the second VPC is %+v, %v; want it not the default", second, err)
	}
	yes := true
	if _, _, err := c.VPCs.Update(ctx, second.ID, &godo.VPCUpdateRequest{Name: "second", Default: &yes}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.VPCs.Delete(ctx, first.ID); err != nil {
		t.Errorf("err = %v, want it deleted once another is the default", err)
	}
	if left := s.Leftovers(); !slices.Equal(left, []string{"vpc second"}) {
		t.Errorf("left %v, want the VPC that became the default", left)
	}
}

func TestVPCMembers(t *testing.T) {
	f := &fake{balancers: []LoadBalancer{{Name: "ingress", IP: "203.0.113.1"}}}
	_, c := open(t, f)
	cluster := running(t, f, c)
	ctx := t.Context()
	members, _, err := c.VPCs.ListMembers(ctx, cluster.VPCUUID, nil, nil)
	if err != nil || len(members) != 3 || members[0].URN != cluster.URN() || !strings.HasPrefix(members[1].URN, "do:droplet:") {
		t.Errorf("members %+v, %v; want the cluster and two Droplets", members, err)
	}
	if _, err := c.VPCs.Delete(ctx, cluster.VPCUUID); status(err) != http.StatusConflict || message(err) != "Can not delete VPC with members" {
		t.Errorf("err = %v, want 409", err)
	}
	close(f.gone)
	if _, err := c.Kubernetes.Delete(ctx, cluster.ID); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the load balancer is the only member", func() bool {
		members, _, err = c.VPCs.ListMembers(ctx, cluster.VPCUUID, nil, nil)
		return err == nil && len(members) == 1 && members[0].Name == "ingress"
	})
	if _, err := c.VPCs.Delete(ctx, cluster.VPCUUID); status(err) != http.StatusConflict {
		t.Errorf("err = %v, want 409: a load balancer was left behind in it", err)
	}
	balancers, _, err := c.LoadBalancers.List(ctx, nil)
	if err != nil || len(balancers) != 1 {
		t.Fatalf("load balancers %+v, %v; want one", balancers, err)
	}
	if _, err := c.LoadBalancers.Delete(ctx, balancers[0].ID); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the VPC is deleted", func() bool {
		_, err := c.VPCs.Delete(ctx, cluster.VPCUUID)
		return err == nil
	})
}
