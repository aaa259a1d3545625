package digitalocean

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/digitalocean/godo"
)

// listAssociated lists what Kubernetes made in the account for a cluster.
func (s *Simulator) listAssociated(w http.ResponseWriter, r *http.Request) {
	c, volumes, balancers := s.associated(w, r)
	if c == nil {
		return
	}
	none := []*godo.AssociatedResource{}
	resources := godo.KubernetesAssociatedResources{Volumes: none, VolumeSnapshots: none, LoadBalancers: none}
	for _, v := range volumes {
		resources.Volumes = append(resources.Volumes, &godo.AssociatedResource{ID: v.ID, Name: v.Name})
	}
	for _, b := range balancers {
		resources.LoadBalancers = append(resources.LoadBalancers, &godo.AssociatedResource{ID: b.ID, Name: b.Name})
	}
	writeJSON(w, http.StatusOK, resources)
}

// associated finds the cluster of the path and what Kubernetes made for it, or answers why not.
func (s *Simulator) associated(w http.ResponseWriter, r *http.Request) (*cluster, []godo.Volume, []godo.LoadBalancer) {
	s.mu.Lock()
	c, ok := s.clusters[r.PathValue("id")]
	s.mu.Unlock()
	if !ok {
		notFound(w)
		return nil, nil, nil
	}
	volumes, balancers, err := s.made(r.Context(), c)
	if err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
		return nil, nil, nil
	}
	return c, volumes, balancers
}

// deleteCluster answers at once; the VPC's members leave later. Without its associated resources a cluster leaves these
// in the account.
func (s *Simulator) deleteCluster(w http.ResponseWriter, r *http.Request, associated bool) {
	c, volumes, balancers := s.associated(w, r)
	if c == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.clusters[c.ID] == nil { // by another request meanwhile
		notFound(w)
		return
	}
	c.Status = &godo.KubernetesClusterStatus{State: godo.KubernetesClusterStatusDeleted}
	delete(s.clusters, c.ID)
	s.leaving(c.VPCUUID, 1)
	if !associated {
		for _, v := range volumes {
			v.DropletIDs = []int{}
			s.volumes[v.ID] = v
		}
		for _, b := range balancers {
			s.balancers[b.ID] = b
		}
	}
	s.later(func(ctx context.Context) {
		<-c.booted // its boot ends with ctx
		s.mu.Lock()
		runs := c.Endpoint != ""
		s.mu.Unlock()
		var err error
		if runs {
			err = s.options.Kubernetes.Delete(ctx, c.ID)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if err != nil {
			s.orphans = append(s.orphans, fmt.Sprintf("cluster %s, which could not be deleted: %v", c.Name, err))
		}
		s.leaving(c.VPCUUID, -1)
	})
	w.WriteHeader(http.StatusNoContent)
}

// Leftovers lists what costs money or is in the way of others once everything should be gone. It waits for deletions
// under way.
func (s *Simulator) Leftovers() []string {
	s.work.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	left := slices.Clone(s.orphans)
	for _, c := range s.clusters {
		left = append(left, "cluster "+c.Name)
	}
	for _, v := range s.volumes {
		left = append(left, "volume "+v.Name)
	}
	for _, b := range s.balancers {
		left = append(left, "load balancer "+b.Name)
	}
	for _, v := range s.vpcs {
		if _, there := s.options.DefaultVPCs[v.RegionSlug]; !v.Default || !there {
			left = append(left, "vpc "+v.Name)
		}
	}
	for _, p := range s.projects {
		if !p.IsDefault {
			left = append(left, "project "+p.Name)
		}
	}
	for _, k := range s.keys {
		left = append(left, "spaces key "+k.Name)
	}
	for name := range s.buckets {
		left = append(left, "bucket "+name)
	}
	for domain, records := range s.domains {
		for _, r := range records {
			left = append(left, "record "+r.Name+"."+domain)
		}
	}
	slices.Sort(left)
	return left
}
