package digitalocean

import (
	"fmt"
	"net/netip"

	"github.com/digitalocean/godo"
)

// invalidCluster says what the API has against a new cluster; empty when nothing.
func (s *Simulator) invalidCluster(r *godo.KubernetesClusterCreateRequest) string {
	_, offered := s.resolve(r.VersionSlug)
	vpc := s.vpcs[r.VPCUUID]
	switch {
	case r.Name == "":
		return "validation error: name is required"
	case !hasKubernetes(r.RegionSlug):
		return "validation error: invalid region slug"
	case !offered: // https://github.com/jupyterhub/zero-to-jupyterhub-k8s/pull/2133
		return "validation error: invalid version slug"
	case len(r.NodePools) == 0:
		return "validation error: a node pool is required"
	case r.VPCUUID != "" && vpc == nil:
		return "validation error: no such VPC"
	case vpc != nil && vpc.RegionSlug != r.RegionSlug:
		return "validation error: the VPC is in another region"
	case s.clusterNamed(r.Name) != nil:
		return "a cluster with this name already exists"
	}
	names := map[string]bool{}
	least := 0
	for i, pool := range r.NodePools {
		if message := invalidPool(fmt.Sprintf("worker_node_pool_specs[%d]", i), r.RegionSlug, pool); message != "" {
			return message
		}
		least += max(pool.Count, pool.MinNodes)
		if names[pool.Name] {
			return "validation error: node pool names must be unique"
		}
		names[pool.Name] = true
	}
	if least == 0 {
		return "validation error: a cluster must have at least one worker node"
	}
	if message := s.beyondLimit(r.NodePools...); message != "" {
		return message
	}
	return s.invalidSubnets(r)
}

// invalidSubnets says what is wrong with the ranges of a cluster that is native to its VPC: see
// https://github.com/digitalocean/terraform-provider-digitalocean/pull/1253.
func (s *Simulator) invalidSubnets(r *godo.KubernetesClusterCreateRequest) string {
	if (r.ClusterSubnet == "") != (r.ServiceSubnet == "") {
		return "validation error: cluster_subnet and service_subnet must be given together"
	}
	taken := s.networks()
	for _, subnet := range []struct{ field, kind, value string }{
		{"cluster_subnet", "pod", r.ClusterSubnet}, {"service_subnet", "service", r.ServiceSubnet},
	} {
		if subnet.value == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(subnet.value)
		if err != nil || prefix != prefix.Masked() || !prefix.Addr().Is4() || !prefix.Addr().IsPrivate() {
			return "validation error: " + subnet.field + " must be a network of private addresses in CIDR notation"
		}
		if message := overlapping(prefix, taken); message != "" {
			return "creating vpc " + subnet.kind + " subnet overlay: rpc error: code = InvalidArgument desc = " + message
		}
		taken = append(taken, network{prefix, r.Name})
	}
	return ""
}

// subnets are those a new cluster gets; without a request two that are free, as newer clusters have:
// https://github.com/digitalocean/doctl/pull/1812.
func (s *Simulator) subnets(r *godo.KubernetesClusterCreateRequest) (pods, services string) {
	if r.ClusterSubnet != "" {
		return r.ClusterSubnet, r.ServiceSubnet
	}
	taken := s.networks()
	chosen := free(16, taken)
	return chosen.String(), free(19, append(taken, network{chosen, r.Name})).String()
}

// ensureDefaultVPC finds the default VPC of a region; the first cluster without its own VPC makes it.
func (s *Simulator) ensureDefaultVPC(region string) *godo.VPC {
	if v := s.defaultVPC(region); v != nil {
		return v
	}
	return s.addVPC(&godo.VPC{
		Name: "default-" + region, RegionSlug: region, IPRange: free(20, s.networks()).String(), Default: true,
	})
}

// invalidPool says what the API has against a new node pool; spec is how it names it.
func invalidPool(spec, region string, p *godo.KubernetesNodePoolCreateRequest) string {
	switch {
	case p.Name == "":
		return "validation error: " + spec + ".name is required"
	case len(p.Name) > 55: // https://github.com/digitalocean/csi-digitalocean/pull/279
		return "validation error: " + spec + ".pool names cannot be greater than 55 characters"
	case !isSize(p.Size):
		return "validation error: invalid size slug " + p.Size
	case !offeredIn(region, p.Size):
		return "validation error: size " + p.Size + " is not available in region " + region
	case !p.AutoScale && p.Count < 1:
		return "validation error: " + spec + ".count must be greater than or equal to 1"
	}
	if p.AutoScale {
		return invalidScale(spec, p.MinNodes, p.MaxNodes)
	}
	return ""
}

// invalidScale says what is wrong with an autoscaled pool. It may scale to zero, as long as the cluster has a node:
// https://docs.digitalocean.com/products/kubernetes/how-to/autoscale/ and
// https://github.com/digitalocean/terraform-provider-digitalocean/pull/1357; before 2025 the minimum was 1:
// https://github.com/digitalocean/doctl/issues/1516.
func invalidScale(spec string, minimum, maximum int) string {
	switch {
	case minimum < 0:
		return "validation error: " + spec + ".min nodes must be greater than or equal to 0"
	case maximum < 1:
		return "validation error: " + spec + ".max nodes must be greater than or equal to 1"
	case maximum < minimum:
		return "validation error: " + spec + ".max nodes must be greater than or equal to min nodes"
	}
	return ""
}

// beyondLimit says when new pools need more Droplets than the account may have:
// https://github.com/digitalocean/doctl/issues/1619.
func (s *Simulator) beyondLimit(pools ...*godo.KubernetesNodePoolCreateRequest) string {
	wanted, most := 0, 0
	for _, p := range pools {
		if p.AutoScale {
			wanted, most = wanted+max(p.Count, p.MinNodes), most+p.MaxNodes
		} else {
			wanted, most = wanted+p.Count, most+p.Count
		}
	}
	return s.beyondLimitBy(wanted, most)
}

func (s *Simulator) beyondLimitBy(wanted, most int) string {
	available := s.options.DropletLimit
	for _, c := range s.clusters {
		available -= len(droplets(c))
	}
	const enough = "%d additional nodes but not enough available droplet limit"
	switch {
	case wanted > available:
		return fmt.Sprintf("validation error: "+enough, wanted)
	case most > available:
		return fmt.Sprintf("validation error: autoscale desired max nodes exceed limits, "+enough, most)
	}
	return ""
}
