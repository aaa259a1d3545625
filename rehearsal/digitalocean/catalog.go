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

// sizes are the Droplets a node can be, with list prices of November 2026: those of a family follow its CPUs.
var sizes = slices.Concat(
	[]godo.Size{size("s-1vcpu-2gb", 1, 2, 12), size("s-2vcpu-2gb", 2, 2, 18)},
	family("s-%dvcpu-%dgb", 2, 12, 2, 4, 8),
	family("s-%dvcpu-%dgb-amd", 2, 14, 2, 4, 8), family("s-%dvcpu-%dgb-intel", 2, 14, 2, 4, 8),
	family("g-%dvcpu-%dgb", 4, 31.5, 2, 4, 8, 16, 32, 40), family("gd-%dvcpu-%dgb", 4, 34, 2, 4, 8, 16, 32, 40),
	family("c-%d", 2, 21, 2, 4, 8, 16, 32), family("c2-%dvcpu-%dgb", 2, 23.5, 2, 4, 8, 16, 32),
	family("m-%dvcpu-%dgb", 8, 42, 2, 4, 8, 16, 24, 32), family("m3-%dvcpu-%dgb", 8, 52, 2, 4, 8, 16, 24, 32),
	family("so-%dvcpu-%dgb", 8, 65.5, 2, 4, 8, 16, 24, 32), family("so1_5-%dvcpu-%dgb", 8, 81.5, 2, 4, 8, 16, 24, 32),
)

// Sizes returns the Droplets a node can be.
func Sizes() []godo.Size { return slices.Clone(sizes) }

// family makes a size of each number of CPUs, with so many GB and so many US dollars a month a CPU.
func family(format string, gbPerCPU int, usdPerCPU float64, cpus ...int) []godo.Size {
	var list []godo.Size
	for _, n := range cpus {
		slug := fmt.Sprintf(format, n)
		if strings.Contains(format, "gb") {
			slug = fmt.Sprintf(format, n, n*gbPerCPU)
		}
		list = append(list, size(slug, n, n*gbPerCPU, usdPerCPU*float64(n)))
	}
	return list
}

func size(slug string, cpus, gb int, usd float64) godo.Size {
	return godo.Size{Slug: slug, Vcpus: cpus, Memory: gb * 1024, PriceMonthly: usd, PriceHourly: usd / 672, Regions: regions, Available: true}
}

func isSize(slug string) bool {
	return slices.ContainsFunc(sizes, func(s godo.Size) bool { return s.Slug == slug })
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
		o.Sizes = append(o.Sizes, &godo.KubernetesNodeSize{Slug: s.Slug, Name: s.Slug})
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
	case !isSize(p.Size):
		return "validation error: invalid size slug " + p.Size
	case p.AutoScale && (p.MinNodes < 0 || p.MaxNodes < p.MinNodes || p.MaxNodes == 0):
		return "validation error: min_nodes and max_nodes of an autoscaled node pool"
	case !p.AutoScale && p.Count < 1:
		return "validation error: a node pool needs a node"
	}
	return ""
}
