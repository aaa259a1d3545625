package preflight

import (
	"net/netip"
	"slices"

	"github.com/digitalocean/godo"

	"doks-security/account"
	"doks-security/stack/field"
)

// network completes the address plan of a new cluster with free ranges, and checks those that are set: ranges of an
// account may not overlap. vpc is the VPC of cluster.vpc, or the one that has the cluster's name, which is the stack's
// or an error of its own; nil when it is still to be created.
func network(inventory *account.Inventory, vpc *godo.VPC, w Wanted, errs *field.Errors) account.Network {
	taken := inventory.Taken(w.Region)
	if vpc != nil {
		taken = slices.DeleteFunc(taken, func(r account.Range) bool { return r.By == "the VPC "+vpc.Name })
	}
	plan := w.Network
	if vpc != nil {
		if plan.VPC != "" && plan.VPC != vpc.IPRange {
			errs.Add("cluster.network.vpc", plan.VPC, vpc.IPRange+", as the VPC "+vpc.Name+
				" has it: a change would replace the VPC",
				"pulumi config set --path 'cluster.network.vpc' "+vpc.IPRange)
		}
		plan.VPC = vpc.IPRange
	}
	for _, part := range []struct{ key, cidr string }{
		{"cluster.network.vpc", plan.VPC}, {"cluster.network.pods", plan.Pods}, {"cluster.network.services", plan.Services},
	} {
		prefix, err := netip.ParsePrefix(part.cidr)
		if err != nil {
			continue // not set; or refused by the settings' own checks
		}
		if other := account.Overlapping(prefix, taken); other != nil {
			errs.Add(part.key, part.cidr, "a network that does not overlap "+other.Prefix.String()+", which "+other.By+" has",
				"pulumi config rm --path '"+part.key+"': a free network is then chosen")
		}
		by := part.key
		if vpc != nil && part.cidr == vpc.IPRange {
			by = "the VPC " + vpc.Name
		}
		taken = append(taken, account.Range{Prefix: prefix, By: by})
	}
	free, err := account.Free(taken)
	if err != nil {
		errs.Add("cluster.network", nil, err.Error(), "set cluster.network.vpc, pods and services")
		return plan
	}
	for _, part := range []struct {
		is   *string
		free string
	}{{&plan.VPC, free.VPC}, {&plan.Pods, free.Pods}, {&plan.Services, free.Services}} {
		if *part.is == "" {
			*part.is = part.free
		}
	}
	return plan
}
