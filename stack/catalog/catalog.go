// Package catalog has what DigitalOcean offers and its API does not tell: prices, and the regions with Spaces. It
// imports nothing, so that small commands can use it.
package catalog

// PricesDate is when the prices below were written down. Compare them with their sources before you budget.
const PricesDate = "2026-11-24"

// Price is a list price of DigitalOcean, in US dollars a month.
type Price struct {
	USD    float64
	Of     string // what it buys
	Source string // the price page
}

// SpacesRegions are the regions with Spaces.
// https://docs.digitalocean.com/products/spaces/details/availability/
var SpacesRegions = []string{"ams3", "atl1", "blr1", "fra1", "lon1", "nyc3", "sfo2", "sfo3", "sgp1", "syd1", "tor1"}

// Prices DigitalOcean's API does not tell. Those of nodes come from the API.
var (
	HighAvailability = Price{40, "high availability of the control plane",
		"https://docs.digitalocean.com/products/kubernetes/details/pricing/"}
	LoadBalancerNode = Price{12, "a node of a regional load balancer",
		"https://docs.digitalocean.com/products/networking/load-balancers/details/pricing/"}
	VolumeGiB   = Price{0.10, "a GiB of block storage", "https://docs.digitalocean.com/products/volumes/details/pricing/"}
	SnapshotGiB = Price{0.06, "a GiB of a volume's snapshot",
		"https://docs.digitalocean.com/products/images/snapshots/details/pricing/"}
	// Spaces is one subscription of an account, whatever its number of buckets; 250 GiB are more than three replicas of
	// Loki write in 30 days on 100 nodes (docs/scaling.md).
	Spaces = Price{5, "Spaces, 250 GiB and 1 TiB of outbound transfer included",
		"https://docs.digitalocean.com/products/spaces/details/pricing/"}
)
