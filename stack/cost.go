package stack

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"doks-security/components"
	"doks-security/stack/catalog"
)

// Cost is what an environment costs, in US dollars a month, without traffic, snapshots, taxes and credits. Nodes that
// scale by themselves count with their minimum.
type Cost struct {
	Nodes         float64 `json:"nodes"`
	ControlPlane  float64 `json:"controlPlane"` // free without high availability
	LoadBalancers float64 `json:"loadBalancers"`
	Volumes       float64 `json:"volumes"`
	Spaces        float64 `json:"spaces"` // an account pays it once, whatever its number of environments
	Total         float64 `json:"total"`
	// Maximum is the total with every pool at its largest number of nodes.
	Maximum float64 `json:"maximum"`
}

// MonthlyCost adds up what the settings make DigitalOcean charge; nodes is the price of a month of a node by its size's
// slug. Of an existing cluster only what this stack adds is counted. An error names the sizes without a price.
func MonthlyCost(s Settings, nodes map[string]float64) (Cost, error) {
	priced := func(size string) bool { _, ok := nodes[size]; return ok }
	if unknown := slices.DeleteFunc(NodeSizes(s), priced); len(unknown) > 0 {
		return Cost{}, fmt.Errorf("no price of %s", strings.Join(unknown, ", "))
	}
	var c Cost
	var growth float64
	for _, p := range s.Cluster.Pools { // none of an existing cluster
		c.Nodes += nodes[p.Size] * float64(p.MinNodes())
		growth += nodes[p.Size] * float64(p.MaxNodes()-p.MinNodes())
	}
	if s.Cluster.HA && !s.Cluster.external() {
		c.ControlPlane = catalog.HighAvailability.USD
	}
	c.LoadBalancers = catalog.LoadBalancerNode.USD * float64(loadBalancerNodes(s))
	if slices.Contains(doksClasses, s.Cluster.StorageClass) { // what volumes of others cost is not known
		for _, claim := range s.claims() {
			c.Volumes += catalog.VolumeGiB.USD * float64(claim.GiB*claim.Replicas)
		}
	}
	if s.Logging.Storage == StorageSpaces {
		c.Spaces = catalog.Spaces.USD
	}
	c.Total = c.Nodes + c.ControlPlane + c.LoadBalancers + c.Volumes + c.Spaces
	c.Maximum = c.Total + growth
	for _, amount := range []*float64{&c.Nodes, &c.ControlPlane, &c.LoadBalancers, &c.Volumes, &c.Spaces, &c.Total,
		&c.Maximum} {
		*amount = math.Round(*amount*100) / 100 // cents
	}
	return c, nil
}

// loadBalancerNodes is how many nodes the stack's load balancers have: the Gateway's has one.
func loadBalancerNodes(s Settings) int {
	if s.Exposure.Mode == components.ByGateway {
		return 1
	}
	return 0
}

// NodeSizes are the slugs MonthlyCost needs prices of, each once.
func NodeSizes(s Settings) []string {
	var slugs []string
	for _, p := range s.Cluster.Pools {
		slugs = append(slugs, p.Size)
	}
	slices.Sort(slugs)
	return slices.Compact(slugs)
}
