package charts

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"doks-security/values"
)

// packed is something in place of an archive.
func packed(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// site is a Helm repository below /charts, and a registry that gives tokens.
type site struct {
	*httptest.Server
	files    map[string][]byte // by path
	digests  map[string]string // in the index; a chart's own otherwise
	login    string            // user:password the tokens are for; empty: anybody
	requests atomic.Int64
	slow     chan struct{} // not nil: archives are answered half, and then wait for it
	short    bool          // archives end before their length
	realm    string        // where tokens are; the site's own otherwise
}

func newSite(t *testing.T, archives map[string][]byte) *site {
	t.Helper()
	s := &site{files: map[string][]byte{}, digests: map[string]string{}}
	for name, content := range archives {
		s.files["/charts/"+name] = content
	}
	s.Server = httptest.NewTLSServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *site) client() *client { return &client{http: s.Client(), timeout: 10 * time.Second} }

func (s *site) address() string { return s.URL + "/charts" }

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.requests.Add(1)
	switch {
	case r.URL.Path == "/charts/index.yaml":
		_, _ = w.Write(s.index())
	case r.URL.Path == "/token":
		s.token(w, r)
	case strings.HasPrefix(r.URL.Path, "/v2/"):
		s.registry(w, r)
	case s.files[r.URL.Path] != nil:
		s.send(w, s.files[r.URL.Path])
	default:
		http.NotFound(w, r)
	}
}

func (s *site) send(w http.ResponseWriter, content []byte) {
	if s.slow == nil && !s.short {
		_, _ = w.Write(content)
		return
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(content)))
	_, _ = w.Write(content[:len(content)/2])
	if s.slow != nil {
		w.(http.Flusher).Flush()
		<-s.slow
	}
}

// index lists the files: <chart>-<version>.tgz.
func (s *site) index() []byte {
	text := "apiVersion: v1\nentries:\n"
	for path, content := range s.files {
		name := strings.TrimSuffix(filepath.Base(path), ".tgz")
		chart, version, _ := strings.Cut(name, "-")
		digest := Digest(content)
		if other, ok := s.digests[name]; ok {
			digest = other
		}
		text += fmt.Sprintf("  %s:\n  - {name: %s, version: %s, digest: %q, urls: [%s.tgz]}\n", chart, chart, version,
			digest, name)
	}
	return []byte(text)
}

// registry has each file as charts/<chart>, with its version as tag.
func (s *site) registry(w http.ResponseWriter, r *http.Request) {
	rest := strings.TrimPrefix(r.URL.Path, "/v2/charts/")
	chart, what, _ := strings.Cut(rest, "/")
	scope := "repository:charts/" + chart + ":pull"
	if r.Header.Get("Authorization") != "Bearer "+scope {
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="%s",service="test",scope="%s"`,
			cmp.Or(s.realm, s.URL+"/token"), scope))
		http.Error(w, "no token", http.StatusUnauthorized)
		return
	}
	for path, content := range s.files {
		name, version, _ := strings.Cut(strings.TrimSuffix(filepath.Base(path), ".tgz"), "-")
		if name != chart {
			continue
		}
		switch what {
		case "manifests/" + strings.ReplaceAll(version, "+", "_"):
			_, _ = w.Write(manifest(w, content))
			return
		case "blobs/sha256:" + Digest(content):
			s.send(w, content)
			return
		}
	}
	http.NotFound(w, r)
}

// manifest is that of a chart with its signature.
func manifest(w http.ResponseWriter, archive []byte) []byte {
	text, _ := json.Marshal(ocispec.Manifest{ // of known types
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest,
		Layers: []ocispec.Descriptor{
			content.NewDescriptorFromBytes("application/vnd.cncf.helm.chart.provenance.v1.prov", nil),
			content.NewDescriptorFromBytes(chartType, archive),
		},
	})
	w.Header().Set("Content-Type", ocispec.MediaTypeImageManifest)
	return text
}

func (s *site) token(w http.ResponseWriter, r *http.Request) {
	user, password, _ := r.BasicAuth()
	if s.login != "" && user+":"+password != s.login {
		http.Error(w, "wrong login", http.StatusUnauthorized)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]string{"token": r.URL.Query().Get("scope")})
}

// oci is the site's registry.
func (s *site) oci() string { return "oci://" + strings.TrimPrefix(s.URL, "https://") + "/charts" }

// withLogins makes that the user's file of Helm's logins.
func withLogins(t *testing.T, content string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HELM_REGISTRY_CONFIG", name)
	t.Setenv("DOCKER_CONFIG", t.TempDir())
}

func TestRegistryLogin(t *testing.T) {
	archive := packed(t, "shop")
	pin := values.Chart{Name: "shop", Version: "1.0.0+build", SHA256: Digest(archive)}
	encoded := base64.StdEncoding.EncodeToString([]byte("robot:let:me in"))
	for _, c := range []struct{ name, login, logins, message string }{
		{"an unknown token", "", `{}`, ""},
		{"a login", "robot:let:me in", `{"auths": {"HOST": {"auth": "` + encoded + `"}}}`, ""},
		{"a login that a helper keeps", "helped:HOST", `{"auths": {"HOST": {}}, "credsStore": "test"}`, ""},
		{"a login of a helper of this host", "helped:HOST", `{"credHelpers": {"HOST": "test"}}`, ""},
		{"no login", "robot:let me in", `{"auths": {"other.example.org": {"auth": "` + encoded + `"}}}`,
			"helm registry login HOST"},
		{"a login that cannot be read", "robot:let me in", `{"auths": {"HOST": {"auth": "?"}}}`,
			"the login of HOST cannot be read"},
		{"a helper that is missing", "", `{"credHelpers": {"HOST": "missing"}}`, "docker-credential-missing"},
		{"a file that cannot be read", "", `no JSON`, "reading the logins of registries"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, map[string][]byte{"shop-1.0.0+build.tgz": archive})
			host := strings.TrimPrefix(s.URL, "https://")
			withLogins(t, strings.ReplaceAll(c.logins, "HOST", host))
			s.login = strings.ReplaceAll(c.login, "HOST", host)
			helpers := t.TempDir()
			script := "#!/bin/sh\nread -r host\nprintf '{\"Username\":\"helped\",\"Secret\":\"%s\"}' \"$host\"\n"
			if err := os.WriteFile(filepath.Join(helpers, "docker-credential-test"), []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
			t.Setenv("PATH", helpers+":"+os.Getenv("PATH"))
			dir := t.TempDir()
			err := Source{Mirror: s.oci()}.fetch(t.Context(), s.client(), dir, []values.Chart{pin})
			checkMessage(t, err, strings.ReplaceAll(c.message, "HOST", host))
			if c.message == "" {
				checkFile(t, dir, pin, archive)
			}
		})
	}
}

func TestRegistryPlainText(t *testing.T) {
	s := newSite(t, map[string][]byte{"shop-1.0.0.tgz": packed(t, "shop")})
	withLogins(t, `{}`)
	plain := httptest.NewServer(s)
	defer plain.Close()
	s.realm = plain.URL + "/token"
	pin := values.Chart{Name: "shop", Version: "1.0.0"}
	err := Source{Mirror: s.oci()}.fetch(t.Context(), s.client(), t.TempDir(), []values.Chart{pin})
	checkMessage(t, err, "uses http but registry was contacted over https")
}

func checkMessage(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Fatal(err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("err = %v, want it to contain %q", err, want)
	}
}

func checkFile(t *testing.T, dir string, pin values.Chart, want []byte) {
	t.Helper()
	got, err := os.ReadFile(Archive(dir, pin))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s has %d bytes, %v; want %d", Archive(dir, pin), len(got), err, len(want))
	}
}

func TestPublished(t *testing.T) {
	var text strings.Builder
	text.WriteString("entries:\n  shop:\n")
	for _, version := range []string{"1.9.0", "1.10.0", "v1.10.1", "2.0.0-rc.1"} {
		fmt.Fprintf(&text, "  - {version: %s, appVersion: \"1\", digest: %s, urls: [shop.tgz]}\n", version,
			strings.Repeat("a", 64))
	}
	text.WriteString("  preview:\n  - {version: 1.0.0-rc.1, urls: [a.tgz]}\n")
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/index.yaml" {
			_, _ = w.Write([]byte(text.String()))
			return
		}
		http.NotFound(w, r)
	}))
	defer server.Close()
	for _, c := range []struct{ name, chart, repository, version, want, message string }{
		{"the newest, no release candidate", "shop", server.URL, "", "v1.10.1", ""},
		{"the one asked for", "shop", server.URL + "/", "1.9.0", "1.9.0", ""},
		{"one that is not published", "shop", server.URL, "3.0.0", "", "has no shop 3.0.0"},
		{"a chart that is not published", "stall", server.URL, "", "", "no version of stall"},
		{"only release candidates", "preview", server.URL, "", "", "no version of preview"},
		{"no index", "shop", server.URL + "/elsewhere", "", "", "404 Not Found"},
		{"a registry without a version", "shop", "oci://example.org/charts", "", "", "name a version of shop"},
		{"a registry", "shop", "oci://example.org/charts", "2.0.0", "2.0.0", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			pin := values.Chart{Name: c.chart, Version: "1.0.0", Repository: c.repository, SHA256: strings.Repeat("0", 64)}
			got, err := published(t.Context(), &client{http: server.Client(), timeout: time.Minute}, pin, c.version)
			checkMessage(t, err, c.message)
			if err == nil && (got.Version != c.want || got.SHA256 == pin.SHA256) {
				t.Errorf("%+v, want version %s with another sha256", got, c.want)
			}
		})
	}
}
