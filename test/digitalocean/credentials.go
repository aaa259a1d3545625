package digitalocean

import (
	"net/http"
	"strconv"
	"time"

	"github.com/digitalocean/godo"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// defaultExpiry is how long credentials are valid without expiry_seconds.
const defaultExpiry = 7 * 24 * time.Hour

func (s *Simulator) serveCredentials(w http.ResponseWriter, r *http.Request) {
	if credentials, ok := s.credentials(w, r); ok {
		writeJSON(w, http.StatusOK, credentials)
	}
}

func (s *Simulator) serveKubeconfig(w http.ResponseWriter, r *http.Request) {
	credentials, ok := s.credentials(w, r)
	if !ok {
		return
	}
	text, err := kubeconfig(r.PathValue("id"), credentials)
	if err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write(text) // an error: the client went away
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

func kubeconfig(name string, c *godo.KubernetesClusterCredentials) ([]byte, error) {
	config := api.NewConfig()
	config.Clusters[name] = &api.Cluster{Server: c.Server, CertificateAuthorityData: c.CertificateAuthorityData}
	config.AuthInfos[name] = &api.AuthInfo{Token: c.Token}
	config.Contexts[name] = &api.Context{Cluster: name, AuthInfo: name}
	config.CurrentContext = name
	return clientcmd.Write(*config)
}
