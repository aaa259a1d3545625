package preflight

import (
	"strings"
	"testing"

	"doks-security/components"
)

func TestClusterRefusesSizesThatAreNotOffered(t *testing.T) {
	for _, c := range []struct {
		name, pool, size string
		says             string // empty: accepted
	}{
		{"offered", "more", "s-2vcpu-4gb", ""},
		{"not offered", "more", "s-999vcpu-999gb", `cluster.pools[2].size: "s-999vcpu-999gb"`},
		{"no longer offered, but running", "old", "s-1vcpu-3gb", ""},
		{"no longer offered, and not of this pool", "more", "s-1vcpu-3gb", `cluster.pools[2].size: "s-1vcpu-3gb"`},
		{"of Droplets alone", "more", "s-1vcpu-1gb", `cluster.pools[2].size: "s-1vcpu-1gb"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			i, w := inventory(), wanted()
			old := *i.Clusters[0].NodePools[0]
			old.Name, old.Size = "old", "s-1vcpu-3gb"
			i.Clusters[0].NodePools = append(i.Clusters[0].NodePools, &old)
			w.Pools = append(w.Pools, components.Pool{Name: c.pool, Size: c.size, Count: 1})
			_, err := Cluster(i, w, noUpgrades)
			if c.says == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.says) ||
				!strings.Contains(err.Error(), "s-2vcpu-4gb, s-4vcpu-8gb") {
				t.Errorf("err = %v, want it to contain %q and the sizes", err, c.says)
			}
		})
	}
}

func TestClusterRefusesSizesOfOtherRegions(t *testing.T) {
	i, w := inventory(), wanted()
	w.Pools = append(w.Pools, components.Pool{Name: "gpu", Size: "gpu-h100x1-80gb", Count: 1})
	_, err := Cluster(i, w, noUpgrades)
	for _, want := range []string{`cluster.pools[2].size: "gpu-h100x1-80gb"`, "for nodes in fra1: c-4, s-2vcpu-4gb",
		"is offered in ams3, tor1"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("err = %v, want it to contain %q", err, want)
		}
	}
}

func TestClusterRefusesRegionsWithoutKubernetes(t *testing.T) {
	i, w := inventory(), wanted()
	i.Clusters, w.Last = nil, Deployment{}
	w.Region = "sfo1"
	_, err := Cluster(i, w, noUpgrades)
	if err == nil || !strings.Contains(err.Error(), `cluster.region: "sfo1"`) ||
		!strings.Contains(err.Error(), "a region with Kubernetes: ams3, fra1") {
		t.Errorf("err = %v, want one of cluster.region", err)
	}
}
