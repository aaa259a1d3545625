package controlplane

import (
	"bufio"
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Live is what a control plane knows of the node that runs its pods; see package live.
type Live struct {
	// Dial is the socket of an HTTP proxy that connects to pods, Services and the kubelet.
	Dial string `json:"dial"`
	// Volumes is the directory of the volumes that the cloud provides.
	Volumes string `json:"volumes"`
	// Operator says that prometheus-operator runs among the pods: nothing acts in its place.
	Operator bool `json:"operator"`
	// Metrics says that metrics-server does.
	Metrics bool `json:"metrics"`
}

// proxy connects kube-apiserver with what listens in the cluster, and reports whether anything does.
func (l *Live) proxy(connection net.Conn, reader io.Reader, address string) bool {
	if l == nil {
		return false
	}
	backend, err := net.Dial("unix", l.Dial)
	if err != nil {
		return false // the node does not run yet
	}
	defer backend.Close()
	fmt.Fprintf(backend, "CONNECT %s HTTP/1.1\r\nHost: %[1]s\r\n\r\n", address)
	answers := bufio.NewReader(backend)
	status, err := answers.ReadString('\n')
	if err != nil || !strings.HasPrefix(status, "HTTP/1.1 200 ") {
		return false
	}
	if _, err := answers.ReadString('\n'); err != nil { // it has no headers
		return false
	}
	fmt.Fprint(connection, "HTTP/1.1 200 OK\r\n\r\n")
	go func() {
		_, _ = io.Copy(backend, reader)
		_ = backend.Close()
	}()
	_, _ = io.Copy(connection, answers)
	return true
}

// place makes a volume a directory of this machine, as empty as a new file system is: with an ext4's lost+found.
func (l *Live) place(volume *corev1.PersistentVolume) error {
	dir := filepath.Join(l.Volumes, volume.Name)
	if err := os.MkdirAll(filepath.Join(dir, "lost+found"), 0o700); err != nil {
		return fmt.Errorf("making the volume %s: %w", volume.Name, err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return fmt.Errorf("making the volume %s: %w", volume.Name, err)
	}
	volume.Spec.PersistentVolumeSource = corev1.PersistentVolumeSource{Local: &corev1.LocalVolumeSource{Path: dir}}
	volume.Spec.NodeAffinity = &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{
		NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{{
			Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpExists,
		}}}},
	}}
	return nil
}

// SetLiveNode makes the cluster's only node and returns when it is Ready, for which start must run its kubelet. A node
// of that name stays as it is.
func (c *ControlPlane) SetLiveNode(ctx context.Context, n Node, start func() error) error {
	_, err := c.client.CoreV1().Nodes().Get(ctx, n.Name, metav1.GetOptions{})
	if err == nil {
		return nil
	}
	if !apierrors.IsNotFound(err) {
		return fmt.Errorf("looking for node %s: %w", n.Name, err)
	}
	if err := c.addNode(ctx, n, 0, nil); err != nil {
		return fmt.Errorf("adding node %s: %w", n.Name, err)
	}
	if err := start(); err != nil {
		return err
	}
	return c.awaitNodes(ctx, 1)
}

// KubeletFiles are what a kubelet logs in with and serves with.
type KubeletFiles struct{ Kubeconfig, CA, Certificate, Key string }

// Kubelet makes the files for the kubelet of the first node.
func (c *ControlPlane) Kubelet(node string) (KubeletFiles, error) {
	keys, err := readPKI(c.dir)
	if err == nil {
		_, err = fmt.Sscanf(c.config.Host, "https://127.0.0.1:%d", &keys.port)
	}
	if err != nil {
		return KubeletFiles{}, fmt.Errorf("reading certificates: %w", err)
	}
	kubeconfig, err := keys.kubeconfig("system:node:"+node, "system:nodes")
	if err != nil {
		return KubeletFiles{}, fmt.Errorf("writing the kubelet's certificates: %w", err)
	}
	name := pkix.Name{CommonName: node, Organization: []string{"system:nodes"}}
	if _, _, err := keys.mint("kubelet", name, forServer, keys.ca, keys.key); err != nil {
		return KubeletFiles{}, fmt.Errorf("writing the kubelet's certificates: %w", err)
	}
	return KubeletFiles{kubeconfig, keys.path("ca.crt"), keys.path("kubelet.crt"), keys.path("kubelet.key")}, nil
}

// Kubeconfig is the file of RESTConfig.
func (c *ControlPlane) Kubeconfig() string { return filepath.Join(c.dir, "admin.kubeconfig") }

// readPKI reads what newPKI wrote.
func readPKI(dir string) (*pki, error) {
	p := &pki{dir: filepath.Join(dir, "pki")}
	certificate, err := readPEM(p.path("ca.crt"))
	if err != nil {
		return nil, err
	}
	if p.ca, err = x509.ParseCertificate(certificate); err != nil {
		return nil, err
	}
	key, err := readPEM(p.path("ca.key"))
	if err != nil {
		return nil, err
	}
	p.key, err = x509.ParseECPrivateKey(key)
	return p, err
}

func readPEM(file string) ([]byte, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New(file + " is no PEM")
	}
	return block.Bytes, nil
}
