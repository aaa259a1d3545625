package drill

import "github.com/digitalocean/godo"

// handDrills change or delete by hand what the stack made.
func handDrills() []Drill {
	const refresh = "pulumi refresh --run-program"
	return []Drill{
		{Name: "secret-deleted", What: "A Secret of the stack is deleted by hand.", From: Deployed, Do: func(r *Run) {
			r.Succeeds("kubectl --namespace monitoring delete secret grafana-admin")
			r.Shows(refresh, "grafana-admin deleted")
			r.Recover("pulumi up")
		}},
		{Name: "namespace-deleted", What: "A namespace of the stack is deleted with everything in it.", From: Deployed,
			Do: func(r *Run) {
				r.Replaces("namespace loki", "claim loki/")
				r.Succeeds("kubectl delete namespace loki")
				r.Shows(refresh, "Namespace doks-security-loki deleted")
				r.Recover("pulumi up")
			}},
		{Name: "pool-deleted", What: "A node pool is deleted by hand.", From: Deployed, Do: func(r *Run) {
			r.Replaces("pool extra")
			cluster, pool, api := r.pool("extra")
			_, err := api.Kubernetes.DeleteNodePool(r, cluster, pool.ID)
			r.must("deleting the pool", err)
			r.Shows(refresh, "KubernetesNodePool doks-security-extra deleted")
			r.Recover("pulumi up")
		}},
		{Name: "default-pool-resized", What: "The first node pool is resized by hand.", From: Deployed,
			Do: func(r *Run) { r.resized("default", "KubernetesCluster doks-security updated") }},
		{Name: "pool-resized", What: "Another node pool is resized by hand.", From: Deployed,
			Do: func(r *Run) { r.resized("extra", "KubernetesNodePool doks-security-extra updated") }},
		{Name: "pod-security-label-changed", What: "The Pod Security level of a namespace is changed by hand.",
			From: Deployed, Do: func(r *Run) {
				r.Succeeds("kubectl label --overwrite namespace loki pod-security.kubernetes.io/enforce=privileged")
				r.Shows(refresh, "Namespace doks-security-loki updated")
				r.Recover("pulumi up")
				if level := r.Succeeds(`kubectl get namespace loki --output ` +
					`'jsonpath={.metadata.labels.pod-security\.kubernetes\.io/enforce}'`); level != "restricted" {
					r.Fatalf("the level is %q", level)
				}
			}},
	}
}

// pool finds a node pool of the only cluster.
func (r *Run) pool(name string) (cluster string, pool *godo.KubernetesNodePool, api *godo.Client) {
	api, err := r.session.API()
	r.must("opening the API", err)
	clusters, _, err := api.Kubernetes.List(r, nil)
	r.must("listing clusters", err)
	for _, c := range clusters {
		for _, p := range c.NodePools {
			if p.Name == name {
				return c.ID, p, api
			}
		}
	}
	r.Fatalf("there is no pool %s", name)
	return "", nil, nil
}

// resized adds a node to a pool by hand; a refresh must show it with seen, and an update take it back.
func (r *Run) resized(name, seen string) {
	cluster, pool, api := r.pool(name)
	was, more := pool.Count, pool.Count+1
	_, _, err := api.Kubernetes.UpdateNodePool(r, cluster, pool.ID, &godo.KubernetesNodePoolUpdateRequest{Count: &more})
	r.must("resizing the pool", err)
	r.Cleanup(func() { // for the drills after this one, if it fails
		_, _, _ = api.Kubernetes.UpdateNodePool(r, cluster, pool.ID, &godo.KubernetesNodePoolUpdateRequest{Count: &was})
	})
	r.Shows("pulumi refresh --run-program", seen)
	r.Recover("pulumi up")
	if _, pool, _ = r.pool(name); pool.Count != was {
		r.Fatalf("the pool %s has %d nodes, want %d", name, pool.Count, was)
	}
}
