package rehearse

import (
	"context"
	"regexp"
	"slices"
	"testing"

	"github.com/digitalocean/godo"
)

// doctlCreatesVPC does what the doctl command of a message does, and returns the VPC's id.
func (e *engine) doctlCreatesVPC(ctx context.Context, t *testing.T, printed string) string {
	t.Helper()
	command := regexp.MustCompile(`doctl vpcs create --name (\S+) --region ([a-z0-9]+)`).FindStringSubmatch(printed)
	if command == nil {
		t.Fatalf("no command to create a VPC in\n%s", printed)
	}
	vpc, _, err := e.account.client(t).VPCs.Create(ctx, &godo.VPCCreateRequest{Name: command[1], RegionSlug: command[2]})
	if err != nil {
		t.Fatal(err)
	}
	return vpc.ID
}

// The first VPC of a region becomes its default, which cannot be deleted: the cluster's is never the first.
func TestFirstVPCOfARegion(t *testing.T) {
	out := &output{}
	ctx, e := session(t, out, onePool(nil))
	e.account.simulator.RemoveDefaultVPC("fra1")
	printed := refused(ctx, t, out, e, "(1 error)", `cluster.region: "fra1"`)
	e.doctlCreatesVPC(ctx, t, printed)
	_, err := e.up(ctx)
	must(t, out, err)
	must(t, out, e.preview(ctx, true))

	// A stack that was deployed without this check, or whose VPC was made the default.
	client := e.account.client(t)
	vpcs, _, err := client.VPCs.List(ctx, nil)
	must(t, out, err)
	byName := func(name string) *godo.VPC {
		return vpcs[slices.IndexFunc(vpcs, func(v *godo.VPC) bool { return v.Name == name })]
	}
	own, other, yes := byName("doks-security-dev"), byName("default-fra1"), true
	_, _, err = client.VPCs.Update(ctx, own.ID,
		&godo.VPCUpdateRequest{Name: own.Name, Description: own.Description, Default: &yes})
	must(t, out, err)
	_, err = client.VPCs.Delete(ctx, other.ID)
	must(t, out, err)
	before := len(out.String())
	must(t, out, e.preview(ctx, true))
	id := e.doctlCreatesVPC(ctx, t, out.String()[before:])
	_, _, err = client.VPCs.Update(ctx, id, &godo.VPCUpdateRequest{Name: other.Name, Default: &yes})
	must(t, out, err)
	must(t, out, e.destroy(ctx, &report{out: out}))
	if left := e.account.simulator.Leftovers(); !slices.Equal(left, []string{"vpc default-fra1"}) {
		t.Errorf("left: %v, want the default VPC", left)
	}
}
