package digitalocean

import (
	"fmt"
	"slices"
	"strings"

	"github.com/digitalocean/godo"
)

// versions are those a new cluster can have, newest first.
var versions = []string{"1.35.1-do.1", "1.34.3-do.2", "1.34.3-do.0", "1.33.7-do.0"}

// Versions returns the DOKS versions a new cluster can have, newest first.
func Versions() []string { return slices.Clone(versions) }

// regions are those with Kubernetes.
var regions = []string{"ams3", "atl1", "blr1", "fra1", "lon1", "nyc1", "nyc2", "nyc3", "sfo2", "sfo3", "sgp1", "syd1", "tor1"}

// sizes are the Droplets a node can be.
var sizes = slices.Concat(
	[]string{"s-1vcpu-2gb", "s-2vcpu-2gb", "s-2vcpu-4gb", "s-4vcpu-8gb", "s-8vcpu-16gb"},
	family("s-%dvcpu-%dgb-amd", 2, 2, 4, 8), family("s-%dvcpu-%dgb-intel", 2, 2, 4, 8),
	family("g-%dvcpu-%dgb", 4, 2, 4, 8, 16, 32, 40), family("gd-%dvcpu-%dgb", 4, 2, 4, 8, 16, 32, 40),
	[]string{"c-2", "c-4", "c-8", "c-16", "c-32"}, family("c2-%dvcpu-%dgb", 2, 2, 4, 8, 16, 32),
	family("m-%dvcpu-%dgb", 8, 2, 4, 8, 16, 24, 32), family("m3-%dvcpu-%dgb", 8, 2, 4, 8, 16, 24, 32),
	family("so-%dvcpu-%dgb", 8, 2, 4, 8, 16, 24, 32), family("so1_5-%dvcpu-%dgb", 8, 2, 4, 8, 16, 24, 32),
)

// family spells sizes out: each number of CPUs with so many GB a CPU.
func family(format string, gbPerCPU int, cpus ...int) []string {
	var list []string
	for _, n := range cpus {
		list = append(list, fmt.Sprintf(format, n, n*gbPerCPU))
	}
	return list
}

func options() godo.KubernetesOptions {
	o := godo.KubernetesOptions{}
	for _, v := range versions {
		o.Versions = append(o.Versions, &godo.KubernetesVersion{Slug: v, KubernetesVersion: strings.Split(v, "-")[0]})
	}
	for _, r := range regions {
		o.Regions = append(o.Regions, &godo.KubernetesRegion{Slug: r, Name: r})
	}
	for _, s := range sizes {
		o.Sizes = append(o.Sizes, &godo.KubernetesNodeSize{Slug: s, Name: s})
	}
	return o
}

// faultOf says what the API has against a new cluster; empty when nothing.
func (s *Simulator) faultOf(r *godo.KubernetesClusterCreateRequest) string {
	switch vpc := s.vpcs[r.VPCUUID]; {
	case r.Name == "":
		return "validation error: name is required"
	case !slices.Contains(regions, r.RegionSlug):
		return "validation error: invalid region slug"
	case !slices.Contains(versions, r.VersionSlug):
		return "validation error: invalid version slug"
	case len(r.NodePools) == 0:
		return "validation error: a node pool is required"
	case vpc == nil:
		return "validation error: no such VPC"
	case vpc.RegionSlug != r.RegionSlug:
		return "validation error: the VPC is in another region"
	}
	for _, pool := range r.NodePools {
		if fault := faultOfPool(pool); fault != "" {
			return fault
		}
	}
	for _, other := range s.clusters {
		if other.Name == r.Name {
			return "a cluster with this name already exists"
		}
	}
	return ""
}

func faultOfPool(p *godo.KubernetesNodePoolCreateRequest) string {
	switch {
	case p.Name == "":
		return "validation error: node pool name is required"
	case !slices.Contains(sizes, p.Size):
		return "validation error: invalid size slug " + p.Size
	case p.AutoScale && (p.MinNodes < 0 || p.MaxNodes < p.MinNodes || p.MaxNodes == 0):
		return "validation error: min_nodes and max_nodes of an autoscaled node pool"
	case !p.AutoScale && p.Count < 1:
		return "validation error: a node pool needs a node"
	}
	return ""
}
