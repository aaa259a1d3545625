package digitalocean

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/digitalocean/godo"
)

// fake is a Kubernetes that only remembers; boot holds a cluster's creation back.
type fake struct {
	boot      chan error
	mu        sync.Mutex
	nodes     []Node
	volumes   []Volume
	balancers []LoadBalancer
	gone      chan struct{} // holds a deletion back
}

func (f *fake) Create(ctx context.Context, _ string) (string, []byte, error) {
	select {
	case err := <-f.boot:
		return "https://127.0.0.1:1", []byte("ca"), err
	case <-ctx.Done():
		return "", nil, ctx.Err()
	}
}

func (f *fake) SetNodes(_ context.Context, _ string, nodes []Node) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.nodes = nodes
	return nil
}

func (f *fake) Token(_ context.Context, _ string, ttl time.Duration) (string, time.Time, error) {
	return "token", time.Now().Add(ttl), nil
}

func (f *fake) Volumes(context.Context, string) ([]Volume, error) { return f.volumes, nil }

func (f *fake) LoadBalancers(context.Context, string) ([]LoadBalancer, error) {
	return f.balancers, nil
}

func (f *fake) Delete(context.Context, string) error {
	<-f.gone
	return nil
}

func open(t *testing.T, f *fake) (*Simulator, *godo.Client) {
	t.Helper()
	return openWith(t, f, Options{})
}

func openWith(t *testing.T, f *fake, o Options) (*Simulator, *godo.Client) {
	t.Helper()
	f.boot, f.gone = make(chan error, 1), make(chan struct{})
	o.Token, o.Kubernetes = "secret", f
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, client(t, s, "secret")
}

// client is godo without retries, so that a test sees every answer. All are checked against the OpenAPI description.
func client(t *testing.T, s *Simulator, token string) *godo.Client {
	t.Helper()
	c, err := godo.New(&http.Client{Transport: &checked{t, token}}, godo.SetBaseURL(s.URL()))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newVPC(t *testing.T, c *godo.Client) *godo.VPC {
	t.Helper()
	created, _, err := c.VPCs.Create(t.Context(), vpc("net", "fra1", "10.110.0.0/20"))
	if err != nil {
		t.Fatal(err)
	}
	return created
}

func request(vpc string) *godo.KubernetesClusterCreateRequest {
	return &godo.KubernetesClusterCreateRequest{
		Name: "a", RegionSlug: "fra1", VersionSlug: versions[0], VPCUUID: vpc,
		NodePools: []*godo.KubernetesNodePoolCreateRequest{{Name: "default", Size: "s-2vcpu-4gb", Count: 2}},
	}
}

// running makes a cluster in a new VPC, after changes to the request, and waits for it.
func running(
	t *testing.T, f *fake, c *godo.Client, changes ...func(*godo.KubernetesClusterCreateRequest),
) *godo.KubernetesCluster {
	t.Helper()
	r := request(newVPC(t, c).ID)
	for _, change := range changes {
		change(r)
	}
	f.boot <- nil
	created, _, err := c.Kubernetes.Create(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the cluster runs", func() bool {
		created, _, err = c.Kubernetes.Get(t.Context(), created.ID)
		return err == nil && created.Status.State == godo.KubernetesClusterStatusRunning
	})
	return created
}

// status is the HTTP status of an API error.
func status(err error) int {
	var response *godo.ErrorResponse
	if errors.As(err, &response) {
		return response.Response.StatusCode
	}
	return 0
}

// expect wants a 422 with a part of a message, or no error without one.
func expect(t *testing.T, err error, part string) {
	t.Helper()
	if part == "" && err != nil {
		t.Errorf("err = %v, want none", err)
	}
	if part != "" && (status(err) != http.StatusUnprocessableEntity || !strings.Contains(message(err), part)) {
		t.Errorf("err = %v, want a 422 with %q", err, part)
	}
}

// message is the API's.
func message(err error) string {
	var response *godo.ErrorResponse
	if errors.As(err, &response) {
		return response.Message
	}
	return ""
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatal("not within ten seconds: " + what)
}
