package digitalocean

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/digitalocean/godo"
)

// droplet is the machine of a node.
type droplet struct {
	cluster *cluster
	pool    *godo.KubernetesNodePool
	node    *godo.KubernetesNode
}

func droplets(c *cluster) []droplet {
	var list []droplet
	for _, p := range c.NodePools {
		for _, n := range p.Nodes {
			list = append(list, droplet{c, p, n})
		}
	}
	return list
}

func (s *Simulator) routeDroplets(mux *http.ServeMux) {
	mux.HandleFunc("GET /v2/droplets", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		tag := r.URL.Query().Get("tag_name")
		shown := []any{}
		for _, d := range s.allDroplets() {
			if tag == "" || slices.Contains(d.tags(), tag) {
				shown = append(shown, d.body())
			}
		}
		list(w, r, "droplets", shown)
	})
	mux.HandleFunc("GET /v2/droplets/{id}", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, d := range s.allDroplets() {
			if d.node.DropletID == r.PathValue("id") {
				reply(w, http.StatusOK, "droplet", d.body())
				return
			}
		}
		notFound(w)
	})
}

func (s *Simulator) allDroplets() []droplet {
	var all []droplet
	for _, c := range sorted(s.clusters, func(c *cluster) string { return c.Name }) {
		all = append(all, droplets(c)...)
	}
	return all
}

func (d droplet) tags() []string { return append(defaultTags(d.cluster.ID), "k8s:worker") }

// body is the Droplet as the API returns it; godo's type omits what is false or empty.
func (d droplet) body() map[string]any {
	id, err := strconv.Atoi(d.node.DropletID)
	if err != nil {
		panic(fmt.Sprintf("Droplet %q has no number", d.node.DropletID))
	}
	s := sizes[slices.IndexFunc(sizes, func(s godo.Size) bool { return s.Slug == d.pool.Size })]
	status := "new"
	if d.node.Status.State == "running" {
		status = "active"
	}
	return map[string]any{
		"id": id, "name": d.node.Name, "memory": s.Memory, "vcpus": s.Vcpus, "disk": s.Disk, "locked": false,
		"status": status, "created_at": d.node.CreatedAt, "features": []string{"private_networking"}, "tags": d.tags(),
		"backup_ids": []int{}, "snapshot_ids": []int{}, "next_backup_window": struct{}{}, "volume_ids": []string{},
		"size": s, "size_slug": s.Slug, "region": region(d.cluster.RegionSlug), "vpc_uuid": d.cluster.VPCUUID,
		"networks": map[string]any{"v4": []any{}, "v6": []any{}},
		"image": map[string]any{
			"id": 1, "name": "do-kube-" + d.cluster.VersionSlug, "type": "admin", "distribution": "Debian", "slug": nil,
			"public": false, "regions": []string{d.cluster.RegionSlug}, "created_at": d.node.CreatedAt, "status": "available",
		},
	}
}
