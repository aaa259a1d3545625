package digitalocean

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/digitalocean/godo"
)

func vpc(name, region, ipRange string) *godo.VPCCreateRequest {
	return &godo.VPCCreateRequest{Name: name, RegionSlug: region, IPRange: ipRange}
}

func TestVPCRequestsAreRefused(t *testing.T) {
	for _, c := range []struct {
		name    string
		request *godo.VPCCreateRequest
		message string // empty: accepted
	}{
		{"a range apart", vpc("b", "fra1", "10.111.0.0/20"), ""},
		{"no range", vpc("b", "fra1", ""), ""},
		{"the smallest", vpc("b", "fra1", "192.168.0.0/28"), ""},
		{"the largest", vpc("b", "fra1", "172.16.0.0/16"), ""},
		{"what nyc1 reserves, elsewhere", vpc("b", "fra1", "10.10.0.0/20"), ""},

		{"another VPC's range", vpc("b", "fra1", "10.110.0.0/20"),
			"overlaps with another VPC network in your account: net 10.110.0.0/20"},
		{"part of it", vpc("b", "fra1", "10.110.8.0/24"), "overlaps with another VPC"},
		{"more than it", vpc("b", "fra1", "10.110.0.0/16"), "overlaps with another VPC"},
		{"it, in another region", vpc("b", "nyc1", "10.110.0.0/20"), "overlaps with another VPC"},
		{"the default VPC's", vpc("b", "fra1", "10.114.0.0/20"), "default-fra1"},
		{"reserved for pods", vpc("b", "fra1", "10.244.16.0/20"), "reserved: 10.244.0.0/16"},
		{"reserved for services", vpc("b", "fra1", "10.245.0.0/20"), "reserved: 10.245.0.0/16"},
		{"reserved: 10.246", vpc("b", "fra1", "10.246.0.0/20"), "reserved: 10.246.0.0/24"},
		{"reserved: 10.229", vpc("b", "fra1", "10.229.0.0/24"), "reserved: 10.229.0.0/16"},
		{"reserved in nyc1", vpc("b", "nyc1", "10.10.0.0/20"), "reserved: 10.10.0.0/16"},
		{"too small", vpc("b", "fra1", "10.111.0.0/29"), "/28"},
		{"too large", vpc("b", "fra1", "172.16.0.0/15"), "/16"},
		{"public", vpc("b", "fra1", "203.0.113.0/24"), "private"},
		{"host bits", vpc("b", "fra1", "10.111.0.1/20"), "CIDR"},
		{"a name that is there", vpc("net", "fra1", "10.111.0.0/20"), "a VPC with the same name already exists"},
		{"a name with a blank", vpc("b c", "fra1", "10.111.0.0/20"), "alphanumeric"},
		{"an unknown region", vpc("b", "mars1", "10.111.0.0/20"), "mars1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, api := open(t, &fake{})
			newVPC(t, api)
			created, _, err := api.VPCs.Create(t.Context(), c.request)
			expect(t, err, c.message)
			if err == nil && created.IPRange == "" {
				t.Errorf("%+v has no range", created)
			}
		})
	}
}

// The ranges of the sample stack files are free in a new account.
func TestSampleRangesAreFree(t *testing.T) {
	_, c := open(t, &fake{})
	for _, ipRange := range []string{"10.110.0.0/20", "10.111.0.0/20", "10.112.0.0/20"} {
		if _, _, err := c.VPCs.Create(t.Context(), vpc(strings.ReplaceAll(ipRange, "/", "-"), "fra1", ipRange)); err != nil {
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
	_, _, err := c.VPCs.Create(ctx, vpc("net", "fra1", "10.110.0.0/20"))
	expect(t, err, "default-ams3 10.110.0.0/20") // the VPC that is in the way
	first, _, err := c.VPCs.Create(ctx, vpc("first", "fra1", "10.111.0.0/20"))
	if err != nil || !first.Default {
		t.Fatalf("the first VPC of a region is %+v, %v; want it the default", first, err)
	}
	_, err = c.VPCs.Delete(ctx, first.ID)
	if status(err) != http.StatusForbidden || message(err) != "Can not delete default VPCs" {
		t.Errorf("err = %v, want 403: a default VPC stays", err)
	}
	second, _, err := c.VPCs.Create(ctx, vpc("second", "fra1", "10.112.0.0/20"))
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
	if err != nil || len(members) != 3 || members[0].URN != cluster.URN() || members[1].URN[:11] != "do:droplet:" {
		t.Errorf("members %+v, %v; want the cluster and two Droplets", members, err)
	}
	_, err = c.VPCs.Delete(ctx, cluster.VPCUUID)
	if status(err) != http.StatusConflict || message(err) != "Can not delete VPC with members" {
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
