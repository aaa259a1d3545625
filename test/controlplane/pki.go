package controlplane

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// pki holds the certificates of one control plane, below its directory.
type pki struct {
	dir  string
	port int
	ca   *x509.Certificate
	key  crypto.Signer
}

// usage says what a certificate is for.
type usage int

const (
	forAuthority usage = iota
	forServer
	forClient
)

func newPKI(dir string, port int) (*pki, error) {
	p := &pki{dir: filepath.Join(dir, "pki"), port: port}
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return nil, err
	}
	var err error
	if p.ca, p.key, err = p.mint("ca", pkix.Name{CommonName: "rehearsal"}, forAuthority, nil, nil); err != nil {
		return nil, err
	}
	front, frontKey, err := p.mint("front-proxy-ca", pkix.Name{CommonName: "front-proxy-ca"}, forAuthority, nil, nil)
	if err != nil {
		return nil, err
	}
	_, _, serverErr := p.mint("apiserver", pkix.Name{CommonName: "kube-apiserver"}, forServer, p.ca, p.key)
	_, _, etcdErr := p.mint("etcd", pkix.Name{CommonName: "etcd"}, forServer, p.ca, p.key)
	_, _, etcdClientErr := p.mint("etcd-client", pkix.Name{CommonName: "kube-apiserver-etcd-client"}, forClient,
		p.ca, p.key)
	_, _, clientErr := p.mint("front-proxy-client", pkix.Name{CommonName: "front-proxy-client"}, forClient,
		front, frontKey)
	_, _, kubeletErr := p.mint("kubelet-client", pkix.Name{CommonName: "kube-apiserver-kubelet-client",
		Organization: []string{"system:masters"}}, forClient, p.ca, p.key)
	_, account, accountErr := p.mint("sa", pkix.Name{CommonName: "service-accounts"}, forClient, p.ca, p.key)
	if err := errors.Join(serverErr, etcdErr, etcdClientErr, clientErr, kubeletErr, accountErr); err != nil {
		return nil, err
	}
	public, err := x509.MarshalPKIXPublicKey(account.Public())
	if err != nil {
		return nil, err
	}
	return p, p.write("sa.pub", "PUBLIC KEY", public)
}

func (p *pki) path(name string) string { return filepath.Join(p.dir, name) }

func (p *pki) write(name, kind string, der []byte) error {
	return os.WriteFile(p.path(name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}

// mint makes a key and its certificate as issue does, and writes both.
func (p *pki) mint(file string, subject pkix.Name, use usage, issuer *x509.Certificate, issuerKey crypto.Signer) (
	*x509.Certificate, crypto.Signer, error,
) {
	certificate, key, err := issue(subject, use, issuer, issuerKey)
	if err != nil {
		return nil, nil, err
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	return certificate, key, errors.Join(
		p.write(file+".crt", "CERTIFICATE", certificate.Raw), p.write(file+".key", "EC PRIVATE KEY", private))
}

// issue makes a key and its certificate; without an issuer it is self-signed.
func issue(subject pkix.Name, use usage, issuer *x509.Certificate, issuerKey crypto.Signer) (
	*x509.Certificate, *ecdsa.PrivateKey, error,
) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: subject,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true,
	}
	switch use {
	case forAuthority:
		template.IsCA, template.KeyUsage = true, template.KeyUsage|x509.KeyUsageCertSign
		issuer, issuerKey = template, key
	case forServer:
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		template.DNSNames = []string{
			"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", subject.CommonName,
		}
		template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv4(10, 245, 0, 1), net.IPv4(10, 110, 0, 2)}
	case forClient:
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, key.Public(), issuerKey)
	if err != nil {
		return nil, nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	return certificate, key, err
}

// forService makes the certificate of the Service that a connection asks for: the namespaces of a stack have any name.
func (p *pki) forService(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	certificate, key, err := issue(pkix.Name{CommonName: hello.ServerName}, forServer, p.ca, p.key)
	if err != nil {
		return nil, fmt.Errorf("the certificate of %s: %w", hello.ServerName, err)
	}
	return &tls.Certificate{Certificate: [][]byte{certificate.Raw}, PrivateKey: key}, nil
}

// kubeconfig makes a client certificate for user and returns the file that logs in with it.
func (p *pki) kubeconfig(user, group string) (string, error) {
	name := strings.TrimPrefix(user, "system:")
	subject := pkix.Name{CommonName: user}
	if group != "" {
		subject.Organization = []string{group}
	}
	if _, _, err := p.mint(name, subject, forClient, p.ca, p.key); err != nil {
		return "", err
	}
	file := filepath.Join(filepath.Dir(p.dir), name+".kubeconfig")
	const cluster = "rehearsal"
	config := api.NewConfig()
	config.Clusters[cluster] = &api.Cluster{
		Server: fmt.Sprintf("https://127.0.0.1:%d", p.port), CertificateAuthority: p.path("ca.crt"),
	}
	config.AuthInfos[user] = &api.AuthInfo{ClientCertificate: p.path(name + ".crt"), ClientKey: p.path(name + ".key")}
	config.Contexts[cluster] = &api.Context{Cluster: cluster, AuthInfo: user}
	config.CurrentContext = cluster
	return file, clientcmd.WriteToFile(*config, file)
}
