package preflight

import (
	"strings"
	"testing"

	"doks-security/account"
)

const sharedID = "5a4981aa-9653-4bd1-bef5-d6bff52042e4"

func TestOtherVPC(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*account.Inventory, *Wanted) // of an account without the cluster
		vpc    string                            // id
		says   string                            // empty: accepted
	}{
		{"by id", func(_ *account.Inventory, w *Wanted) { w.VPC = "other-default-id" }, "other-default-id", ""},
		{"the region's default", func(_ *account.Inventory, w *Wanted) { w.VPC = "default" }, "other-default-id", ""},
		{"unknown", func(_ *account.Inventory, w *Wanted) { w.VPC = sharedID }, "",
			"allowed: a VPC of the account in fra1: other-default-id (default-fra1)"},
		{"of another region", func(_ *account.Inventory, w *Wanted) { w.VPC = "default-id" }, "",
			`cluster.vpc: "default-id"`},
		{"a region without default", func(_ *account.Inventory, w *Wanted) { w.VPC, w.Region = "default", "nyc1" }, "",
			"doctl vpcs create --name default-nyc1"},
		{"pods where its nodes are", func(_ *account.Inventory, w *Wanted) {
			w.VPC, w.Network.Pods = "default", "10.114.0.0/16"
		}, "", "which the VPC default-fra1 has"},
	} {
		t.Run(c.name, func(t *testing.T) {
			i, w := inventory(), wanted()
			i.Clusters, w.Last, i.Regions = i.Clusters[1:], Deployment{}, append(i.Regions, "nyc1")
			w.Pools = nil
			c.change(i, &w)
			plan, err := Cluster(i, w, noUpgrades)
			if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Fatalf("err = %v, want it to contain %q", err, c.says)
			}
			if err == nil && (plan.VPC.ID != c.vpc || !plan.OtherVPC || plan.Network.VPC != plan.VPC.IPRange) {
				t.Errorf("%+v in the VPC %+v, want %s", plan.Network, plan.VPC, c.vpc)
			}
		})
	}
}

// A running cluster stays in its VPC, and the stack keeps the VPC that it created.
func TestRunningClusterStaysInItsVPC(t *testing.T) {
	for _, c := range []struct {
		name string
		in   string // the running cluster's VPC
		last string // the cluster of the last deployment
		vpc  string // the setting
		says string // empty: accepted
	}{
		{"its own", "vpc-id", "dev-id", "", ""},
		{"its own, named by id", "vpc-id", "dev-id", "vpc-id", "allowed: not set"},
		{"its own, but another is wanted", "vpc-id", "dev-id", "default", "allowed: not set"},
		{"another", "other-default-id", "dev-id", "other-default-id", ""},
		{"another, as the default", "other-default-id", "dev-id", "default", ""},
		{"another, no longer set", "other-default-id", "dev-id", "",
			"cluster.vpc: not set\n      allowed: other-default-id"},
		{"another, to be imported as its own", "other-default-id", "", "", ""},
		{"another than it is in", "shared", "dev-id", "default", "cluster.vpc' shared"},
	} {
		t.Run(c.name, func(t *testing.T) {
			i, w := inventory(), wanted()
			shared := *i.VPCs[3]
			shared.ID, shared.Name, shared.IPRange, shared.Default = "shared", "shared", "10.120.0.0/20", false
			i.VPCs = append(i.VPCs, &shared)
			if c.in != "vpc-id" {
				i.VPCs = i.VPCs[1:]
			}
			i.Clusters[0].VPCUUID, w.Last.ClusterID, w.VPC = c.in, c.last, c.vpc
			_, err := Cluster(i, w, noUpgrades)
			if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("err = %v, want it to contain %q", err, c.says)
			}
		})
	}
}
