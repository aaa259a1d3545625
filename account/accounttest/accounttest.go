// Package accounttest serves the part of DigitalOcean's API that package account reads, for tests that run the program
// without a rehearsal's simulated account.
package accounttest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"

	"github.com/digitalocean/godo"
)

// Account is what the API answers. Fields may change between requests of a test, not during them.
type Account struct {
	Clusters []*godo.KubernetesCluster
	VPCs     []*godo.VPC // nil: the default VPC of each region
	Projects []godo.Project
	Versions []string
	Regions  []string    // with Kubernetes; nil: all
	Sizes    []godo.Size // of nodes; without regions: in all of them
	Upgrades []string
	Domains  []string
	Records  []godo.DomainRecord // of every domain
	Buckets  []string            // of Spaces
	// Kubeconfig is every cluster's.
	Kubeconfig string
	// Status answers every request with an error, if set.
	Status int
}

// Serve starts the API; the caller closes it.
func (a *Account) Serve() *httptest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v2/kubernetes/clusters", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, map[string]any{"kubernetes_clusters": a.Clusters})
	})
	mux.HandleFunc("GET /v2/kubernetes/clusters/{id}/upgrades", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, map[string]any{"available_upgrade_versions": slugs(a.Upgrades)})
	})
	mux.HandleFunc("GET /v2/kubernetes/clusters/{id}/kubeconfig", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(a.Kubeconfig))
	})
	mux.HandleFunc("GET /v2/kubernetes/options", func(w http.ResponseWriter, _ *http.Request) {
		sizes := []godo.KubernetesNodeSize{}
		for _, size := range a.Sizes {
			sizes = append(sizes, godo.KubernetesNodeSize{Slug: size.Slug, Name: size.Slug})
		}
		regions := []godo.KubernetesRegion{}
		for _, slug := range a.regions() {
			regions = append(regions, godo.KubernetesRegion{Slug: slug, Name: slug})
		}
		reply(w, map[string]any{"options": map[string]any{
			"versions": slugs(a.Versions), "regions": regions, "sizes": sizes,
		}})
	})
	mux.HandleFunc("GET /v2/vpcs", func(w http.ResponseWriter, _ *http.Request) {
		vpcs := a.VPCs
		if vpcs == nil {
			vpcs = defaultVPCs()
		}
		reply(w, map[string]any{"vpcs": vpcs})
	})
	mux.HandleFunc("GET /v2/projects", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, map[string]any{"projects": a.Projects})
	})
	mux.HandleFunc("GET /v2/domains/{name}/records", func(w http.ResponseWriter, r *http.Request) {
		found := []godo.DomainRecord{}
		for _, record := range a.Records {
			if record.Name+"."+r.PathValue("name") == r.URL.Query().Get("name") {
				found = append(found, record)
			}
		}
		reply(w, map[string]any{"domain_records": found})
	})
	mux.HandleFunc("HEAD /spaces/{bucket}", func(w http.ResponseWriter, r *http.Request) {
		status := http.StatusNotFound
		if slices.Contains(a.Buckets, r.PathValue("bucket")) {
			status = http.StatusForbidden // private
		}
		w.WriteHeader(status)
	})
	mux.HandleFunc("GET /v2/sizes", func(w http.ResponseWriter, _ *http.Request) {
		sizes := slices.Clone(a.Sizes)
		for i := range sizes {
			if sizes[i].Regions == nil {
				sizes[i].Regions = a.regions()
			}
		}
		reply(w, map[string]any{"sizes": sizes})
	})
	mux.HandleFunc("GET /v2/domains/{name}", func(w http.ResponseWriter, r *http.Request) {
		for _, name := range a.Domains {
			if name == r.PathValue("name") {
				reply(w, map[string]any{"domain": godo.Domain{Name: name}})
				return
			}
		}
		http.Error(w, `{"id":"not_found"}`, http.StatusNotFound)
	})
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.Status != 0 {
			http.Error(w, `{"id":"error","message":"as the test asks"}`, a.Status)
			return
		}
		mux.ServeHTTP(w, r)
	}))
}

// Regions are those with DOKS.
var Regions = []string{"ams3", "atl1", "blr1", "fra1", "lon1", "nyc1", "nyc2", "nyc3", "ric1", "sfo2", "sfo3", "sgp1",
	"syd1", "tor1"}

func (a *Account) regions() []string {
	if a.Regions == nil {
		return Regions
	}
	return a.Regions
}

// defaultVPCs are those of an account that used every region with DOKS.
func defaultVPCs() (vpcs []*godo.VPC) {
	for _, region := range Regions {
		vpcs = append(vpcs, &godo.VPC{ID: "default-" + region, Name: "default-" + region, RegionSlug: region, Default: true})
	}
	return vpcs
}

func slugs(list []string) []godo.KubernetesVersion {
	versions := []godo.KubernetesVersion{}
	for _, slug := range list {
		versions = append(versions, godo.KubernetesVersion{Slug: slug})
	}
	return versions
}

func reply(w http.ResponseWriter, body map[string]any) {
	body["links"], body["meta"] = map[string]any{}, map[string]any{"total": 1}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body) // the client went away
}
