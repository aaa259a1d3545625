package preflight

import (
	"fmt"
	"slices"

	"github.com/digitalocean/godo"

	"doks-security/components"
	"doks-security/stack/field"
)

// defaultPoolTag is the tag by which DigitalOcean's provider knows the pool that was created with the cluster:
// https://registry.terraform.io/providers/digitalocean/digitalocean/latest/docs/resources/kubernetes_cluster
const defaultPoolTag = "terraform:default-node-pool"

// replacement finds the settings that can only change with a new cluster, VPC or node pool. components ignores their
// changes too (components.KeptClusterInputs), so that an update cannot plan them even if a rule is missing here.
func replacement(running *godo.KubernetesCluster, vpc *godo.VPC, w Wanted, errs *field.Errors) {
	same := func(key, is, wanted string) {
		if wanted == "" || is == "" || is == wanted {
			return
		}
		errs.Add(key, wanted, fmt.Sprintf("%s, as the running cluster %s has it: a change would replace the cluster and "+
			"delete its volumes", is, running.Name),
			fmt.Sprintf("pulumi config set --path '%s' %s; to move, deploy a second stack: make env NAME=<name>", key,
				is))
	}
	same("cluster.region", running.RegionSlug, w.Region)
	if vpc != nil {
		same("cluster.network.vpc", vpc.IPRange, w.Network.VPC)
	}
	same("cluster.network.pods", running.ClusterSubnet, w.Network.Pods)
	same("cluster.network.services", running.ServiceSubnet, w.Network.Services)
	pools(running, w.Pools, errs)
}

// pools checks the order and the sizes of node pools. A pool's size cannot change, and the first pool of the list is
// the one that was created with the cluster and lives as long as it.
func pools(running *godo.KubernetesCluster, wanted []components.Pool, errs *field.Errors) {
	if len(running.NodePools) == 0 || len(wanted) == 0 {
		return
	}
	named := func(name string) *godo.KubernetesNodePool {
		i := slices.IndexFunc(running.NodePools, func(p *godo.KubernetesNodePool) bool { return p.Name == name })
		if i < 0 {
			return nil
		}
		return running.NodePools[i]
	}
	created := running.NodePools[0]
	for _, pool := range running.NodePools {
		if slices.Contains(pool.Tags, defaultPoolTag) {
			created = pool
		}
	}
	first := wanted[0]
	listed := slices.ContainsFunc(wanted[1:], func(p components.Pool) bool { return p.Name == created.Name })
	if first.Name != created.Name && (listed || named(first.Name) != nil || first.Size != created.Size) {
		errs.Add("cluster.pools[0].name", first.Name,
			fmt.Sprintf("%s (%s): the pool that was created with the cluster stays the first; without it the cluster would "+
				"be replaced",
				created.Name, created.Size),
			"list "+created.Name+" first; other pools follow it")
		return
	}
	if first.Size != created.Size {
		sizeError("cluster.pools[0].size", first.Size, created, "the cluster would be replaced and its volumes deleted", errs)
	}
	for i, pool := range wanted[1:] {
		if is := named(pool.Name); is != nil && is.ID != created.ID && is.Size != pool.Size {
			sizeError(fmt.Sprintf("cluster.pools[%d].size", i+1), pool.Size, is,
				"the pool would be deleted with all its nodes at once", errs)
		}
	}
}

func sizeError(key, value string, is *godo.KubernetesNodePool, loss string, errs *field.Errors) {
	errs.Add(key, value, fmt.Sprintf("%s: the size of pool %s cannot change; %s", is.Size, is.Name, loss),
		fmt.Sprintf("pulumi config set --path '%s' %s; then add a pool of the other size and drain this one: "+
			"docs/operating.md, Nodes of another size",
			key, is.Size))
}
