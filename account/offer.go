package account

import (
	"slices"

	"github.com/digitalocean/godo"
)

// Offer is what DigitalOcean offers the account for clusters.
type Offer struct {
	Versions []string // of Kubernetes, as slugs: 1.34.3-do.2
	Regions  []string // with Kubernetes, as slugs: fra1
	// NodeSizes are the sizes that nodes can have, as slugs: s-2vcpu-4gb.
	NodeSizes []string
	// Sizes are all sizes of Droplets with CPUs, memory, price and regions, also those that nodes cannot have and those
	// that are sold out.
	Sizes []godo.Size
}

func (o *Offer) add(options *godo.KubernetesOptions) {
	for _, version := range options.Versions {
		o.Versions = append(o.Versions, version.Slug)
	}
	for _, region := range options.Regions {
		o.Regions = append(o.Regions, region.Slug)
	}
	for _, size := range options.Sizes {
		o.NodeSizes = append(o.NodeSizes, size.Slug)
	}
}

// Size is the size of that slug; nil when there is none.
func (o *Offer) Size(slug string) *godo.Size {
	i := slices.IndexFunc(o.Sizes, func(s godo.Size) bool { return s.Slug == slug })
	if i < 0 {
		return nil
	}
	return &o.Sizes[i]
}

// HasSize reports whether a new node in the region can have the size. A size of which nothing but its slug is known is
// taken for one of every region.
func (o *Offer) HasSize(slug, region string) bool {
	size := o.Size(slug)
	return slices.Contains(o.NodeSizes, slug) && (size == nil || slices.Contains(size.Regions, region))
}

// Prices are the prices of Droplet sizes by slug, in US dollars a month; sizes without one are not among them.
func (o *Offer) Prices() map[string]float64 {
	prices := map[string]float64{}
	for _, size := range o.Sizes {
		if size.PriceMonthly > 0 {
			prices[size.Slug] = size.PriceMonthly
		}
	}
	return prices
}
