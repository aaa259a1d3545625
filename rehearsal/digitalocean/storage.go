package digitalocean

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/digitalocean/godo"
	"github.com/google/uuid"
)

// storageHandler is given the account's volumes and load balancers.
type storageHandler func(http.ResponseWriter, *http.Request, []godo.Volume, []godo.LoadBalancer)

func (s *Simulator) routeStorage(mux *http.ServeMux) {
	mux.HandleFunc("GET /v2/volumes", s.withMade(listVolumes))
	mux.HandleFunc("GET /v2/volumes/{id}", s.withMade(getVolume))
	mux.HandleFunc("DELETE /v2/volumes/{id}", s.withMade(s.deleteVolume))
	mux.HandleFunc("GET /v2/load_balancers", s.withMade(listBalancers))
	mux.HandleFunc("GET /v2/load_balancers/{id}", s.withMade(getBalancer))
	mux.HandleFunc("DELETE /v2/load_balancers/{id}", s.withMade(s.deleteBalancer))
}

func listVolumes(w http.ResponseWriter, r *http.Request, volumes []godo.Volume, _ []godo.LoadBalancer) {
	query := r.URL.Query()
	list(w, r, "volumes", slices.DeleteFunc(volumes, func(v godo.Volume) bool {
		return query.Has("name") && query.Get("name") != v.Name || query.Has("region") && query.Get("region") != v.Region.Slug
	}))
}

func getVolume(w http.ResponseWriter, r *http.Request, volumes []godo.Volume, _ []godo.LoadBalancer) {
	for _, v := range volumes {
		if v.ID == r.PathValue("id") {
			reply(w, http.StatusOK, "volume", v)
			return
		}
	}
	notFound(w)
}

// deleteVolume deletes one that a cluster left behind; those of clusters are attached.
func (s *Simulator) deleteVolume(w http.ResponseWriter, r *http.Request, all []godo.Volume, _ []godo.LoadBalancer) {
	id := r.PathValue("id")
	_, left := s.volumes[id]
	switch {
	case left:
		delete(s.volumes, id)
		w.WriteHeader(http.StatusNoContent)
	case slices.ContainsFunc(all, func(v godo.Volume) bool { return v.ID == id }):
		refuse(w, http.StatusConflict, "the volume is attached to a Droplet")
	default:
		notFound(w)
	}
}

func listBalancers(w http.ResponseWriter, r *http.Request, _ []godo.Volume, balancers []godo.LoadBalancer) {
	list(w, r, "load_balancers", balancers)
}

func getBalancer(w http.ResponseWriter, r *http.Request, _ []godo.Volume, balancers []godo.LoadBalancer) {
	for _, b := range balancers {
		if b.ID == r.PathValue("id") {
			reply(w, http.StatusOK, "load_balancer", b)
			return
		}
	}
	notFound(w)
}

// deleteBalancer deletes one that a cluster left behind; that of a cluster is made again, so it stays.
func (s *Simulator) deleteBalancer(w http.ResponseWriter, r *http.Request, _ []godo.Volume, all []godo.LoadBalancer) {
	id := r.PathValue("id")
	if !slices.ContainsFunc(all, func(b godo.LoadBalancer) bool { return b.ID == id }) {
		notFound(w)
		return
	}
	delete(s.balancers, id)
	w.WriteHeader(http.StatusNoContent)
}

// withMade collects the volumes and load balancers of all clusters and those that clusters left behind; the handler holds
// the account's lock.
func (s *Simulator) withMade(handle storageHandler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		clusters := sorted(s.clusters, func(c *cluster) string { return c.Name })
		s.mu.Unlock()
		var volumes []godo.Volume
		var balancers []godo.LoadBalancer
		for _, c := range clusters {
			v, b, err := s.made(r.Context(), c)
			s.mu.Lock()
			gone := s.clusters[c.ID] == nil // meanwhile
			s.mu.Unlock()
			if gone {
				continue
			}
			if err != nil {
				refuse(w, http.StatusInternalServerError, err.Error())
				return
			}
			volumes, balancers = append(volumes, v...), append(balancers, b...)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		volumes = append(volumes, sorted(s.volumes, func(v godo.Volume) string { return v.Name })...)
		balancers = append(balancers, sorted(s.balancers, func(b godo.LoadBalancer) string { return b.Name })...)
		handle(w, r, volumes, balancers)
	}
}

// made are the volumes and load balancers of a cluster; none before its control plane runs.
func (s *Simulator) made(ctx context.Context, c *cluster) ([]godo.Volume, []godo.LoadBalancer, error) {
	s.mu.Lock()
	booted := c.Endpoint != ""
	s.mu.Unlock()
	if !booted {
		return nil, nil, nil
	}
	volumes, err := s.options.Kubernetes.Volumes(ctx, c.ID)
	if err != nil {
		return nil, nil, fmt.Errorf("volumes of %s: %w", c.Name, err)
	}
	balancers, err := s.options.Kubernetes.LoadBalancers(ctx, c.ID)
	if err != nil {
		return nil, nil, fmt.Errorf("load balancers of %s: %w", c.Name, err)
	}
	where := region(c.RegionSlug)
	tag := "k8s:" + c.ID // as https://github.com/digitalocean/csi-digitalocean tags them
	var storage []godo.Volume
	for _, v := range volumes {
		storage = append(storage, godo.Volume{
			ID: stableID(c.ID, v.Name), Name: v.Name, Description: "Created by DigitalOcean CSI driver", Region: &where,
			SizeGigaBytes: int64(v.GiB), FilesystemType: "ext4", Tags: []string{tag}, DropletIDs: []int{}, CreatedAt: c.CreatedAt,
		})
	}
	var routing []godo.LoadBalancer
	for _, b := range balancers {
		routing = append(routing, godo.LoadBalancer{
			ID: stableID(c.ID, b.Name), Name: b.Name, IP: b.IP, Region: &where, SizeUnit: 1, Status: "active",
			Type: "REGIONAL_NETWORK", Network: "EXTERNAL", VPCUUID: c.VPCUUID, Tag: tag,
			Created:         c.CreatedAt.Format(time.RFC3339),
			ForwardingRules: []godo.ForwardingRule{{EntryProtocol: "tcp", EntryPort: 443, TargetProtocol: "tcp", TargetPort: 443}},
		})
	}
	return storage, routing, nil
}

// stableID is the id of what a cluster made under a name.
func stableID(cluster, name string) string {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(cluster+"/"+name)).String()
}
