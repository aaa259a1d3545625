package audit

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"doks-security/stack/catalog"
)

// volumes are those that Kubernetes made, by their name, and their snapshots.
func (a *auditor) volumes() {
	belong := map[string]bool{}
	for _, v := range a.Volumes {
		untagged := ""
		if len(v.DropletIDs) == 0 {
			untagged = "attached to nothing, no cluster's tag"
		}
		why := a.whyOfCluster(v.Tags, untagged)
		belong[v.ID] = why == ""
		if why != "" && strings.HasPrefix(v.Name, "pvc-") {
			a.add("volume", v.Name, catalog.VolumeGiB.USD*float64(v.SizeGigaBytes), "id %s, %d GiB; %s", v.ID,
				v.SizeGigaBytes, why)
		}
	}
	for _, s := range a.Snapshots {
		if s.ResourceType != "volume" || belong[s.ResourceID] {
			continue
		}
		a.add("snapshot", s.Name, catalog.SnapshotGiB.USD*s.SizeGigaBytes,
			"id %s, %.1f GiB; its volume belongs to no stack, or is gone", s.ID, s.SizeGigaBytes)
	}
}

func (a *auditor) loadBalancers() {
	for _, b := range a.LoadBalancers {
		if why := a.whyOfCluster(b.Tags, "no cluster's tag"); why != "" {
			a.add("load balancer", b.Name, catalog.LoadBalancerNode.USD*float64(max(1, b.SizeUnit)), "id %s, %s; %s",
				b.ID, b.IP, why)
		}
	}
}

func (a *auditor) projects() {
	for _, p := range a.Projects {
		if p.IsDefault || a.states.has("project:Project", p.ID) {
			continue
		}
		ours := false
		for _, urn := range p.Resources {
			id, isCluster := strings.CutPrefix(urn, "do:kubernetes:")
			why, there := a.stray[id]
			ours = ours || isCluster && there && why == ""
		}
		if !ours {
			a.add("project", p.Name, 0, "id %s, %d resources; in no state, no cluster of a stack in it", p.ID, len(p.Resources))
		}
	}
}

// hosts are the names this program gives by default to what it exposes (exposure.hosts).
var hosts = []string{"grafana", "falco"}

// records are those with such a name that point to no load balancer of the account.
func (a *auditor) records() {
	addresses := map[string]bool{}
	for _, b := range a.LoadBalancers {
		addresses[b.IP] = true
	}
	for _, r := range a.Records {
		named := false
		for _, host := range hosts {
			named = named || r.Name == host || strings.HasPrefix(r.Name, host+".")
		}
		if r.Type != "A" || !named || addresses[r.Data] || a.states.has("dnsRecord:DnsRecord", strconv.Itoa(r.ID)) {
			continue
		}
		a.add("DNS record", r.Name+"."+r.Domain, 0, "id %d, A %s; no load balancer has this address", r.ID, r.Data)
	}
}

// spaces are buckets and keys. The subscription is one price for all buckets of an account: it is counted when none of
// them belongs to a stack.
func (a *auditor) spaces(ctx context.Context, list func(context.Context) ([]string, error)) error {
	for _, k := range a.Keys {
		if !a.states.has("spacesKey:SpacesKey", k.AccessKey) {
			a.add("Spaces key", k.Name, 0, "access key %s; %s", k.AccessKey, a.inNoState())
		}
	}
	if list == nil {
		a.note("buckets were not listed: set SPACES_ACCESS_KEY_ID and SPACES_SECRET_ACCESS_KEY")
		return nil
	}
	buckets, err := list(ctx)
	if err != nil {
		return fmt.Errorf("listing the Spaces buckets: %w", err)
	}
	usd := catalog.Spaces.USD
	for _, b := range buckets {
		if a.states.has("spacesBucket:SpacesBucket", b) {
			usd = 0
		}
	}
	for _, b := range buckets {
		if !a.states.has("spacesBucket:SpacesBucket", b) {
			a.add("bucket", b, usd, "%s; the price is one subscription for all buckets", a.inNoState())
			usd = 0
		}
	}
	return nil
}

func (a *auditor) inNoState() string {
	if a.states == nil {
		return "no state was read"
	}
	return "in no state"
}
