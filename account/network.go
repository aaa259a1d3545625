package account

import (
	"errors"
	"fmt"
	"net/netip"
)

// Network is the address plan of a cluster, in CIDR notation: its nodes, pods and services.
type Network struct {
	// Network of the nodes, a private one from /16 to /24. It cannot be changed.
	VPC string `json:"vpc"`
	// Network of the pods, a private one from /12 to /20. It cannot be changed.
	Pods string `json:"pods"`
	// Network of the Services, a private one from /16 to /22. It cannot be changed.
	Services string `json:"services"`
}

// reserved are the ranges DigitalOcean keeps for itself in every region, for VPCs and VPC-native clusters alike:
// https://docs.digitalocean.com/products/networking/vpc/details/limits/
var reserved = []string{"10.229.0.0/16", "10.244.0.0/16", "10.245.0.0/16", "10.246.0.0/24"}

// reservedIn are those of single regions.
var reservedIn = map[string][]string{"nyc1": {"10.10.0.0/16"}}

// Range is a range of addresses that is taken, and by what.
type Range struct {
	Prefix netip.Prefix
	By     string // as in: the VPC default-ams3
}

// Taken are the ranges that a new VPC or cluster in the region cannot have.
func (i *Inventory) Taken(region string) []Range {
	var taken []Range
	add := func(cidr, by string) {
		if prefix, err := netip.ParsePrefix(cidr); err == nil {
			taken = append(taken, Range{prefix, by})
		}
	}
	for _, cidr := range append(reservedIn[region], reserved...) {
		add(cidr, "DigitalOcean (reserved)")
	}
	for _, vpc := range i.VPCs {
		add(vpc.IPRange, "the VPC "+vpc.Name)
	}
	for _, cluster := range i.Clusters {
		add(cluster.ClusterSubnet, "the pods of cluster "+cluster.Name)
		add(cluster.ServiceSubnet, "the services of cluster "+cluster.Name)
	}
	return taken
}

// Free networks are taken from 10.<even>.0.0/15, one for each cluster, from here on: clear of the VPCs that
// DigitalOcean makes by default, of the addresses it gives to Droplets, and of what it reserves.
const first, last = 160, 222

// Free is the first network that overlaps with nothing taken.
func Free(taken []Range) (Network, error) {
	for second := first; second <= last; second += 2 {
		block := netip.MustParsePrefix(fmt.Sprintf("10.%d.0.0/15", second))
		if Overlapping(block, taken) == nil {
			return Network{
				Pods:     fmt.Sprintf("10.%d.0.0/16", second),
				Services: fmt.Sprintf("10.%d.0.0/19", second+1),
				VPC:      fmt.Sprintf("10.%d.32.0/20", second+1),
			}, nil
		}
	}
	return Network{}, errors.New("no network is free between 10.160.0.0 and 10.223.255.255: set cluster.network")
}

// Overlapping is the first of the taken ranges that overlaps with the prefix; nil when it is free.
func Overlapping(prefix netip.Prefix, taken []Range) *Range {
	for i := range taken {
		if taken[i].Prefix.Overlaps(prefix) {
			return &taken[i]
		}
	}
	return nil
}
