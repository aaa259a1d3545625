package digitalocean

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// hourly is how many requests a token has an hour: https://docs.digitalocean.com/reference/api/ (Rate Limit).
const hourly = 5000

// guard is what a request passes before it reaches the account.
type guard struct {
	mu      sync.Mutex
	revoked bool
	scopes  []string // nil: all
	used    int      // requests
	faults  []*active
}

// Revoke ends the token: every request is answered with 401 until Grant.
func (s *Simulator) Revoke() {
	s.guard.mu.Lock()
	defer s.guard.mu.Unlock()
	s.guard.revoked = true
}

// Grant makes the token valid with these scopes (kubernetes:read, vpc:create); without arguments with all.
func (s *Simulator) Grant(scopes ...string) {
	s.guard.mu.Lock()
	defer s.guard.mu.Unlock()
	s.guard.revoked, s.guard.scopes = false, scopes
}

// authorize checks the token and its scopes, and counts requests.
func (s *Simulator) authorize(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g := &s.guard
		g.mu.Lock()
		g.used++
		valid := !g.revoked && r.Header.Get("Authorization") == "Bearer "+s.options.Token
		allowed := g.scopes == nil || allows(g.scopes, r.Method, r.URL.Path)
		remaining := max(0, hourly-g.used)
		g.mu.Unlock()
		w.Header().Set("RateLimit-Limit", strconv.Itoa(hourly))
		w.Header().Set("RateLimit-Remaining", strconv.Itoa(remaining))
		w.Header().Set("RateLimit-Reset", strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10))
		switch {
		case !valid:
			refuse(w, http.StatusUnauthorized, "")
		case !allowed:
			refuse(w, http.StatusForbidden, "")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// resources are the names of scopes by path, as DigitalOcean's OpenAPI description has them.
var resources = map[string]string{
	"/v2/account": "account", "/v2/domains": "domain", "/v2/droplets": "droplet", "/v2/kubernetes": "kubernetes",
	"/v2/load_balancers": "load_balancer", "/v2/projects": "project", "/v2/regions": "regions", "/v2/sizes": "sizes",
	"/v2/spaces/keys": "spaces_key", "/v2/volumes": "block_storage", "/v2/vpcs": "vpc",
}

// allows reports whether a token with these scopes may make a request.
func allows(granted []string, method, path string) bool {
	if strings.HasPrefix(path, "/v2/domains/") && method != http.MethodGet && slices.Contains(granted, "domain:update") {
		return true // enough to add and delete records, too
	}
	for _, needed := range scopesOf(method, path) {
		if !slices.Contains(granted, needed) {
			return false
		}
	}
	return true
}

// scopesOf are the scopes a request needs, as far as the simulator serves it. What is not listed here is the resource's
// read, create, update or delete.
func scopesOf(method, path string) []string {
	resource := ""
	for prefix, name := range resources {
		if path == prefix || strings.HasPrefix(path, prefix+"/") {
			resource = name
		}
	}
	verb := map[string]string{
		http.MethodGet: "read", http.MethodPost: "create", http.MethodPut: "update", http.MethodPatch: "update",
		http.MethodDelete: "delete",
	}[method]
	has := func(part string) bool { return strings.Contains(path, part) }
	switch {
	case resource == "":
		return nil
	case resource == "sizes":
		return []string{"sizes:read", "regions:read"}
	case resource == "kubernetes" && (strings.HasSuffix(path, "/credentials") || strings.HasSuffix(path, "/kubeconfig")):
		verb = "access_cluster"
	case resource == "kubernetes" && has("/registry") && method == http.MethodPost:
		return []string{"kubernetes:create", "kubernetes:update"}
	case method != http.MethodGet && (has("/node_pools") || has("/registry") || strings.HasSuffix(path, "/upgrade")):
		verb = "update"
	case resource == "project" && has("/resources") && method == http.MethodPost:
		verb = "assign_resource"
	case resource == "spaces_key" && method == http.MethodPost:
		verb = "create_credentials"
	}
	return []string{resource + ":" + verb}
}
