package controlplane

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

func TestEtcdAsksForACertificate(t *testing.T) {
	dir := t.TempDir()
	ports, err := freePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := newPKI(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	etcd, err := startEtcd(filepath.Join(dir, "etcd"), keys, ports[0])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(etcd.Close)
	ca, err := os.ReadFile(keys.path("ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	certificate, err := tls.LoadX509KeyPair(keys.path("etcd-client.crt"), keys.path("etcd-client.key"))
	if err != nil {
		t.Fatal(err)
	}
	address := etcd.Config().ListenClientUrls[0].Host
	for _, c := range []struct {
		name, scheme string
		certificates []tls.Certificate
		ok           bool
	}{
		{"the API server's", "https", []tls.Certificate{certificate}, true},
		{"none", "https", nil, false},
		{"no TLS", "http", nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := &http.Client{Transport: &http.Transport{
				TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: c.certificates},
			}}
			response, err := client.Get(c.scheme + "://" + address + "/version")
			if err == nil {
				defer response.Body.Close()
			}
			if ok := err == nil && response.StatusCode == http.StatusOK; ok != c.ok {
				t.Errorf("%v, %v", response, err)
			}
		})
	}
}
