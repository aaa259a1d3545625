package digitalocean

import (
	"slices"
	"testing"

	"github.com/digitalocean/godo"
)

// What DigitalOcean offers differs by region, and not every Droplet can be a node.
func TestOffer(t *testing.T) {
	_, c := open(t, &fake{})
	sizes, _, err := c.Sizes.List(t.Context(), &godo.ListOptions{PerPage: 200})
	if err != nil {
		t.Fatal(err)
	}
	options, _, err := c.Kubernetes.GetOptions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{} // of nodes' sizes, by slug
	for _, s := range options.Sizes {
		names[s.Slug] = s.Name
	}
	for slug, want := range map[string]struct {
		name    string // empty: no node can have it
		regions int
	}{
		"s-2vcpu-4gb": {"s-2vcpu-4gb", len(regions)}, "c-4": {"c-4-8GiB", len(regions)}, "s-1vcpu-1gb": {"", len(regions)},
		"gpu-h100x1-80gb": {"gpu-h100x1-80gb", 2}, "gpu-h100x8-640gb": {"gpu-h100x8-640gb", 0},
	} {
		i := slices.IndexFunc(sizes, func(s godo.Size) bool { return s.Slug == slug })
		if i < 0 || names[slug] != want.name || len(sizes[i].Regions) != want.regions ||
			sizes[i].Available != (want.regions > 0) {
			t.Errorf("%s: %q, %+v", slug, names[slug], sizes[max(0, i)])
		}
	}
}

// Sizes with their prices, spelled as DigitalOcean does.
func TestSizes(t *testing.T) {
	_, c := open(t, &fake{})
	sizes, _, err := c.Sizes.List(t.Context(), &godo.ListOptions{PerPage: 200})
	if err != nil {
		t.Fatal(err)
	}
	for slug, want := range map[string]godo.Size{
		"s-2vcpu-4gb":        {Vcpus: 2, Memory: 4096, PriceMonthly: 24},
		"s-4vcpu-8gb":        {Vcpus: 4, Memory: 8192, PriceMonthly: 48},
		"s-4vcpu-8gb-amd":    {Vcpus: 4, Memory: 8192, PriceMonthly: 56},
		"g-2vcpu-8gb":        {Vcpus: 2, Memory: 8192, PriceMonthly: 63},
		"c-4":                {Vcpus: 4, Memory: 8192, PriceMonthly: 84},
		"so1_5-32vcpu-256gb": {Vcpus: 32, Memory: 262144, PriceMonthly: 2608},
	} {
		i := slices.IndexFunc(sizes, func(s godo.Size) bool { return s.Slug == slug })
		if i < 0 {
			t.Errorf("no %s", slug)
			continue
		}
		if got := sizes[i]; got.Vcpus != want.Vcpus || got.Memory != want.Memory || got.PriceMonthly != want.PriceMonthly ||
			!got.Available {
			t.Errorf("%s: %+v", slug, got)
		}
	}
}
