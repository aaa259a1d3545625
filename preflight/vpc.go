package preflight

import (
	"fmt"
	"slices"
	"strings"

	"github.com/digitalocean/godo"

	"doks-security/account"
	"doks-security/components"
	"doks-security/stack/field"
)

// DefaultVPCOfRegion is the value of cluster.vpc that stands for the default VPC of the region.
const DefaultVPCOfRegion = "default"

// otherVPC is the VPC that cluster.vpc names: one that the stack uses and does not manage. Nil where it is not set, or
// wrong.
func otherVPC(inventory *account.Inventory, w Wanted, errs *field.Errors) *godo.VPC {
	switch w.VPC {
	case "":
		return nil
	case DefaultVPCOfRegion:
		vpc := inventory.DefaultVPC(w.Region)
		if vpc == nil {
			errs.Add("cluster.vpc", w.VPC, "a VPC of the account: "+w.Region+" has no default VPC yet",
				"create one, free of charge: "+createDefault(w.Region))
		}
		return vpc
	}
	vpc := inventory.VPC(w.VPC)
	if vpc == nil || vpc.RegionSlug != w.Region {
		var there []string
		for _, v := range inventory.VPCs {
			if v.RegionSlug == w.Region {
				there = append(there, fmt.Sprintf("%s (%s)", v.ID, v.Name))
			}
		}
		slices.Sort(there)
		errs.Add("cluster.vpc", w.VPC, "a VPC of the account in "+w.Region+": "+strings.Join(there, ", "),
			"correct it; `doctl vpcs list` lists them")
		return nil
	}
	return vpc
}

// sameVPC refuses to move a running cluster to another VPC, and to forget the VPC that the stack created with it: it
// would be deleted. other is what cluster.vpc names.
func sameVPC(inventory *account.Inventory, running *godo.KubernetesCluster, other *godo.VPC, w Wanted,
	errs *field.Errors) {
	is := inventory.VPC(running.VPCUUID)
	if is == nil || errs.Has("cluster.vpc") {
		return
	}
	own := is.Name == running.Name || strings.HasPrefix(is.Description, components.VPCDescription)
	deployed := w.Last.ClusterID == running.ID // others are imported: the state does not have their VPC yet
	switch {
	case other != nil && own && (other.ID == is.ID || deployed):
		errs.Add("cluster.vpc", w.VPC, "not set: the cluster runs in the VPC "+is.Name+", which this stack created",
			"pulumi config rm --path 'cluster.vpc'")
	case other != nil && other.ID != is.ID, other == nil && !own && deployed:
		var value any
		if w.VPC != "" {
			value = w.VPC
		}
		errs.Add("cluster.vpc", value, is.ID+": the running cluster is in this VPC ("+is.Name+"), and cannot move to another",
			"pulumi config set --path 'cluster.vpc' "+is.ID)
	}
}
