package digitalocean

import (
	"context"
	"fmt"
	"slices"

	"github.com/digitalocean/godo"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"doks-security/test/fakeproviders"
)

// getSizes lists Droplet sizes. Of the published function's filters it knows slugs.
func (p *provider) getSizes(ctx context.Context, args fakeproviders.Properties) (fakeproviders.Properties, error) {
	wanted := func(string) bool { return true }
	if filters, ok := args["filters"]; ok && filters.IsArray() {
		for _, f := range filters.ArrayValue() {
			if key := text(f.ObjectValue(), "key"); key != "slug" || len(filters.ArrayValue()) > 1 {
				return nil, fmt.Errorf("the DigitalOcean stand-in filters sizes by one list of slugs, not by %q", key)
			}
			slugs := texts(plainMap(f.ObjectValue())["values"])
			wanted = func(slug string) bool { return slices.Contains(slugs, slug) }
		}
	}
	all, _, err := p.client.Sizes.List(ctx, &godo.ListOptions{PerPage: 200})
	if err != nil {
		return nil, fmt.Errorf("listing sizes: %w", err)
	}
	sizes := []any{}
	for _, s := range all {
		if wanted(s.Slug) {
			sizes = append(sizes, map[string]any{
				"slug": s.Slug, "memory": s.Memory, "vcpus": s.Vcpus, "priceMonthly": s.PriceMonthly, "priceHourly": s.PriceHourly,
				"available": s.Available,
			})
		}
	}
	return resource.NewPropertyMapFromMap(map[string]any{"id": "sizes", "sizes": sizes}), nil
}
