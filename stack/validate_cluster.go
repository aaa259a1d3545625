package stack

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"doks-security/account"
	"doks-security/components"
	"doks-security/preflight/incluster"
	"doks-security/stack/field"
)

var (
	versionPrefix = regexp.MustCompile(`^1\.[0-9]{1,3}(\.[0-9]{1,3}(-do\.[0-9]{1,3})?)?$`)
	clock         = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)
	days          = []string{"any", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}
	effects       = []string{"NoSchedule", "PreferNoSchedule", "NoExecute"}
	labelKey      = regexp.MustCompile(`^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`)
	// A cluster that was created elsewhere: what its name ends in takes these characters without quoting.
	clusterName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,253}[A-Za-z0-9])?$`)
	labelValue  = regexp.MustCompile(`^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$`)
)

// OldestMinor is the oldest Kubernetes we support: where Gateway API comes with VPC-native clusters; older minors are out
// of DigitalOcean's support.
const OldestMinor = 33

// validateExisting refuses what only makes sense for a cluster of our own: it would silently do nothing.
func validateExisting(s Settings, given map[string]map[string]any, faults *field.Errors) {
	credentials(s.Cluster.Credentials, faults)
	validateProvides(s.Cluster.Provides, faults)
	if !clusterName.MatchString(s.Cluster.Existing) {
		faults.Add("cluster.existing", s.Cluster.Existing,
			"the name of a cluster: letters, digits, dots, hyphens and underscores",
			"pulumi config set --path 'cluster.existing' <name>; `doctl kubernetes cluster list` lists them")
	}
	for _, key := range sortedKeys(given["cluster"]) {
		if key != "existing" && key != "credentials" && key != "provides" {
			faults.Add("cluster."+key, plain(given["cluster"][key]), "only cluster.credentials and cluster.provides beside cluster.existing",
				"remove it: the cluster "+s.Cluster.Existing+" is looked up, not changed")
		}
	}
	if len(given["project"]) > 0 {
		faults.Add("project", plain(given["project"]), "nothing beside cluster.existing", "remove it: the cluster stays in the project it is in")
	}
}

func validateProvides(provides []string, faults *field.Errors) {
	for i, name := range provides {
		key := fmt.Sprintf("cluster.provides[%d]", i)
		if oneOf(key, name, incluster.Providable, faults) && slices.Contains(provides[:i], name) {
			faults.Add(key, name, "each once", "remove the second entry")
		}
	}
}

func credentials(c components.Credentials, faults *field.Errors) {
	oneOf("cluster.credentials", string(c), []string{string(components.TokenCredentials), string(components.DoctlCredentials)}, faults)
}

func validateCluster(c ClusterSettings, faults *field.Errors) {
	credentials(c.Credentials, faults)
	validateProvides(c.Provides, faults)
	if !label.MatchString(c.Name) {
		faults.Add("cluster.name", c.Name, "lowercase letters, digits and hyphens, at most 63, unique in the account", "pulumi config set --path 'cluster.name' <name>")
	}
	oneOf("cluster.region", c.Region, regions, faults)
	var minor int
	if _, err := fmt.Sscanf(c.Version, "1.%d", &minor); err != nil || !versionPrefix.MatchString(c.Version) || minor < OldestMinor {
		faults.Add("cluster.version", c.Version, fmt.Sprintf("a minor from 1.%d on (\"1.34\"), or an exact slug (\"1.34.1-do.0\"); never latest", OldestMinor),
			"pulumi config set --path 'cluster.version' 1.34; `doctl kubernetes options versions` lists them")
	}
	oneOf("cluster.maintenance.day", c.Maintenance.Day, days, faults)
	if !clock.MatchString(c.Maintenance.Start) {
		faults.Add("cluster.maintenance.start", c.Maintenance.Start, "HH:MM in UTC, 00:00 to 23:59", "pulumi config set --path 'cluster.maintenance.start' 04:00")
	}
	validateNetwork(c.Network, faults)
	for i, cidr := range c.APIAllowedCIDRs {
		key := fmt.Sprintf("cluster.apiAllowedCIDRs[%d]", i)
		prefix, err := netip.ParsePrefix(cidr)
		switch {
		case err != nil || !prefix.Addr().Is4() || prefix != prefix.Masked():
			faults.Add(key, cidr, "an IPv4 network in CIDR notation without host bits, such as 203.0.113.0/24",
				"correct it; a single address ends in /32")
		case slices.Contains(c.APIAllowedCIDRs[:i], cidr):
			faults.Add(key, cidr, "each network once", "remove it")
		case prefix.Bits() == 0:
			faults.Add(key, cidr, "a network smaller than the internet", "remove the list to leave the control plane open")
		}
	}
	for i, t := range c.Tags {
		key := fmt.Sprintf("cluster.tags[%d]", i)
		switch {
		case !tag.MatchString(t):
			faults.Add(key, t, "letters, digits, _, - and :, at most 255", "correct it")
		case strings.HasPrefix(strings.ToLower(t), account.StackTag("")):
			faults.Add(key, t,
				"no tag that begins with "+account.StackTag("")+": by these stacks find their clusters", "remove it: the stack's own is added")
		case slices.ContainsFunc(c.Tags[:i], func(other string) bool { return strings.EqualFold(other, t) }):
			faults.Add(key, t, "each tag once: DigitalOcean takes upper and lower case for the same", "remove it")
		}
	}
	validatePools(c.Pools, faults)
}

// validateNetwork holds DigitalOcean's bounds for VPC-native clusters, and no two ranges overlap.
func validateNetwork(n account.Network, faults *field.Errors) {
	ranges := []struct {
		key, value string
		low, high  int // prefix lengths
	}{
		{"cluster.network.vpc", n.VPC, 16, 24},
		{"cluster.network.pods", n.Pods, 12, 20},
		{"cluster.network.services", n.Services, 16, 22},
	}
	var others []account.Range
	for _, r := range ranges {
		if r.value == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(r.value)
		if err != nil || prefix != prefix.Masked() || !prefix.Addr().Is4() || !prefix.Addr().IsPrivate() || prefix.Bits() < r.low || prefix.Bits() > r.high {
			faults.Add(r.key, r.value, fmt.Sprintf("a private IPv4 network from /%d to /%d, without host bits", r.low, r.high),
				"correct it, or pulumi config rm --path '"+r.key+"': a free network is then chosen")
			continue
		}
		if other := account.Overlapping(prefix, others); other != nil {
			faults.Add(r.key, r.value, fmt.Sprintf("a network apart from %s (%s)", other.By, other.Prefix), "choose one that does not overlap")
		}
		others = append(others, account.Range{Prefix: prefix, By: r.key})
	}
}

func validatePools(pools []components.Pool, faults *field.Errors) {
	if len(pools) == 0 {
		faults.Add("cluster.pools", nil, "at least one pool of nodes", "pools: [{name: default, size: s-2vcpu-4gb, count: 3}]")
		return
	}
	seen := map[string]bool{}
	for i, p := range pools {
		key := fmt.Sprintf("cluster.pools[%d]", i)
		if !label.MatchString(p.Name) {
			faults.Add(key+".name", p.Name, "lowercase letters, digits and hyphens, at most 63", "correct it")
		}
		if seen[p.Name] {
			faults.Add(key+".name", p.Name, "each name once", "rename the second pool")
		}
		seen[p.Name] = true
		if _, known := Allocatable(p.Size); !known {
			faults.Add(key+".size", p.Size, "a Droplet size with 2 vCPUs and 4 GB or more, such as s-2vcpu-4gb", "`doctl kubernetes options sizes` lists them")
		}
		validateScale(key, p, faults)
		for name, value := range p.Labels {
			if !labelKey.MatchString(name) || !labelValue.MatchString(value) || strings.Contains(name, "kubernetes.io/") {
				faults.Add(key+".labels."+name, value, "a Kubernetes label outside kubernetes.io", "correct it")
			}
		}
		for j, t := range p.Taints {
			taint := fmt.Sprintf("%s.taints[%d]", key, j)
			if !labelKey.MatchString(t.Key) || !labelValue.MatchString(t.Value) {
				faults.Add(taint, t.Key+"="+t.Value, "key and value as of a Kubernetes label", "correct it")
			}
			oneOf(taint+".effect", t.Effect, effects, faults)
			if slices.ContainsFunc(p.Taints[:j], func(o components.Taint) bool { return o.Key == t.Key && o.Effect == t.Effect }) {
				faults.Add(taint, t.Key+":"+t.Effect,
					"each key once with each effect: Kubernetes refuses the second", "remove it")
			}
		}
	}
	if first := pools[0]; slices.ContainsFunc(first.Taints, func(t components.Taint) bool { return t.Effect != "PreferNoSchedule" }) {
		faults.Add("cluster.pools[0].taints", first.Taints[0].Effect, "no taint that keeps pods off the first pool: DOKS' own pods and this stack run there",
			"move the taint to a second pool")
	}
}

func validateScale(key string, p components.Pool, faults *field.Errors) {
	switch {
	case p.AutoScale == nil:
		between(key+".count", p.Count, 1, 512, "nodes", faults)
	case p.Count != 0:
		faults.Add(key+".count", p.Count, "either count or autoScale", "remove count: DigitalOcean sets it between autoScale.min and max")
	default:
		between(key+".autoScale.min", p.AutoScale.Min, 1, 512, "nodes", faults)
		between(key+".autoScale.max", p.AutoScale.Max, max(1, p.AutoScale.Min), 512, "nodes", faults)
	}
}
