package charts

import (
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"doks-security/values"
)

// behindProxy is the directory into which a process of TestProxy fetches.
const behindProxy = "CHARTS_TEST_BEHIND_PROXY"

// proxied are two charts at a host that only the proxy knows; the certificate of httptest is for it too.
func proxied(archive []byte) []values.Chart {
	pin := values.Chart{Name: "shop", Version: "1.0.0", SHA256: Digest(archive), Repository: "https://example.com/charts"}
	inRegistry := pin
	inRegistry.Name, inRegistry.Repository = "stall", "oci://example.com/charts"
	return []values.Chart{pin, inRegistry}
}

// Charts come through the proxy of the environment, which net/http reads once: another process fetches them.
func TestProxy(t *testing.T) {
	archive := packed(t, "shop")
	if dir := os.Getenv(behindProxy); dir != "" {
		if err := (Source{}).Fetch(t.Context(), dir, proxied(archive)); err != nil {
			t.Fatal(err)
		}
		return
	}
	s := newSite(t, map[string][]byte{"shop-1.0.0.tgz": archive, "stall-1.0.0.tgz": archive})
	s.realm = "https://example.com/token"
	var mu sync.Mutex
	var asked []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, r.Method+" "+r.Host)
		mu.Unlock()
		tunnel(w, s.Listener.Addr().String())
	}))
	defer proxy.Close()
	dir := t.TempDir()
	authority := filepath.Join(dir, "ca.pem")
	write(t, authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
	into := t.TempDir()
	command := exec.Command(os.Args[0], "-test.run=^TestProxy$")
	command.Env = append(os.Environ(), behindProxy+"="+into,
		"HTTPS_PROXY="+proxy.URL, "https_proxy="+proxy.URL, "NO_PROXY=", "no_proxy=",
		"SSL_CERT_FILE="+authority, "DOCKER_CONFIG="+into, "HELM_REGISTRY_CONFIG="+filepath.Join(into, "none"))
	if printed, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, printed)
	}
	if !slices.Contains(asked, "CONNECT example.com:443") {
		t.Errorf("the proxy was asked for %q", asked)
	}
	for _, pin := range proxied(archive) {
		checkFile(t, into, pin, archive)
	}
}

// tunnel connects the client of a proxy with an address.
func tunnel(w http.ResponseWriter, address string) {
	server, err := net.Dial("tcp", address)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	client, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	_, _ = io.Copy(client, strings.NewReader("HTTP/1.1 200 Connection established\r\n\r\n"))
	go func() {
		_, _ = io.Copy(server, client) // until either of them ends it
		_ = server.Close()
	}()
	_, _ = io.Copy(client, server)
	_ = client.Close()
}
