// Package digitalocean simulates a DigitalOcean account over HTTP, as far as a Kubernetes cluster, its network,
// project, DNS and object storage go: the API that godo and the published Pulumi provider speak. It knows the account's
// other objects, refuses what DigitalOcean refuses, and its states change asynchronously. Behind a cluster runs
// whatever implements Kubernetes. It listens on loopback.
//
// Every answer is checked against DigitalOcean's OpenAPI description (https://github.com/digitalocean/openapi) where
// DIGITALOCEAN_OPENAPI names a bundle of it; messages that the description leaves open have the link they were seen at.
//
// # Faults
//
// Faults make the account misbehave: see Fault, and Simulator.AddFault. They can be switched on from outside as well,
// at the simulator's own path, which needs no token; connections of other users are refused, see package loopback:
//
//	POST   /_control/faults       a Fault as JSON; answers it with its id
//	GET    /_control/faults       those that are on
//	DELETE /_control/faults       ends all of them
//	DELETE /_control/faults/{id}  ends one
//	PUT    /_control/token        {"revoked": true} or {"scopes": ["kubernetes:read"]}; {} restores the token
//
// For example, to answer the next two requests for a new cluster with 429, and to keep clusters provisioning:
//
//	faults=$URL/_control/faults clusters=/v2/kubernetes/clusters
//	curl $faults -d '{"method": "POST", "prefix": "'$clusters'", "status": 429, "retryAfter": 1, "times": 2}'
//	curl $faults -d '{"method": "GET", "prefix": "'$clusters'", "state": "provisioning"}'
package digitalocean

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/digitalocean/godo"
	"github.com/google/uuid"

	"doks-security/test/loopback"
)

// Options configure a simulated account.
type Options struct {
	Token      string // the only one accepted
	Kubernetes Kubernetes
	// DefaultVPCs are the ranges of default VPCs by region, which exist from the start. A region without one makes the
	// first VPC created there its default. Nil: one in every region, at ranges apart from the sample stack files'.
	DefaultVPCs map[string]string
	// DropletLimit is how many Droplets the account may have; 0 means 100.
	DropletLimit int
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

	mu          sync.Mutex
	versions    []string // that DOKS offers, newest first
	clusters    map[string]*cluster
	vpcs        map[string]*godo.VPC
	projects    map[string]*project
	keys        map[string]*godo.SpacesKey
	buckets     map[string]*bucket
	taken       map[string]bool // names of other customers' buckets
	domains     map[string][]godo.DomainRecord
	volumes     map[string]godo.Volume       // left behind by clusters
	balancers   map[string]godo.LoadBalancer // left behind by clusters
	lastRecord  int
	lastDroplet int
	members     map[string]int // by VPC: what is deleted but not gone yet
	orphans     []string       // control planes that could not be deleted

	guard guard
}

// Start opens the account, empty but for what every account has: default VPCs and a default project.
func Start(ctx context.Context, o Options) (*Simulator, error) {
	if o.DropletLimit == 0 {
		o.DropletLimit = 100
	}
	if o.DefaultVPCs == nil {
		o.DefaultVPCs = defaultRanges()
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	s := &Simulator{
		options: o, ctx: background, stop: stop, versions: Versions(),
		clusters: map[string]*cluster{}, vpcs: map[string]*godo.VPC{}, projects: map[string]*project{},
		keys: map[string]*godo.SpacesKey{}, buckets: map[string]*bucket{}, taken: map[string]bool{},
		domains: map[string][]godo.DomainRecord{}, members: map[string]int{},
		volumes: map[string]godo.Volume{}, balancers: map[string]godo.LoadBalancer{}, lastDroplet: 400_000_000,
	}
	for region, ipRange := range o.DefaultVPCs {
		s.addVPC(&godo.VPC{Name: "default-" + region, RegionSlug: region, IPRange: ipRange, Default: true})
	}
	created := now().Format(time.RFC3339)
	first := &project{Project: godo.Project{
		ID: uuid.NewString(), Name: "first-project", Purpose: "Just trying out DigitalOcean", Environment: "Development",
		IsDefault: true, CreatedAt: created, UpdatedAt: created,
	}}
	s.projects[first.ID] = first
	api, err := loopback.Listen()
	if err != nil {
		return nil, err
	}
	spaces, err := loopback.Listen()
	if err != nil {
		return nil, errors.Join(err, api.Close())
	}
	s.apiURL, s.s3URL = "http://"+api.Addr().String(), "http://"+spaces.Addr().String()
	s.api = &http.Server{Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second}
	storage := s.disturb(http.HandlerFunc(s.serveSpaces), spacesFaultPath, refuseSpaces)
	s.spaces = &http.Server{Handler: storage, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.api.Serve(api) }() // ends with Close
	go func() { _ = s.spaces.Serve(spaces) }()
	return s, nil
}

// URL is the API's.
func (s *Simulator) URL() string { return s.apiURL }

// SpacesURL is the object storage's, with buckets in the path.
func (s *Simulator) SpacesURL() string { return s.s3URL }

// ControlURL is where faults are switched on from outside: see the package's documentation.
func (s *Simulator) ControlURL() string { return s.apiURL + "/_control" }

// Close ends the account. Clusters are left to their Kubernetes.
func (s *Simulator) Close() error {
	s.stop()
	err := errors.Join(s.api.Close(), s.spaces.Close())
	s.work.Wait()
	return err
}

// handler is the API: the account behind faults, and the control endpoints.
func (s *Simulator) handler() http.Handler {
	mux := http.NewServeMux()
	s.routeControl(mux)
	path := func(r *http.Request) string { return r.URL.Path }
	mux.Handle("/", s.authorize(s.disturb(s.accountMux(), path, refuse)))
	return mux
}

func (s *Simulator) accountMux() *http.ServeMux {
	account := http.NewServeMux()
	s.routeClusters(account)
	s.routeNodePools(account)
	s.routeDroplets(account)
	s.routeStorage(account)
	s.routeVPCs(account)
	s.routeProjects(account)
	s.routeKeys(account)
	s.routeDomains(account)
	s.routeCatalog(account)
	account.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { notFound(w) })
	return account
}

// later goes on after the request was answered.
func (s *Simulator) later(do func(context.Context)) {
	s.work.Go(func() { do(s.ctx) })
}

// now is the time in UTC to the second, as the API returns it.
func now() time.Time { return time.Now().UTC().Truncate(time.Second) }
