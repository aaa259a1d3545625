package digitalocean

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/digitalocean/godo"
	"github.com/google/uuid"
)

func (s *Simulator) routeStorage(mux *http.ServeMux) {
	volumes := stored[godo.Volume]{
		name: "volume", of: func(v []godo.Volume, _ []godo.LoadBalancer) []godo.Volume { return v },
		id: func(v godo.Volume) string { return v.ID }, matches: matchesVolume, delete: s.deleteVolume,
	}
	balancers := stored[godo.LoadBalancer]{
		name: "load_balancer", of: func(_ []godo.Volume, b []godo.LoadBalancer) []godo.LoadBalancer { return b },
		id:      func(b godo.LoadBalancer) string { return b.ID },
		matches: func(url.Values, godo.LoadBalancer) bool { return true }, delete: s.deleteBalancer,
	}
	volumes.route(mux, s)
	balancers.route(mux, s)
}

// stored is a kind of storage or routing that clusters make.
type stored[T any] struct {
	name    string // in paths and answers, where a list has an s
	of      func([]godo.Volume, []godo.LoadBalancer) []T
	id      func(T) string
	matches func(query url.Values, one T) bool
	delete  func(w http.ResponseWriter, id string) // one that exists
}

func (k stored[T]) route(mux *http.ServeMux, s *Simulator) {
	path := "/v2/" + k.name + "s"
	mux.HandleFunc("GET "+path, s.withMade(func(w http.ResponseWriter, r *http.Request, volumes []godo.Volume,
		balancers []godo.LoadBalancer) {
		list(w, r, k.name+"s", slices.DeleteFunc(k.of(volumes, balancers),
			func(one T) bool { return !k.matches(r.URL.Query(), one) }))
	}))
	one := func(handle func(http.ResponseWriter, T)) http.HandlerFunc {
		return s.withMade(func(w http.ResponseWriter, r *http.Request, volumes []godo.Volume, balancers []godo.LoadBalancer) {
			all := k.of(volumes, balancers)
			i := slices.IndexFunc(all, func(one T) bool { return k.id(one) == r.PathValue("id") })
			if i < 0 {
				notFound(w)
				return
			}
			handle(w, all[i])
		})
	}
	mux.HandleFunc("GET "+path+"/{id}", one(func(w http.ResponseWriter, one T) { reply(w, http.StatusOK, k.name, one) }))
	mux.HandleFunc("DELETE "+path+"/{id}", one(func(w http.ResponseWriter, one T) { k.delete(w, k.id(one)) }))
}

func matchesVolume(query url.Values, v godo.Volume) bool {
	return (!query.Has("name") || query.Get("name") == v.Name) &&
		(!query.Has("region") || query.Get("region") == v.Region.Slug)
}

// deleteVolume deletes one that a cluster left behind; those of clusters are attached.
func (s *Simulator) deleteVolume(w http.ResponseWriter, id string) {
	if _, left := s.volumes[id]; !left {
		refuse(w, http.StatusConflict, "the volume is attached to a Droplet")
		return
	}
	delete(s.volumes, id)
	w.WriteHeader(http.StatusNoContent)
}

// deleteBalancer deletes one that a cluster left behind; that of a cluster is made again, so it stays.
func (s *Simulator) deleteBalancer(w http.ResponseWriter, id string) {
	delete(s.balancers, id)
	w.WriteHeader(http.StatusNoContent)
}

// withMade collects the volumes and load balancers of all clusters and those that clusters left behind; the handler
// holds the account's lock.
func (s *Simulator) withMade(
	handle func(http.ResponseWriter, *http.Request, []godo.Volume, []godo.LoadBalancer),
) http.HandlerFunc {
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
			SizeGigaBytes: int64(v.GiB), FilesystemType: "ext4", Tags: []string{tag}, DropletIDs: []int{},
			CreatedAt: c.CreatedAt,
		})
	}
	var routing []godo.LoadBalancer
	for _, b := range balancers {
		routing = append(routing, godo.LoadBalancer{
			ID: stableID(c.ID, b.Name), Name: b.Name, IP: b.IP, Region: &where, SizeUnit: 1, Status: "active",
			Type: "REGIONAL_NETWORK", Network: "EXTERNAL", VPCUUID: c.VPCUUID, Tag: tag,
			Created: c.CreatedAt.Format(time.RFC3339),
			ForwardingRules: []godo.ForwardingRule{{EntryProtocol: "tcp", EntryPort: 443, TargetProtocol: "tcp",
				TargetPort: 443}},
		})
	}
	return storage, routing, nil
}

// stableID is the id of what a cluster made under a name.
func stableID(cluster, name string) string {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(cluster+"/"+name)).String()
}
