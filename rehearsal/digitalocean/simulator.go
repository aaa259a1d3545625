// Package digitalocean simulates a DigitalOcean account over HTTP, as far as a Kubernetes cluster, its network, project
// and object storage go: the API that godo and the published Pulumi provider speak, asynchronous states included. Behind
// a cluster stands whatever implements Kubernetes. It listens on loopback.
package digitalocean

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/digitalocean/godo"
	"github.com/google/uuid"
)

// Options configure a simulated account.
type Options struct {
	Token      string // the only one accepted
	Kubernetes Kubernetes
}

// Kubernetes runs the clusters of the account.
type Kubernetes interface {
	// Create boots a control plane and returns its URL and certificate authority (PEM).
	Create(ctx context.Context, cluster string) (endpoint string, ca []byte, err error)
	// SetNodes makes the cluster's nodes exactly these.
	SetNodes(ctx context.Context, cluster string, nodes []Node) error
	Token(ctx context.Context, cluster string, ttl time.Duration) (token string, expires time.Time, err error)
	// Volumes and LoadBalancers are what Kubernetes made in the account.
	Volumes(ctx context.Context, cluster string) ([]string, error)
	LoadBalancers(ctx context.Context, cluster string) ([]string, error)
	Delete(ctx context.Context, cluster string) error
}

// Node is a worker Droplet.
type Node struct {
	Name, ID, Pool, PoolID, Size, Region string
	Labels                               map[string]string
	Taints                               []godo.Taint
}

// Simulator is a running account.
type Simulator struct {
	options Options
	api     *http.Server
	spaces  *http.Server
	apiURL  string
	s3URL   string
	ctx     context.Context // ends with Close
	stop    context.CancelFunc
	work    sync.WaitGroup // what goes on after a request was answered

	mu       sync.Mutex
	clusters map[string]*cluster
	vpcs     map[string]*godo.VPC
	projects map[string]*project
	keys     map[string]*godo.SpacesKey
	buckets  map[string]bool
	// lifecycles are the rules of buckets, as they were put.
	lifecycles map[string]string
	domains    map[string][]godo.DomainRecord
	lastRecord int
	members    map[string]int // by VPC: what is deleted but not gone yet
	orphans    []string       // volumes and load balancers of clusters that were deleted without them
	faults     []*fault
}

// fault answers requests with an error.
type fault struct {
	method, prefix string
	status, times  int
}

// Start opens the account, empty but for what every account has: a default VPC and a default project.
func Start(ctx context.Context, o Options) (*Simulator, error) {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	s := &Simulator{
		options: o, ctx: background, stop: stop,
		clusters: map[string]*cluster{}, vpcs: map[string]*godo.VPC{}, projects: map[string]*project{},
		keys: map[string]*godo.SpacesKey{}, buckets: map[string]bool{}, lifecycles: map[string]string{}, domains: map[string][]godo.DomainRecord{}, members: map[string]int{},
	}
	vpc := &godo.VPC{ID: uuid.NewString(), Name: "default-fra1", RegionSlug: "fra1", IPRange: "10.114.0.0/20", Default: true}
	s.vpcs[vpc.ID] = vpc
	first := &project{Project: godo.Project{ID: uuid.NewString(), Name: "first-project", Environment: "Development", IsDefault: true}}
	s.projects[first.ID] = first
	api, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	spaces, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listening: %w", err), api.Close())
	}
	s.apiURL, s.s3URL = "http://"+api.Addr().String(), "http://"+spaces.Addr().String()
	s.api = &http.Server{Handler: s.guard(s.routes()), ReadHeaderTimeout: 10 * time.Second}
	s.spaces = &http.Server{Handler: http.HandlerFunc(s.serveSpaces), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.api.Serve(api) }() // ends with Close
	go func() { _ = s.spaces.Serve(spaces) }()
	return s, nil
}

// URL is the API's.
func (s *Simulator) URL() string { return s.apiURL }

// SpacesURL is the object storage's, with buckets in the path.
func (s *Simulator) SpacesURL() string { return s.s3URL }

// Close ends the account. Clusters are left to their Kubernetes.
func (s *Simulator) Close() error {
	s.stop()
	err := errors.Join(s.api.Close(), s.spaces.Close())
	s.work.Wait()
	return err
}

// Fail answers the next requests of that method and path prefix with status.
func (s *Simulator) Fail(method, prefix string, status, times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &fault{method, prefix, status, times})
}

// Mend ends all faults.
func (s *Simulator) Mend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// Leftovers lists what costs money or stands in somebody's way once everything should be gone. It waits for deletions
// under way.
func (s *Simulator) Leftovers() []string {
	s.work.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	left := slices.Clone(s.orphans)
	for _, c := range s.clusters {
		left = append(left, "cluster "+c.Name)
	}
	for _, v := range s.vpcs {
		if !v.Default {
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
	for b := range s.buckets {
		left = append(left, "bucket "+b)
	}
	for domain, records := range s.domains {
		for _, r := range records {
			left = append(left, "record "+r.Name+"."+domain)
		}
	}
	slices.Sort(left)
	return left
}

func (s *Simulator) routes() *http.ServeMux {
	mux := http.NewServeMux()
	s.routeKubernetes(mux)
	s.routeNodePools(mux)
	s.routeVPCs(mux)
	s.routeProjects(mux)
	s.routeKeys(mux)
	s.routeDomains(mux)
	mux.HandleFunc("GET /v2/account", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, "account", godo.Account{UUID: "rehearsal", Status: "active", DropletLimit: 100, VolumeLimit: 100})
	})
	mux.HandleFunc("GET /v2/sizes", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, "sizes", sizes) })
	return mux
}

// guard checks the token and carries out faults.
func (s *Simulator) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+s.options.Token {
			refuse(w, http.StatusUnauthorized, "Unauthorized", "Unable to authenticate you")
			return
		}
		if status := s.fault(r); status != 0 {
			refuse(w, status, "rehearsed_fault", "a fault the rehearsal asked for")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Simulator) fault(r *http.Request) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.times > 0 && f.method == r.Method && strings.HasPrefix(r.URL.Path, f.prefix) {
			f.times--
			return f.status
		}
	}
	return 0
}

// reply writes {key: value}, as the API does.
func reply(w http.ResponseWriter, status int, key string, value any) {
	body := map[string]any{key: value}
	if status == http.StatusOK { // lists are one page
		body["links"], body["meta"] = map[string]any{}, map[string]any{"total": 1}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client went away
}

func refuse(w http.ResponseWriter, status int, id, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"id": id, "message": message})
}

func notFound(w http.ResponseWriter) {
	refuse(w, http.StatusNotFound, "not_found", "The resource you were accessing could not be found.")
}

// read decodes a request's body, or answers that it cannot.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		refuse(w, http.StatusBadRequest, "bad_request", err.Error())
		return false
	}
	return true
}

func sorted[V any](m map[string]V, less func(V) string) []V {
	list := make([]V, 0, len(m))
	for _, v := range m {
		list = append(list, v)
	}
	slices.SortFunc(list, func(a, b V) int { return strings.Compare(less(a), less(b)) })
	return list
}
