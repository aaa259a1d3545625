package main

import (
	"errors"
	"fmt"
	"net/netip"

	"doks-security/components"
)

// Environments take one 10.<even>.0.0/15 each from here on: clear of the VPCs that DigitalOcean makes by default, of the
// addresses it gives to Droplets, and of what it reserves (10.229, 10.244 to 10.246).
const first, last = 160, 222

// free is the first network that overlaps with none of those taken: VPCs and clusters may be peered one day.
func free(taken []components.Network) (components.Network, error) {
	var ranges []netip.Prefix
	for _, n := range taken {
		for _, cidr := range []string{n.VPC, n.Pods, n.Services} {
			if prefix, err := netip.ParsePrefix(cidr); err == nil { // a faulty one is refused at its own deployment
				ranges = append(ranges, prefix)
			}
		}
	}
	for second := first; second <= last; second += 2 {
		block := netip.MustParsePrefix(fmt.Sprintf("10.%d.0.0/15", second))
		used := false
		for _, prefix := range ranges {
			used = used || prefix.Overlaps(block)
		}
		if !used {
			return components.Network{
				Pods:     fmt.Sprintf("10.%d.0.0/16", second),
				Services: fmt.Sprintf("10.%d.0.0/19", second+1),
				VPC:      fmt.Sprintf("10.%d.32.0/20", second+1),
			}, nil
		}
	}
	return components.Network{}, errors.New("no network is left between 10.160.0.0 and 10.223.255.255; choose one by hand: Pulumi.yaml describes cluster.network")
}
