package preflight

import (
	"net/netip"
	"slices"

	"github.com/digitalocean/godo"

	"doks-security/account"
	"doks-security/stack/field"
)

// network completes the address plan of a new cluster with free ranges, and checks those that are set: ranges of an
// account may not overlap. The VPC that has the cluster's name is not in the way: it is the stack's own, or an error of
// its own.
func network(inventory *account.Inventory, own *godo.VPC, w Wanted, errs *field.Errors) account.Network {
	taken := inventory.Taken(w.Region)
	if own != nil {
		taken = slices.DeleteFunc(taken, func(r account.Range) bool { return r.By == "the VPC "+own.Name })
	}
	plan := w.Network
	if own != nil {
		if plan.VPC != "" && plan.VPC != own.IPRange {
			errs.Add("cluster.network.vpc", plan.VPC, own.IPRange+", as the VPC "+own.Name+
				" has it: a change would replace the VPC",
				"pulumi config set --path 'cluster.network.vpc' "+own.IPRange)
		}
		plan.VPC = own.IPRange
	}
	var set []account.Range
	for key, cidr := range map[string]string{"vpc": plan.VPC, "pods": plan.Pods, "services": plan.Services} {
		prefix, err := netip.ParsePrefix(cidr)
		if err != nil {
			continue // not set; or refused by the settings' own checks
		}
		set = append(set, account.Range{Prefix: prefix, By: "cluster.network." + key})
		if other := account.Overlapping(prefix, taken); other != nil {
			errs.Add("cluster.network."+key, cidr, "a network apart from "+other.Prefix.String()+", which "+other.By+" has",
				"pulumi config rm --path 'cluster.network."+key+"': a free network is then chosen")
		}
	}
	free, err := account.Free(append(taken, set...))
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
