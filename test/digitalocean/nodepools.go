package digitalocean

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/digitalocean/godo"
	"github.com/google/uuid"
)

func (s *Simulator) routeNodePools(mux *http.ServeMux) {
	const base = "/v2/kubernetes/clusters/{id}/node_pools"
	mux.HandleFunc("GET "+base, s.withCluster(func(w http.ResponseWriter, _ *http.Request, c *cluster) {
		reply(w, http.StatusOK, "node_pools", shownPools(c.NodePools))
	}))
	mux.HandleFunc("POST "+base, s.withCluster(s.addPool))
	show := func(w http.ResponseWriter, _ *http.Request, _ *cluster, p *godo.KubernetesNodePool) {
		reply(w, http.StatusOK, "node_pool", shown(p))
	}
	mux.HandleFunc("GET "+base+"/{pool}", s.withPool(show))
	mux.HandleFunc("PUT "+base+"/{pool}", s.withPool(s.updatePool))
	mux.HandleFunc("DELETE "+base+"/{pool}", s.withPool(s.deletePool))
}

func (s *Simulator) deletePool(w http.ResponseWriter, _ *http.Request, c *cluster, p *godo.KubernetesNodePool) {
	if len(c.NodePools) == 1 { // https://docs.digitalocean.com/products/kubernetes/details/limits/
		invalid(w, "a cluster must have at least one node pool")
		return
	}
	c.NodePools = slices.DeleteFunc(c.NodePools, func(other *godo.KubernetesNodePool) bool { return other.ID == p.ID })
	s.later(func(ctx context.Context) { _ = s.syncNodes(ctx, c) }) // the cluster may be gone already
	w.WriteHeader(http.StatusNoContent)
}

// withPool finds the pool of the path; the handler holds the account's lock.
func (s *Simulator) withPool(
	handle func(http.ResponseWriter, *http.Request, *cluster, *godo.KubernetesNodePool),
) http.HandlerFunc {
	return s.withCluster(func(w http.ResponseWriter, r *http.Request, c *cluster) {
		for _, p := range c.NodePools {
			if p.ID == r.PathValue("pool") {
				handle(w, r, c, p)
				return
			}
		}
		notFound(w)
	})
}

func (s *Simulator) addPool(w http.ResponseWriter, r *http.Request, c *cluster) {
	var request godo.KubernetesNodePoolCreateRequest
	if !read(w, r, &request) {
		return
	}
	message := invalidPool("worker_node_pool_spec", c.RegionSlug, &request)
	if message == "" && poolNamed(c, request.Name) != nil {
		message = "validation error: node pool names must be unique"
	}
	if message == "" {
		message = s.beyondLimit(&request)
	}
	if message != "" {
		invalid(w, "%s", message)
		return
	}
	pool := s.newPool(c.ID, &request)
	c.NodePools = append(c.NodePools, pool)
	s.provision(c, pool)
	reply(w, http.StatusCreated, "node_pool", shown(pool))
}

func poolNamed(c *cluster, name string) *godo.KubernetesNodePool {
	for _, p := range c.NodePools {
		if p.Name == name {
			return p
		}
	}
	return nil
}

func (s *Simulator) newPool(cluster string, r *godo.KubernetesNodePoolCreateRequest) *godo.KubernetesNodePool {
	p := &godo.KubernetesNodePool{
		ID: uuid.NewString(), Name: r.Name, Size: r.Size, Count: r.Count, Labels: r.Labels, Taints: r.Taints,
		AutoScale: r.AutoScale, MinNodes: r.MinNodes, MaxNodes: r.MaxNodes, Tags: poolTags(cluster, r.Tags),
	}
	if p.AutoScale {
		p.Count = max(p.Count, p.MinNodes)
	}
	s.resize(p)
	return p
}

func poolTags(cluster string, own []string) []string {
	return append(append(defaultTags(cluster), "k8s:worker"), own...)
}

// updatePool changes a pool, also its name, but never its size: the API knows no size of an existing pool.
func (s *Simulator) updatePool(w http.ResponseWriter, r *http.Request, c *cluster, p *godo.KubernetesNodePool) {
	var request godo.KubernetesNodePoolUpdateRequest
	if !read(w, r, &request) {
		return
	}
	changed := *p
	change(&changed, request)
	message := ""
	switch other := poolNamed(c, changed.Name); {
	case other != nil && other.ID != p.ID:
		message = "validation error: node pool names must be unique"
	case changed.AutoScale && changed.MinNodes < 1 && len(c.NodePools) == 1:
		message = "validation error: a cluster must have at least one worker node"
	case changed.AutoScale:
		message = invalidScale("worker_node_pool_spec", changed.MinNodes, changed.MaxNodes)
	case changed.Count < 1 && len(c.NodePools) == 1:
		message = "validation error: a cluster must have at least one worker node"
	}
	if message == "" {
		message = s.beyondLimitBy(changed.Count-p.Count, 0)
	}
	if message != "" {
		invalid(w, "%s", message)
		return
	}
	if request.Tags != nil {
		changed.Tags = poolTags(c.ID, request.Tags)
	}
	*p = changed
	s.resize(p)
	s.provision(c, p)
	reply(w, http.StatusAccepted, "node_pool", shown(p))
}

func change(p *godo.KubernetesNodePool, r godo.KubernetesNodePoolUpdateRequest) {
	if r.Name != "" {
		p.Name = r.Name
	}
	if r.Count != nil {
		p.Count = *r.Count
	}
	if r.Labels != nil {
		p.Labels = r.Labels
	}
	if r.Taints != nil {
		p.Taints = *r.Taints
	}
	if r.AutoScale != nil {
		p.AutoScale = *r.AutoScale
	}
	if r.MinNodes != nil {
		p.MinNodes = *r.MinNodes
	}
	if r.MaxNodes != nil {
		p.MaxNodes = *r.MaxNodes
	}
	if p.AutoScale {
		p.Count = max(p.MinNodes, min(p.Count, p.MaxNodes))
	}
}

// resize adds or drops nodes until there are as many as the pool counts.
func (s *Simulator) resize(p *godo.KubernetesNodePool) {
	for len(p.Nodes) < p.Count {
		s.lastDroplet++
		p.Nodes = append(p.Nodes, &godo.KubernetesNode{
			ID: uuid.NewString(), Name: p.Name + "-" + strings.ToLower(rand.Text()[:5]), DropletID: strconv.Itoa(s.lastDroplet),
			Status: &godo.KubernetesNodeStatus{State: "provisioning"}, CreatedAt: now(), UpdatedAt: now(),
		})
	}
	p.Nodes = p.Nodes[:p.Count]
}

// provision makes a pool's nodes run.
func (s *Simulator) provision(c *cluster, p *godo.KubernetesNodePool) {
	s.later(func(ctx context.Context) {
		if err := s.syncNodes(ctx, c); err != nil {
			s.mu.Lock()
			defer s.mu.Unlock()
			for _, n := range p.Nodes {
				n.Status = &godo.KubernetesNodeStatus{State: "provisioning", Message: err.Error()}
			}
		}
	})
}

// syncNodes gives Kubernetes the nodes of all pools.
func (s *Simulator) syncNodes(ctx context.Context, c *cluster) error {
	s.mu.Lock()
	var nodes []Node
	var provisioned []*godo.KubernetesNode
	for _, d := range droplets(c) {
		size := sizes[slices.IndexFunc(sizes, func(s godo.Size) bool { return s.Slug == d.pool.Size })]
		nodes = append(nodes, Node{
			CPUs: size.Vcpus, MiB: size.Memory,
			Name: d.node.Name, ID: d.node.ID, Pool: d.pool.Name, PoolID: d.pool.ID, Size: d.pool.Size, Region: c.RegionSlug,
			Labels: d.pool.Labels, Taints: d.pool.Taints,
		})
		provisioned = append(provisioned, d.node)
	}
	s.mu.Unlock()
	if err := s.options.Kubernetes.SetNodes(ctx, c.ID, nodes); err != nil {
		return fmt.Errorf("nodes of %s: %w", c.Name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range provisioned {
		n.Status = &godo.KubernetesNodeStatus{State: "running"}
	}
	return nil
}
