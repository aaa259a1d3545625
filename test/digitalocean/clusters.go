package digitalocean

import (
	"context"
	"net/http"
	"slices"

	"github.com/digitalocean/godo"
	"github.com/google/uuid"
)

type cluster struct {
	godo.KubernetesCluster
	ca     []byte
	booted chan struct{} // closed once its control plane runs, or failed to
}

func (s *Simulator) routeClusters(mux *http.ServeMux) {
	const one = "/v2/kubernetes/clusters/{id}"
	mux.HandleFunc("GET /v2/kubernetes/clusters", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		list(w, r, "kubernetes_clusters", sorted(s.clusters, func(c *cluster) string { return c.Name }))
	})
	mux.HandleFunc("POST /v2/kubernetes/clusters", s.createCluster)
	mux.HandleFunc("GET "+one, s.withCluster(func(w http.ResponseWriter, _ *http.Request, c *cluster) {
		reply(w, http.StatusOK, "kubernetes_cluster", c)
	}))
	mux.HandleFunc("PUT "+one, s.withCluster(s.updateCluster))
	mux.HandleFunc("GET "+one+"/upgrades", s.withCluster(s.listUpgrades))
	mux.HandleFunc("POST "+one+"/upgrade", s.withCluster(s.upgradeCluster))
	mux.HandleFunc("GET "+one+"/credentials", s.serveCredentials)
	mux.HandleFunc("GET "+one+"/kubeconfig", s.serveKubeconfig)
	mux.HandleFunc("DELETE "+one, func(w http.ResponseWriter, r *http.Request) { s.deleteCluster(w, r, false) })
	mux.HandleFunc("GET "+one+"/destroy_with_associated_resources", s.listAssociated)
	mux.HandleFunc("DELETE "+one+"/destroy_with_associated_resources/dangerous",
		func(w http.ResponseWriter, r *http.Request) { s.deleteCluster(w, r, true) })
	mux.HandleFunc("POST /v2/kubernetes/registry", s.integrateRegistry)
	mux.HandleFunc("DELETE /v2/kubernetes/registry", s.integrateRegistry)
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
	if message := s.invalidCluster(&request); message != "" {
		invalid(w, "%s", message)
		return
	}
	id := uuid.NewString()
	slug, _ := s.resolve(request.VersionSlug)
	vpc := s.vpcs[request.VPCUUID]
	if request.VPCUUID == "" {
		vpc = s.ensureDefaultVPC(request.RegionSlug)
	}
	pods, services := s.subnets(&request)
	c := &cluster{booted: make(chan struct{}), KubernetesCluster: godo.KubernetesCluster{
		ID: id, Name: request.Name, RegionSlug: request.RegionSlug, VersionSlug: slug,
		ClusterSubnet: pods, ServiceSubnet: services, VPCUUID: vpc.ID,
		AutoUpgrade: request.AutoUpgrade, SurgeUpgrade: request.SurgeUpgrade,
		MaintenancePolicy: request.MaintenancePolicy, ControlPlaneFirewall: request.ControlPlaneFirewall,
		Tags:      append(defaultTags(id), request.Tags...),
		Status:    &godo.KubernetesClusterStatus{State: godo.KubernetesClusterStatusProvisioning, Message: "provisioning"},
		CreatedAt: now(), UpdatedAt: now(),
	}}
	if request.HA != nil {
		c.HA = *request.HA
	} else { // https://github.com/digitalocean/openapi/pull/1145
		c.HA = minor(slug) >= 36
	}
	if c.MaintenancePolicy == nil {
		c.MaintenancePolicy = &godo.KubernetesMaintenancePolicy{StartTime: "00:00", Day: godo.KubernetesMaintenanceDayAny}
	}
	c.MaintenancePolicy.Duration = "4h0m0s"
	for _, pool := range request.NodePools {
		c.NodePools = append(c.NodePools, s.newPool(id, pool))
	}
	s.clusters[id] = c
	s.later(func(ctx context.Context) { s.boot(ctx, c) })
	reply(w, http.StatusCreated, "kubernetes_cluster", c)
}

// defaultTags are those DOKS gives to a cluster and all that belongs to it.
func defaultTags(cluster string) []string { return []string{"k8s", "k8s:" + cluster} }

// boot starts the control plane of a cluster; its state shows the result.
func (s *Simulator) boot(ctx context.Context, c *cluster) {
	defer close(c.booted)
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

func (s *Simulator) updateCluster(w http.ResponseWriter, r *http.Request, c *cluster) {
	var request godo.KubernetesClusterUpdateRequest
	if !read(w, r, &request) {
		return
	}
	switch {
	case request.Name == "":
		invalid(w, "validation error: name is required")
		return
	case s.clusterNamed(request.Name) != nil && s.clusterNamed(request.Name) != c:
		invalid(w, "a cluster with this name already exists")
		return
	case request.HA != nil && !*request.HA && c.HA: // https://github.com/digitalocean/openapi/pull/753
		invalid(w, "validation error: high availability cannot be disabled once it is enabled")
		return
	}
	c.Name, c.SurgeUpgrade, c.UpdatedAt = request.Name, request.SurgeUpgrade, now()
	if request.Tags != nil {
		c.Tags = append(defaultTags(c.ID), request.Tags...)
	}
	if request.MaintenancePolicy != nil {
		c.MaintenancePolicy = request.MaintenancePolicy
		c.MaintenancePolicy.Duration = "4h0m0s"
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
	reply(w, http.StatusAccepted, "kubernetes_cluster", c)
}

func (s *Simulator) clusterNamed(name string) *cluster {
	for _, c := range s.clusters {
		if c.Name == name {
			return c
		}
	}
	return nil
}

func (s *Simulator) integrateRegistry(w http.ResponseWriter, r *http.Request) {
	var request godo.KubernetesClusterRegistryRequest
	if !read(w, r, &request) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, c := range s.clusters {
		if slices.Contains(request.ClusterUUIDs, id) {
			c.RegistryEnabled = r.Method == http.MethodPost
		}
	}
	w.WriteHeader(http.StatusNoContent)
}
