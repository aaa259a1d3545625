package components

import (
	"fmt"

	"github.com/pulumi/pulumi-digitalocean/sdk/v4/go/digitalocean"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// NodePrices asks DigitalOcean what a node of each size costs, in US dollars a month. A size it does not know is left
// out.
func NodePrices(ctx *pulumi.Context, sizes []string) (map[string]float64, error) {
	prices := map[string]float64{}
	if len(sizes) == 0 {
		return prices, nil
	}
	found, err := digitalocean.GetSizes(ctx, &digitalocean.GetSizesArgs{
		Filters: []digitalocean.GetSizesFilter{{Key: "slug", Values: sizes}},
	})
	if err != nil {
		return nil, fmt.Errorf("asking DigitalOcean for the prices of nodes: %w", err)
	}
	for _, size := range found.Sizes {
		prices[size.Slug] = size.PriceMonthly
	}
	return prices, nil
}
