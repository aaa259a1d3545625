package stack

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"doks-security/account"
	"doks-security/components"
	"doks-security/stack/field"
)

// reservedTag matches the tags of clusters and pools that DigitalOcean and its provider set, and hide from a state: a
// preview would show one that a user sets as a change each time.
var reservedTag = regexp.MustCompile(`(?i)^(k8s(:.*)?|terraform:.*)$`)

// doksClasses are the StorageClasses of every DOKS cluster:
// https://docs.digitalocean.com/products/kubernetes/how-to/add-volumes/. No other is there before the cluster.
var doksClasses = []string{"do-block-storage", "do-block-storage-retain", "do-block-storage-xfs",
	"do-block-storage-xfs-retain"}

// withExternal are the settings of a cluster that may be set with another one, which says that it is managed outside of
// this stack.
func (c ClusterSettings) withExternal() (external string, others []string) {
	if c.Kubeconfig != "" {
		return "kubeconfig", []string{"name", "provides", "storageClass"}
	}
	return "existing", []string{"credentials", "provides", "storageClass"}
}

// withoutEffect are the keys of given, a section cluster, that have no effect on a cluster that is managed outside of
// this stack, sorted.
func (c ClusterSettings) withoutEffect(given map[string]any) []string {
	external, others := c.withExternal()
	return slices.DeleteFunc(sortedKeys(given), func(key string) bool {
		return key == external || slices.Contains(others, key)
	})
}

// validateExternal refuses what only makes sense for a cluster of our own, or of DigitalOcean: it would silently do
// nothing.
func validateExternal(s Settings, given map[string]map[string]any, errs *field.Errors) {
	external, others := s.Cluster.withExternal()
	for _, key := range s.Cluster.withoutEffect(given["cluster"]) {
		errs.Add("cluster."+key, field.Plain(given["cluster"][key]),
			fmt.Sprintf("only cluster.%s with cluster.%s", strings.Join(others, ", cluster."), external),
			"remove it: the cluster is looked up, not changed")
	}
	if len(given["project"]) > 0 {
		errs.Add("project", field.Plain(given["project"]), "not set with cluster."+external,
			"remove it: the cluster stays where it is")
	}
	if s.Cluster.Kubeconfig == "" {
		return
	}
	if s.Logging.Storage == StorageSpaces {
		errs.Add("logging.storage", s.Logging.Storage, "volume with cluster.kubeconfig: Spaces are DigitalOcean's",
			"pulumi config set --path 'logging.storage' volume")
	}
	if s.Exposure.Mode == components.ByGateway {
		errs.Add("exposure.mode", s.Exposure.Mode, "private with cluster.kubeconfig: the Gateway and its DNS records are "+
			"DigitalOcean's", "pulumi config set --path 'exposure.mode' private")
	}
}

func validateProvides(provides []string, errs *field.Errors) {
	for i, name := range provides {
		if slices.Contains(provides[:i], name) {
			errs.Add(fmt.Sprintf("cluster.provides[%d]", i), name, "no duplicates", "remove the second entry")
		}
	}
}

func validateCluster(c ClusterSettings, errs *field.Errors) {
	validateNetwork(c.Network, errs)
	if c.VPC != "" && c.Network.VPC != "" {
		errs.Add("cluster.network.vpc", c.Network.VPC, "not set with cluster.vpc: that VPC has its range already",
			"pulumi config rm --path 'cluster.network.vpc'")
	}
	if !slices.Contains(doksClasses, c.StorageClass) && !errs.Has("cluster.storageClass") {
		errs.Add("cluster.storageClass", c.StorageClass, "a class that DOKS creates: "+strings.Join(doksClasses, ", "),
			"pulumi config set --path 'cluster.storageClass' "+doksClasses[0])
	}
	for i, cidr := range c.APIAllowedCIDRs {
		key := fmt.Sprintf("cluster.apiAllowedCIDRs[%d]", i)
		prefix, err := netip.ParsePrefix(cidr)
		switch {
		case err != nil || !prefix.Addr().Is4() || prefix != prefix.Masked():
			errs.Add(key, cidr, "an IPv4 network in CIDR notation without host bits, such as 203.0.113.0/24",
				"correct it; a single address ends in /32")
		case slices.Contains(c.APIAllowedCIDRs[:i], cidr):
			errs.Add(key, cidr, "each network once", "remove it")
		case prefix.Bits() == 0:
			errs.Add(key, cidr, "a network smaller than the internet", "remove the list to leave the control plane open")
		}
	}
	validateTags("cluster.tags", c.Tags, errs)
	validatePools(c.Pools, errs)
}

// validateTags refuses tags that have a meaning for others, and duplicates.
func validateTags(list string, tags []string, errs *field.Errors) {
	for i, t := range tags {
		key := fmt.Sprintf("%s[%d]", list, i)
		switch {
		case strings.HasPrefix(strings.ToLower(t), account.StackTag("")):
			errs.Add(key, t,
				"no tag that begins with "+account.StackTag("")+": by these stacks find their clusters",
				"remove it: the stack's own is added")
		case reservedTag.MatchString(t):
			errs.Add(key, t, "no tag that DigitalOcean or its provider sets: k8s, k8s:..., terraform:...", "remove it")
		case account.HasTag(tags[:i], t):
			errs.Add(key, t, "each tag once: DigitalOcean takes upper and lower case for the same", "remove it")
		}
	}
}

// validateNetwork holds DigitalOcean's bounds for VPC-native clusters, and no two ranges overlap.
func validateNetwork(n account.Network, errs *field.Errors) {
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
		if err != nil || prefix != prefix.Masked() || !prefix.Addr().Is4() || !prefix.Addr().IsPrivate() ||
			prefix.Bits() < r.low || prefix.Bits() > r.high {
			errs.Add(r.key, r.value, fmt.Sprintf("a private IPv4 network from /%d to /%d, without host bits", r.low, r.high),
				"correct it, or pulumi config rm --path '"+r.key+"': a free network is then chosen")
			continue
		}
		if other := account.Overlapping(prefix, others); other != nil {
			errs.Add(r.key, r.value, fmt.Sprintf("a network that does not overlap %s (%s)", other.By, other.Prefix),
				"choose one that does not overlap")
		}
		others = append(others, account.Range{Prefix: prefix, By: r.key})
	}
}

func validatePools(pools []components.Pool, errs *field.Errors) {
	if len(pools) == 0 {
		errs.Add("cluster.pools", nil, formats["pools"].EmptyAllowed, formats["pools"].EmptyFix)
		return
	}
	seen := map[string]bool{}
	for i, p := range pools {
		key := fmt.Sprintf("cluster.pools[%d]", i)
		if seen[p.Name] {
			errs.Add(key+".name", p.Name, "each name once", "rename the second pool")
		}
		seen[p.Name] = true
		validateScale(key, p, errs)
		validateTags(key+".tags", p.Tags, errs)
		for j, t := range p.Taints {
			taint := fmt.Sprintf("%s.taints[%d]", key, j)
			if slices.ContainsFunc(p.Taints[:j], func(o components.Taint) bool {
				return o.Key == t.Key &&
					o.Effect == t.Effect
			}) {
				errs.Add(taint, t.Key+":"+t.Effect,
					"each key once with each effect: Kubernetes refuses the second", "remove it")
			}
		}
	}
	first := pools[0]
	if first.AutoScale != nil && first.AutoScale.Min == 0 {
		errs.Add("cluster.pools[0].autoScale.min", 0,
			"1 to 512 nodes for the first pool: DOKS' own pods and this stack run there; other pools may scale to 0",
			"pulumi config set --path 'cluster.pools[0].autoScale.min' 1")
	}
	if first.Tainted() {
		errs.Add("cluster.pools[0].taints", first.Taints[0].Effect,
			"no taint that keeps pods off the first pool: DOKS' own pods and this stack run there",
			"move the taint to a second pool")
	}
}

func validateScale(key string, p components.Pool, errs *field.Errors) {
	nodes := field.Format{Min: 1, Max: 512, Unit: "nodes"}
	switch {
	case p.AutoScale == nil && p.Count == 0:
		nodes.Refuse(key+".count", p.Count, errs)
	case p.AutoScale == nil:
	case p.Count != 0:
		errs.Add(key+".count", p.Count, "either count or autoScale",
			"remove count: DigitalOcean sets it between autoScale.min and max")
	case p.AutoScale.Max < p.AutoScale.Min:
		nodes.Min = p.AutoScale.Min
		nodes.Refuse(key+".autoScale.max", p.AutoScale.Max, errs)
	}
}
