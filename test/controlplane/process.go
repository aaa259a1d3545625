package controlplane

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	authv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/utils/ptr"

	"doks-security/test/child"
)

// ChildCommand is the first argument of the child process.
const ChildCommand = "control-plane"

const (
	startTime = 2 * time.Minute
	stopTime  = 15 * time.Second
	readyFile = "ready"
	logFile   = "control-plane.log"
)

// Options place a control plane.
type Options struct {
	// Dir holds everything it writes; it must not exist, and is removed by Stop.
	Dir string
	// Live is for a control plane with a node that runs pods: its only one, which SetLiveNode makes. Optional.
	Live *Live
}

// ControlPlane is a running one.
type ControlPlane struct {
	dir    string
	child  *child.Process
	config *rest.Config
	client kubernetes.Interface
}

// Start runs a control plane and returns when it serves: API, controllers, scheduler and storage classes.
func Start(ctx context.Context, o Options) (_ *ControlPlane, err error) {
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return nil, fmt.Errorf("starting the control plane: %w", err)
	}
	if err := os.Mkdir(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("starting the control plane: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("starting the control plane: %w", err)
	}
	args := []string{ChildCommand, o.Dir}
	if o.Live != nil {
		text, err := json.Marshal(o.Live)
		if err != nil {
			return nil, fmt.Errorf("starting the control plane: %w", err)
		}
		args = append(args, string(text))
	}
	command := exec.Command(self, args...)
	command.Dir = o.Dir    // egressSocket
	separateGroup(command) // Ctrl-C in the terminal is the parent's to handle: the child is needed for cleaning up
	c := &ControlPlane{dir: o.Dir}
	if c.child, err = child.Start(command, filepath.Join(o.Dir, logFile)); err != nil {
		return nil, fmt.Errorf("starting the control plane: %w", err)
	}
	if err := c.child.Ready(ctx, filepath.Join(o.Dir, readyFile), startTime); err != nil {
		err = fmt.Errorf("starting the control plane: %w%s", err, c.logTail())
		return nil, errors.Join(err, c.Stop(context.WithoutCancel(ctx)))
	}
	if c.config, err = clientcmd.BuildConfigFromFlags("", filepath.Join(o.Dir, "admin.kubeconfig")); err == nil {
		c.config.QPS, c.config.Burst = 500, 1000
		err = rest.LoadTLSFiles(c.config)
	}
	if err == nil {
		c.client, err = kubernetes.NewForConfig(c.config)
	}
	if err != nil {
		return nil, errors.Join(err, c.Stop(context.WithoutCancel(ctx)))
	}
	return c, nil
}

func (c *ControlPlane) logTail() string {
	text, err := os.ReadFile(filepath.Join(c.dir, logFile))
	if err != nil || len(bytes.TrimSpace(text)) == 0 {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return "\n" + strings.Join(lines[max(0, len(lines)-10):], "\n")
}

// Endpoint is the API server's URL.
func (c *ControlPlane) Endpoint() string { return c.config.Host }

// CA is the certificate of the API server's authority, PEM.
func (c *ControlPlane) CA() []byte { return c.config.CAData }

// RESTConfig logs in as cluster-admin.
func (c *ControlPlane) RESTConfig() *rest.Config { return rest.CopyConfig(c.config) }

// Client is a client with RESTConfig.
func (c *ControlPlane) Client() kubernetes.Interface { return c.client }

// Token returns a cluster-admin token. Kubernetes gives none for less than ten minutes.
func (c *ControlPlane) Token(ctx context.Context, ttl time.Duration) (string, time.Time, error) {
	seconds := int64(max(ttl, 10*time.Minute).Seconds())
	request, err := c.client.CoreV1().ServiceAccounts(metav1.NamespaceSystem).CreateToken(ctx, adminAccount,
		&authv1.TokenRequest{
			Spec: authv1.TokenRequestSpec{ExpirationSeconds: ptr.To(seconds)},
		}, metav1.CreateOptions{})
	if err != nil {
		return "", time.Time{}, fmt.Errorf("making a token: %w", err)
	}
	return request.Status.Token, request.Status.ExpirationTimestamp.Time, nil
}

// Stop ends the child and removes its directory. It waits for etcd to close its files.
func (c *ControlPlane) Stop(ctx context.Context) error {
	c.child.Stop(ctx, stopTime)
	if err := os.RemoveAll(c.dir); err != nil {
		return fmt.Errorf("removing the control plane's files: %w", err)
	}
	return nil
}
