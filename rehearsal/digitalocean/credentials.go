package digitalocean

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"time"

	"github.com/digitalocean/godo"
	"gopkg.in/yaml.v3"
)

// defaultExpiry is how long credentials are valid without expiry_seconds.
const defaultExpiry = 7 * 24 * time.Hour

func (s *Simulator) serveCredentials(w http.ResponseWriter, r *http.Request) {
	if credentials, ok := s.credentials(w, r); ok {
		writeJSON(w, http.StatusOK, credentials)
	}
}

func (s *Simulator) serveKubeconfig(w http.ResponseWriter, r *http.Request) {
	if credentials, ok := s.credentials(w, r); ok {
		w.Header().Set("Content-Type", "application/yaml")
		_ = yaml.NewEncoder(w).Encode(kubeconfig(r.PathValue("id"), credentials)) // the client went away
	}
}

// credentials makes a token for a cluster that has run once, or answers why not.
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
		refuse(w, http.StatusInternalServerError, err.Error())
		return nil, false
	}
	return &godo.KubernetesClusterCredentials{
		Server: c.Endpoint, CertificateAuthorityData: c.ca, Token: token, ExpiresAt: expires,
	}, true
}

func kubeconfig(name string, c *godo.KubernetesClusterCredentials) any {
	type m = map[string]any
	ca := base64.StdEncoding.EncodeToString(c.CertificateAuthorityData)
	return m{
		"apiVersion": "v1", "kind": "Config", "current-context": name,
		"clusters": []m{{"name": name, "cluster": m{"server": c.Server, "certificate-authority-data": ca}}},
		"users":    []m{{"name": name, "user": m{"token": c.Token}}},
		"contexts": []m{{"name": name, "context": m{"cluster": name, "user": name}}},
	}
}
