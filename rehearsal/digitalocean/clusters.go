package digitalocean

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/digitalocean/godo"
	"github.com/google/uuid"
	"gopkg.in/yaml.v3"
)

// defaultExpiry is the life of a credential nobody limited.
const defaultExpiry = 7 * 24 * time.Hour

type cluster struct {
	godo.KubernetesCluster
	ca []byte
}

func (s *Simulator) routeKubernetes(mux *http.ServeMux) {
	mux.HandleFunc("GET /v2/kubernetes/options", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, "options", options())
	})
	mux.HandleFunc("GET /v2/kubernetes/clusters", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		reply(w, http.StatusOK, "kubernetes_clusters", sorted(s.clusters, func(c *cluster) string { return c.Name }))
	})
	mux.HandleFunc("POST /v2/kubernetes/clusters", s.createCluster)
	mux.HandleFunc("GET /v2/kubernetes/clusters/{id}", s.withCluster(func(w http.ResponseWriter, _ *http.Request, c *cluster) {
		reply(w, http.StatusOK, "kubernetes_cluster", c.KubernetesCluster)
	}))
	mux.HandleFunc("PUT /v2/kubernetes/clusters/{id}", s.withCluster(updateCluster))
	mux.HandleFunc("POST /v2/kubernetes/clusters/{id}/upgrade", s.withCluster(func(w http.ResponseWriter, r *http.Request, c *cluster) {
		var request godo.KubernetesClusterUpgradeRequest
		if !read(w, r, &request) {
			return
		}
		if !slices.Contains(versions, request.VersionSlug) {
			refuse(w, http.StatusUnprocessableEntity, "unprocessable_entity", "invalid version slug")
			return
		}
		c.VersionSlug = request.VersionSlug
		w.WriteHeader(http.StatusAccepted)
	}))
	mux.HandleFunc("GET /v2/kubernetes/clusters/{id}/credentials", func(w http.ResponseWriter, r *http.Request) {
		if credentials, ok := s.credentials(w, r); ok {
			w.Header().Set("Content-Type", "application/json")
			writeJSON(w, credentials)
		}
	})
	mux.HandleFunc("GET /v2/kubernetes/clusters/{id}/kubeconfig", func(w http.ResponseWriter, r *http.Request) {
		if credentials, ok := s.credentials(w, r); ok {
			w.Header().Set("Content-Type", "application/yaml")
			_ = yaml.NewEncoder(w).Encode(kubeconfig(r.PathValue("id"), credentials))
		}
	})
	mux.HandleFunc("DELETE /v2/kubernetes/clusters/{id}", func(w http.ResponseWriter, r *http.Request) { s.deleteCluster(w, r, false) })
	mux.HandleFunc("GET /v2/kubernetes/clusters/{id}/destroy_with_associated_resources", s.listAssociated)
	mux.HandleFunc("DELETE /v2/kubernetes/clusters/{id}/destroy_with_associated_resources/dangerous",
		func(w http.ResponseWriter, r *http.Request) { s.deleteCluster(w, r, true) })
	registry := func(w http.ResponseWriter, r *http.Request) {
		var request godo.KubernetesClusterRegistryRequest
		if !read(w, r, &request) {
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, id := range request.ClusterUUIDs {
			if c, ok := s.clusters[id]; ok {
				c.RegistryEnabled = r.Method == http.MethodPost
			}
		}
		w.WriteHeader(http.StatusNoContent)
	}
	mux.HandleFunc("POST /v2/kubernetes/registry", registry)
	mux.HandleFunc("DELETE /v2/kubernetes/registry", registry)
}

// withCluster finds the cluster of the path; the handler holds the account's lock.
func (s *Simulator) withCluster(handle func(http.ResponseWriter, *http.Request, *cluster)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		c, ok := s.clusters[r.PathValue("id")]
		if !ok {
			notFound(w)
			return
		}
		handle(w, r, c)
	}
}

func (s *Simulator) createCluster(w http.ResponseWriter, r *http.Request) {
	var request godo.KubernetesClusterCreateRequest
	if !read(w, r, &request) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if fault := s.faultOf(&request); fault != "" {
		refuse(w, http.StatusUnprocessableEntity, "unprocessable_entity", fault)
		return
	}
	id, now := uuid.NewString(), time.Now().UTC().Truncate(time.Second)
	c := &cluster{KubernetesCluster: godo.KubernetesCluster{
		ID: id, Name: request.Name, RegionSlug: request.RegionSlug, VersionSlug: request.VersionSlug,
		ClusterSubnet: request.ClusterSubnet, ServiceSubnet: request.ServiceSubnet, VPCUUID: request.VPCUUID,
		HA: request.HA != nil && *request.HA, AutoUpgrade: request.AutoUpgrade, SurgeUpgrade: request.SurgeUpgrade,
		MaintenancePolicy: request.MaintenancePolicy, ControlPlaneFirewall: request.ControlPlaneFirewall,
		Tags:      append([]string{"k8s", "k8s:" + id}, request.Tags...),
		Status:    &godo.KubernetesClusterStatus{State: godo.KubernetesClusterStatusProvisioning},
		CreatedAt: now, UpdatedAt: now,
	}}
	for _, pool := range request.NodePools {
		c.NodePools = append(c.NodePools, newPool(pool))
	}
	s.clusters[id] = c
	s.later(func(ctx context.Context) { s.boot(ctx, c) })
	reply(w, http.StatusCreated, "kubernetes_cluster", c.KubernetesCluster)
}

// later goes on after the request was answered.
func (s *Simulator) later(do func(context.Context)) {
	s.work.Go(func() { do(s.ctx) })
}

// boot brings a cluster up; its state tells how that went.
func (s *Simulator) boot(ctx context.Context, c *cluster) {
	endpoint, ca, err := s.options.Kubernetes.Create(ctx, c.ID)
	if err == nil {
		s.mu.Lock()
		c.Endpoint, c.ca = endpoint, ca
		s.mu.Unlock()
		err = s.syncNodes(ctx, c)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c.Status = &godo.KubernetesClusterStatus{State: godo.KubernetesClusterStatusRunning}
	if err != nil {
		c.Status = &godo.KubernetesClusterStatus{State: godo.KubernetesClusterStatusError, Message: err.Error()}
	}
}

func updateCluster(w http.ResponseWriter, r *http.Request, c *cluster) {
	var request godo.KubernetesClusterUpdateRequest
	if !read(w, r, &request) {
		return
	}
	if request.HA != nil && !*request.HA && c.HA {
		refuse(w, http.StatusUnprocessableEntity, "unprocessable_entity", "high availability cannot be disabled")
		return
	}
	c.Name, c.SurgeUpgrade, c.UpdatedAt = request.Name, request.SurgeUpgrade, time.Now().UTC().Truncate(time.Second)
	if request.Tags != nil {
		c.Tags = append([]string{"k8s", "k8s:" + c.ID}, request.Tags...)
	}
	if request.MaintenancePolicy != nil {
		c.MaintenancePolicy = request.MaintenancePolicy
	}
	if request.ControlPlaneFirewall != nil {
		c.ControlPlaneFirewall = request.ControlPlaneFirewall
	}
	if request.AutoUpgrade != nil {
		c.AutoUpgrade = *request.AutoUpgrade
	}
	if request.HA != nil {
		c.HA = *request.HA
	}
	reply(w, http.StatusAccepted, "kubernetes_cluster", c.KubernetesCluster)
}

func (s *Simulator) credentials(w http.ResponseWriter, r *http.Request) (*godo.KubernetesClusterCredentials, bool) {
	s.mu.Lock()
	c, ok := s.clusters[r.PathValue("id")]
	running := ok && c.Status.State == godo.KubernetesClusterStatusRunning
	s.mu.Unlock()
	if !running {
		notFound(w)
		return nil, false
	}
	ttl := defaultExpiry
	if seconds, err := strconv.Atoi(r.URL.Query().Get("expiry_seconds")); err == nil && seconds > 0 {
		ttl = time.Duration(seconds) * time.Second
	}
	token, expires, err := s.options.Kubernetes.Token(r.Context(), c.ID, ttl)
	if err != nil {
		refuse(w, http.StatusInternalServerError, "server_error", err.Error())
		return nil, false
	}
	return &godo.KubernetesClusterCredentials{Server: c.Endpoint, CertificateAuthorityData: c.ca, Token: token, ExpiresAt: expires}, true
}

func kubeconfig(name string, c *godo.KubernetesClusterCredentials) any {
	type m = map[string]any
	return m{
		"apiVersion": "v1", "kind": "Config", "current-context": name,
		"clusters": []m{{"name": name, "cluster": m{"server": c.Server, "certificate-authority-data": encode(c.CertificateAuthorityData)}}},
		"users":    []m{{"name": name, "user": m{"token": c.Token}}},
		"contexts": []m{{"name": name, "context": m{"cluster": name, "user": name}}},
	}
}

// associated finds a cluster and what Kubernetes made in the account for it, or answers why not.
func (s *Simulator) associated(w http.ResponseWriter, r *http.Request) (c *cluster, volumes, balancers []string) {
	s.mu.Lock()
	c, ok := s.clusters[r.PathValue("id")]
	s.mu.Unlock()
	if !ok {
		notFound(w)
		return nil, nil, nil
	}
	volumes, err := s.options.Kubernetes.Volumes(r.Context(), c.ID)
	if err == nil {
		balancers, err = s.options.Kubernetes.LoadBalancers(r.Context(), c.ID)
	}
	if err != nil {
		refuse(w, http.StatusInternalServerError, "server_error", err.Error())
		return nil, nil, nil
	}
	return c, volumes, balancers
}

func (s *Simulator) listAssociated(w http.ResponseWriter, r *http.Request) {
	c, volumes, balancers := s.associated(w, r)
	if c == nil {
		return
	}
	list := func(names []string) []*godo.AssociatedResource {
		resources := []*godo.AssociatedResource{}
		for _, name := range names {
			resources = append(resources, &godo.AssociatedResource{ID: name, Name: name})
		}
		return resources
	}
	w.Header().Set("Content-Type", "application/json")
	writeJSON(w, godo.KubernetesAssociatedResources{Volumes: list(volumes), VolumeSnapshots: list(nil), LoadBalancers: list(balancers)})
}

// deleteCluster answers at once; the VPC's members leave later.
func (s *Simulator) deleteCluster(w http.ResponseWriter, r *http.Request, associated bool) {
	c, volumes, balancers := s.associated(w, r)
	if c == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c.Status = &godo.KubernetesClusterStatus{State: godo.KubernetesClusterStatusDeleted}
	delete(s.clusters, c.ID)
	s.leaving(c.VPCUUID, 1)
	if !associated {
		for _, v := range volumes {
			s.orphans = append(s.orphans, "volume "+v)
		}
		for _, b := range balancers {
			s.orphans = append(s.orphans, "load balancer "+b)
		}
	}
	s.later(func(ctx context.Context) {
		if err := s.options.Kubernetes.Delete(ctx, c.ID); err != nil {
			s.mu.Lock()
			s.orphans = append(s.orphans, fmt.Sprintf("cluster %s, which could not be deleted: %v", c.Name, err))
			s.mu.Unlock()
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.leaving(c.VPCUUID, -1)
	})
	w.WriteHeader(http.StatusNoContent)
}
