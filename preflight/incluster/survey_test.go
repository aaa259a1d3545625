package incluster

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// kubeconfig is one as DigitalOcean returns it.
func kubeconfig(server *httptest.Server, token string) []byte {
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	return fmt.Appendf(nil, `apiVersion: v1
kind: Config
clusters: [{name: a, cluster: {server: %s, certificate-authority-data: %s}}]
users: [{name: a, user: {token: %s}}]
contexts: [{name: a, context: {cluster: a, user: a}}]
current-context: a
`, server.URL, base64.StdEncoding.EncodeToString(ca), token)
}

func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	return server
}

func TestSurvey(t *testing.T) {
	pages := map[string][]string{
		"/api/v1/namespaces": {
			`{"metadata":{"continue":"next"},"items":[{"metadata":{"name":"a","labels":{"l":"1"},"annotations":{"n":"2"}}}]}`,
			`{"metadata":{},"items":[{"metadata":{"name":"kube-system","uid":"unique"}}]}`,
		},
		"/api/v1/persistentvolumeclaims": {`{"items":[{"metadata":{"name":"c","namespace":"a"},` +
			`"spec":{"resources":{"requests":{"storage":"10Gi"}}}}]}`},
		"/apis/apps/v1/statefulsets": {`{"items":[{"metadata":{"name":"s","namespace":"a"},` +
			`"spec":{"volumeClaimTemplates":[{"metadata":{"name":"t"}}]}}]}`},
		"/version": {`{"major":"1","minor":"34","gitVersion":"v1.34.1"}`},
		"/apis/apiregistration.k8s.io/v1/apiservices": {`{"items":[{"metadata":{"name":"v1beta1.metrics.k8s.io"}}]}`},
	}
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer short-lived" ||
			r.URL.Query().Get("limit") == "" && r.URL.Path != "/version" {
			t.Errorf("%s %v %v", r.Method, r.URL, r.Header)
		}
		if strings.HasPrefix(r.URL.Path, "/api/v1/secrets") &&
			(r.Header.Get("Accept") != metadataOnly || r.URL.Query().Get("labelSelector") != "owner=helm") {
			t.Errorf("data of Secrets is read: %v %v", r.URL, r.Header)
		}
		all, ok := pages[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		page := all[0]
		if r.URL.Query().Get("continue") == "next" {
			page = all[1]
		}
		fmt.Fprint(w, page)
	})
	access, err := ParseKubeconfig(kubeconfig(server, "short-lived"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := Survey(t.Context(), access)
	if err != nil {
		t.Fatal(err)
	}
	if c.ID() != "unique" || c.Version != "v1.34.1" {
		t.Errorf("id %q, version %q", c.ID(), c.Version)
	}
	if len(c.Namespaces) != 2 || c.Namespaces[0].Metadata.Labels["l"] != "1" ||
		c.Namespaces[1].Metadata.Name != "kube-system" {
		t.Errorf("namespaces %+v, want those of both pages", c.Namespaces)
	}
	if len(c.Claims) != 1 || c.Claims[0].gib() != 10 || len(c.StatefulSets) != 1 {
		t.Errorf("claims %+v, sets %+v", c.Claims, c.StatefulSets)
	}
	if len(c.ClusterWide) != 1 || c.ClusterWide[0].Kind != "APIService" {
		t.Errorf("objects of the cluster %+v", c.ClusterWide)
	}
}

func TestSurveyErrors(t *testing.T) {
	status := func(code int) func(*testing.T) []byte {
		return func(t *testing.T) []byte {
			return kubeconfig(serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }), "secret-token")
		}
	}
	for _, c := range []struct {
		name       string
		kubeconfig func(*testing.T) []byte
		want       string
	}{
		{"unreachable", func(t *testing.T) []byte {
			server := serve(t, nil)
			server.Close()
			return kubeconfig(server, "secret-token")
		}, "is unreachable: dial tcp 127.0.0.1"},
		{"another authority", func(t *testing.T) []byte {
			server := serve(t, nil)
			other := kubeconfig(server, "secret-token")
			return []byte(strings.Replace(string(other), base64.StdEncoding.EncodeToString(pem.EncodeToMemory(
				&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})), "Y2E=", 1))
		}, "unable to load root certificates"},
		{"expired token", status(http.StatusUnauthorized), "has expired or was revoked"},
		{"forbidden", status(http.StatusForbidden), "forbids reading /api/v1/namespaces"},
		{"not healthy", status(http.StatusServiceUnavailable), "answered 503 Service Unavailable"},
		{"no list", func(t *testing.T) []byte {
			return kubeconfig(serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }), "secret-token")
		}, "answered no list to /api/v1/namespaces"},
		{"no kubeconfig", func(*testing.T) []byte { return nil }, "kubernetes:access_cluster"},
		{"no YAML", func(*testing.T) []byte { return []byte("secret-token: [") }, "is not valid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			access, err := ParseKubeconfig(c.kubeconfig(t))
			if err == nil {
				_, err = Survey(t.Context(), access)
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("err = %v, want it to contain %q", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "secret-token") {
				t.Errorf("the token is in %v", err)
			}
		})
	}
}

// parse makes test objects of JSON, as the API server sends them.
func parse[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// A kubeconfig with a client certificate, as kind writes it.
func TestLoadKubeconfig(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.TLS.PeerCertificates) != 1 {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		http.NotFound(w, r)
	}))
	server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	server.StartTLS()
	t.Cleanup(server.Close)
	certificate := server.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name string, content []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	write("ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	write("key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
	kubeconfig := func(user string) []byte {
		return fmt.Appendf(nil, `apiVersion: v1
kind: Config
clusters:
- {name: other, cluster: {server: "https://192.0.2.1"}}
- {name: a, cluster: {server: %s, certificate-authority: ca.pem}}
users: [{name: a, user: {%s}}]
contexts: [{name: other, context: {cluster: other, user: a}}, {name: a, context: {cluster: a, user: a}}]
current-context: a
`, server.URL, user)
	}
	for _, c := range []struct {
		name, file, want string
	}{
		{"certificate", write("certificate.yaml", kubeconfig("client-certificate: ca.pem, client-key: key.pem")), ""},
		{"no credentials", write("anonymous.yaml", kubeconfig("")), "log in again, or write a new kubeconfig to " + dir},
		{"no context", write("empty.yaml", []byte("apiVersion: v1\nkind: Config\n")), "no configuration has been provided"},
		{"missing", filepath.Join(dir, "missing.yaml"), "no such file"},
		{"no kubeconfig", write("text", []byte("[")), "text"},
	} {
		t.Run(c.name, func(t *testing.T) {
			access, context, err := LoadKubeconfig(c.file)
			if c.want == "" && context != "a" {
				t.Errorf("context %q", context)
			}
			if err == nil {
				_, err = Survey(t.Context(), access)
			}
			if (err != nil) != (c.want != "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("err = %v, want it to contain %q", err, c.want)
			}
		})
	}
}
