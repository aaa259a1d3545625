package digitalocean

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/digitalocean/godo"
	"github.com/google/uuid"
)

func (s *Simulator) routeNodePools(mux *http.ServeMux) {
	const base = "/v2/kubernetes/clusters/{id}/node_pools"
	mux.HandleFunc("GET "+base, s.withCluster(func(w http.ResponseWriter, _ *http.Request, c *cluster) {
		reply(w, http.StatusOK, "node_pools", c.NodePools)
	}))
	mux.HandleFunc("POST "+base, s.withCluster(func(w http.ResponseWriter, r *http.Request, c *cluster) {
		var request godo.KubernetesNodePoolCreateRequest
		if !read(w, r, &request) {
			return
		}
		if fault := faultOfPool(&request); fault != "" {
			refuse(w, http.StatusUnprocessableEntity, "unprocessable_entity", fault)
			return
		}
		pool := newPool(&request)
		c.NodePools = append(c.NodePools, pool)
		s.provision(c, pool)
		reply(w, http.StatusCreated, "node_pool", pool)
	}))
	mux.HandleFunc("GET "+base+"/{pool}", s.withPool(func(w http.ResponseWriter, _ *http.Request, _ *cluster, p *godo.KubernetesNodePool) {
		reply(w, http.StatusOK, "node_pool", p)
	}))
	mux.HandleFunc("PUT "+base+"/{pool}", s.withPool(func(w http.ResponseWriter, r *http.Request, c *cluster, p *godo.KubernetesNodePool) {
		var request godo.KubernetesNodePoolUpdateRequest
		if !read(w, r, &request) {
			return
		}
		update(p, request)
		s.provision(c, p)
		reply(w, http.StatusAccepted, "node_pool", p)
	}))
	mux.HandleFunc("DELETE "+base+"/{pool}", s.withPool(func(w http.ResponseWriter, _ *http.Request, c *cluster, p *godo.KubernetesNodePool) {
		c.NodePools = slices.DeleteFunc(c.NodePools, func(other *godo.KubernetesNodePool) bool { return other.ID == p.ID })
		s.later(func(ctx context.Context) { _ = s.syncNodes(ctx, c) }) // a cluster on its way out may be gone already
		w.WriteHeader(http.StatusNoContent)
	}))
}

func (s *Simulator) withPool(handle func(http.ResponseWriter, *http.Request, *cluster, *godo.KubernetesNodePool)) http.HandlerFunc {
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

func newPool(r *godo.KubernetesNodePoolCreateRequest) *godo.KubernetesNodePool {
	p := &godo.KubernetesNodePool{
		ID: uuid.NewString(), Name: r.Name, Size: r.Size, Count: r.Count, Tags: r.Tags, Labels: r.Labels, Taints: r.Taints,
		AutoScale: r.AutoScale, MinNodes: r.MinNodes, MaxNodes: r.MaxNodes,
	}
	if p.AutoScale {
		p.Count = max(p.Count, p.MinNodes)
	}
	resize(p)
	return p
}

func update(p *godo.KubernetesNodePool, r godo.KubernetesNodePoolUpdateRequest) {
	if r.Name != "" {
		p.Name = r.Name
	}
	if r.Count != nil {
		p.Count = *r.Count
	}
	if r.Tags != nil {
		p.Tags = r.Tags
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
	resize(p)
}

// resize adds or drops nodes until there are as many as the pool counts.
func resize(p *godo.KubernetesNodePool) {
	for len(p.Nodes) < p.Count {
		p.Nodes = append(p.Nodes, &godo.KubernetesNode{
			ID: uuid.NewString(), Name: p.Name + "-" + strings.ToLower(rand.Text()[:5]),
			Status: &godo.KubernetesNodeStatus{State: "provisioning"},
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
				n.Status = &godo.KubernetesNodeStatus{State: "error", Message: err.Error()}
			}
		}
	})
}

// syncNodes gives Kubernetes the nodes of all pools.
func (s *Simulator) syncNodes(ctx context.Context, c *cluster) error {
	s.mu.Lock()
	var nodes []Node
	var provisioned []*godo.KubernetesNode
	for _, p := range c.NodePools {
		for _, n := range p.Nodes {
			nodes = append(nodes, Node{Name: n.Name, ID: n.ID, Pool: p.Name, PoolID: p.ID, Size: p.Size, Region: c.RegionSlug, Labels: p.Labels, Taints: p.Taints})
			provisioned = append(provisioned, n)
		}
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

func writeJSON(w http.ResponseWriter, value any) { _ = json.NewEncoder(w).Encode(value) }

func encode(data []byte) string { return base64.StdEncoding.EncodeToString(data) }
