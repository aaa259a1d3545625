package digitalocean

import (
	"encoding/json"

	"github.com/digitalocean/godo"
)

// shownPool is a node pool as the API shows it; godo's type omits what is zero.
type shownPool struct {
	*godo.KubernetesNodePool
	Count     int                    `json:"count"`
	AutoScale bool                   `json:"auto_scale"`
	MinNodes  int                    `json:"min_nodes"`
	MaxNodes  int                    `json:"max_nodes"`
	Nodes     []*godo.KubernetesNode `json:"nodes"`
}

func shown(p *godo.KubernetesNodePool) shownPool {
	return shownPool{p, p.Count, p.AutoScale, p.MinNodes, p.MaxNodes, append([]*godo.KubernetesNode{}, p.Nodes...)}
}

func shownPools(pools []*godo.KubernetesNodePool) []shownPool {
	all := []shownPool{}
	for _, p := range pools {
		all = append(all, shown(p))
	}
	return all
}

// MarshalJSON is the cluster as the API shows it.
func (c *cluster) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		godo.KubernetesCluster
		NodePools []shownPool `json:"node_pools"`
	}{c.KubernetesCluster, shownPools(c.NodePools)})
}
