package preflight

import (
	"fmt"
	"slices"
	"strings"

	"github.com/digitalocean/godo"

	"doks-security/account"
	"doks-security/stack/field"
)

// region refuses a region without Kubernetes. A running cluster stays where it is.
func region(offer account.Offer, running *godo.KubernetesCluster, w Wanted, errs *field.Errors) {
	if running != nil || slices.Contains(offer.Regions, w.Region) {
		return
	}
	errs.Add("cluster.region", w.Region, "a region with Kubernetes: "+strings.Join(offer.Regions, ", "),
		"correct it; `doctl kubernetes options regions` lists them")
}

// sizes refuses sizes of nodes that DigitalOcean does not offer in the cluster's region. A pool that runs keeps its
// size when it is no longer offered.
func sizes(offer account.Offer, running *godo.KubernetesCluster, w Wanted, errs *field.Errors) {
	for i, p := range w.Pools {
		kept := running != nil && slices.ContainsFunc(running.NodePools, func(r *godo.KubernetesNodePool) bool {
			return r.Name == p.Name && r.Size == p.Size
		})
		if kept || offer.HasSize(p.Size, w.Region) {
			continue
		}
		in := slices.DeleteFunc(slices.Clone(offer.NodeSizes), func(size string) bool {
			return !offer.HasSize(size, w.Region)
		})
		family, _, _ := strings.Cut(p.Size, "-")
		alike := slices.DeleteFunc(slices.Clone(in), func(size string) bool {
			return !strings.HasPrefix(size, family+"-")
		})
		if len(alike) == 0 {
			alike = in
		}
		fix := "correct it; `doctl kubernetes options sizes` lists them"
		if size := offer.Size(p.Size); size != nil && len(size.Regions) > 0 && slices.Contains(offer.NodeSizes, p.Size) {
			fix = "choose another; " + p.Size + " is offered in " + strings.Join(size.Regions, ", ")
		}
		errs.Add(fmt.Sprintf("cluster.pools[%d].size", i), p.Size,
			"a size that DigitalOcean offers for nodes in "+w.Region+": "+strings.Join(alike, ", "), fix)
	}
}
