package digitalocean

import (
	"fmt"
	"net/netip"
)

// reserved are the ranges DigitalOcean keeps for itself, in every region or in one:
// https://docs.digitalocean.com/products/networking/vpc/concepts/plan-your-network/
var reserved = []struct {
	prefix netip.Prefix
	region string // empty: every
}{
	{overlayPods, ""}, {overlayServices, ""}, {netip.MustParsePrefix("10.246.0.0/24"), ""},
	{netip.MustParsePrefix("10.229.0.0/16"), ""}, {netip.MustParsePrefix("10.10.0.0/16"), "nyc1"},
}

// overlayPods and overlayServices are what clusters have that are not native to their VPC. Every cluster may have them.
var (
	overlayPods     = netip.MustParsePrefix("10.244.0.0/16")
	overlayServices = netip.MustParsePrefix("10.245.0.0/16")
)

// defaultRanges are those of default VPCs. Real ones differ by account (10.110.0.0/20 was seen in ams3, 10.112.0.0/20
// in sfo1); these leave the sample stack files' ranges alone.
func defaultRanges() map[string]string {
	ranges := map[string]string{}
	for i, region := range regionSlugs() {
		ranges[region] = fmt.Sprintf("10.%d.%d.0/20", 100+i/16, i%16*16)
	}
	ranges["fra1"] = "10.114.0.0/20"
	return ranges
}

// network is a range in use.
type network struct {
	prefix netip.Prefix
	name   string
}

// networks are the ranges of the account's VPCs, and of its clusters that are native to theirs: each range is there
// once in an account, see https://github.com/digitalocean-labs/mcp-digitalocean/pull/260.
func (s *Simulator) networks() []network {
	var list []network
	add := func(name, ipRange string) {
		if prefix, err := netip.ParsePrefix(ipRange); err == nil && !isOverlay(prefix) {
			list = append(list, network{prefix, name})
		}
	}
	for _, v := range s.vpcs {
		add(v.Name, v.IPRange)
	}
	for _, c := range s.clusters {
		add(c.Name, c.ClusterSubnet)
		add(c.Name, c.ServiceSubnet)
	}
	return list
}

func isOverlay(p netip.Prefix) bool { return overlayPods.Overlaps(p) || overlayServices.Overlaps(p) }

// overlapping says which of the networks a range overlaps with; empty when none. The words are those of
// https://github.com/digitalocean-labs/mcp-digitalocean/pull/260.
func overlapping(prefix netip.Prefix, networks []network) string {
	for _, n := range networks {
		if n.prefix.Overlaps(prefix) {
			return fmt.Sprintf("This range/size overlaps with another VPC network in your account: %s %s.", n.name, n.prefix)
		}
	}
	return ""
}

// free finds a range of that size that nothing in the account uses.
func free(bits int, taken []network) netip.Prefix {
	candidate := netip.PrefixFrom(netip.MustParseAddr("10.128.0.0"), bits)
	for overlapping(candidate, taken) != "" {
		candidate = netip.PrefixFrom(following(candidate), bits)
	}
	return candidate
}

// following is the first address after a range.
func following(p netip.Prefix) netip.Addr {
	address := p.Addr().As4()
	value := uint32(address[0])<<24 | uint32(address[1])<<16 | uint32(address[2])<<8 | uint32(address[3])
	value += 1 << (32 - p.Bits())
	return netip.AddrFrom4([4]byte{byte(value >> 24), byte(value >> 16), byte(value >> 8), byte(value)})
}
