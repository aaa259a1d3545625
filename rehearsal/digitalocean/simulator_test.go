package digitalocean

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/digitalocean/godo"
)

// fake is a Kubernetes that only keeps books; boot holds a cluster's creation back.
type fake struct {
	boot    chan error
	mu      sync.Mutex
	nodes   []Node
	volumes []string
	gone    chan struct{} // holds a deletion back
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

func (f *fake) Volumes(context.Context, string) ([]string, error)       { return f.volumes, nil }
func (f *fake) LoadBalancers(context.Context, string) ([]string, error) { return nil, nil }

func (f *fake) Delete(context.Context, string) error {
	<-f.gone
	return nil
}

func open(t *testing.T, f *fake) (*Simulator, *godo.Client) {
	t.Helper()
	f.boot, f.gone = make(chan error, 1), make(chan struct{})
	s, err := Start(t.Context(), Options{Token: "secret", Kubernetes: f})
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

func client(t *testing.T, s *Simulator, token string) *godo.Client {
	t.Helper()
	c := godo.NewFromToken(token)
	if err := godo.SetBaseURL(s.URL())(c); err != nil {
		t.Fatal(err)
	}
	return c
}

func newVPC(t *testing.T, c *godo.Client) *godo.VPC {
	t.Helper()
	vpc, _, err := c.VPCs.Create(t.Context(), &godo.VPCCreateRequest{Name: "net", RegionSlug: "fra1", IPRange: "10.110.0.0/20"})
	if err != nil {
		t.Fatal(err)
	}
	return vpc
}

func request(vpc string) *godo.KubernetesClusterCreateRequest {
	return &godo.KubernetesClusterCreateRequest{
		Name: "a", RegionSlug: "fra1", VersionSlug: versions[0], VPCUUID: vpc,
		NodePools: []*godo.KubernetesNodePoolCreateRequest{{Name: "default", Size: "s-2vcpu-4gb", Count: 2}},
	}
}

// status is the HTTP status of an API error.
func status(err error) int {
	var response *godo.ErrorResponse
	if errors.As(err, &response) {
		return response.Response.StatusCode
	}
	return 0
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

func TestLifeOfACluster(t *testing.T) {
	f := &fake{volumes: []string{"pvc-1"}}
	s, c := open(t, f)
	ctx := t.Context()
	vpc := newVPC(t, c)
	created, _, err := c.Kubernetes.Create(ctx, request(vpc.ID))
	if err != nil {
		t.Fatal(err)
	}
	if created.Status.State != godo.KubernetesClusterStatusProvisioning || created.Endpoint != "" {
		t.Errorf("a new cluster is %s at %q, want it provisioning", created.Status.State, created.Endpoint)
	}
	if _, _, err := c.Kubernetes.GetCredentials(ctx, created.ID, nil); status(err) != http.StatusNotFound {
		t.Errorf("credentials of a cluster that does not run yet: %v", err)
	}
	f.boot <- nil
	eventually(t, "the cluster runs", func() bool {
		got, _, err := c.Kubernetes.Get(ctx, created.ID)
		return err == nil && got.Status.State == godo.KubernetesClusterStatusRunning && got.Endpoint != ""
	})
	if len(f.nodes) != 2 || f.nodes[0].Pool != "default" || f.nodes[0].Size != "s-2vcpu-4gb" {
		t.Errorf("nodes %+v, want two of the pool", f.nodes)
	}

	hour := 3600
	credentials, _, err := c.Kubernetes.GetCredentials(ctx, created.ID, &godo.KubernetesClusterCredentialsGetRequest{ExpirySeconds: &hour})
	if err != nil || time.Until(credentials.ExpiresAt) > time.Hour || credentials.Token != "token" {
		t.Errorf("credentials %+v, %v; want a token for an hour", credentials, err)
	}
	count := 3
	pool := created.NodePools[0]
	if _, _, err := c.Kubernetes.UpdateNodePool(ctx, created.ID, pool.ID, &godo.KubernetesNodePoolUpdateRequest{Count: &count}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "three nodes run", func() bool {
		got, _, err := c.Kubernetes.GetNodePool(ctx, created.ID, pool.ID)
		return err == nil && len(got.Nodes) == 3 && got.Nodes[2].Status.State == "running"
	})

	if _, err := c.VPCs.Delete(ctx, vpc.ID); status(err) != http.StatusConflict {
		t.Errorf("a VPC in use is deleted: %v", err)
	}
	if _, err := c.Kubernetes.Delete(ctx, created.ID); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Kubernetes.Get(ctx, created.ID); status(err) != http.StatusNotFound {
		t.Errorf("a deleted cluster is still there: %v", err)
	}
	if _, err := c.VPCs.Delete(ctx, vpc.ID); status(err) != http.StatusConflict {
		t.Errorf("the cluster's members leave the VPC later: %v", err)
	}
	close(f.gone)
	eventually(t, "the VPC is deleted", func() bool {
		_, err := c.VPCs.Delete(ctx, vpc.ID)
		return err == nil
	})
	if left := s.Leftovers(); !slices.Equal(left, []string{"volume pvc-1"}) {
		t.Errorf("left %v: a cluster deleted without its associated resources leaves its volumes", left)
	}
}

func TestDeletionWithAssociatedResources(t *testing.T) {
	f := &fake{volumes: []string{"pvc-1"}}
	s, c := open(t, f)
	f.boot <- nil
	close(f.gone)
	vpc := newVPC(t, c)
	created, _, err := c.Kubernetes.Create(t.Context(), request(vpc.ID))
	if err != nil {
		t.Fatal(err)
	}
	associated, _, err := c.Kubernetes.ListAssociatedResourcesForDeletion(t.Context(), created.ID)
	if err != nil || len(associated.Volumes) != 1 || associated.Volumes[0].Name != "pvc-1" {
		t.Errorf("associated resources %+v, %v; want the volume", associated, err)
	}
	if _, err := c.Kubernetes.DeleteDangerous(t.Context(), created.ID); err != nil {
		t.Fatal(err)
	}
	if left := s.Leftovers(); !slices.Equal(left, []string{"vpc net"}) {
		t.Errorf("left %v, want the VPC only", left)
	}
}

func TestClusterThatDoesNotBoot(t *testing.T) {
	f := &fake{}
	_, c := open(t, f)
	f.boot <- errors.New("out of capacity")
	created, _, err := c.Kubernetes.Create(t.Context(), request(newVPC(t, c).ID))
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "its state says why", func() bool {
		got, _, err := c.Kubernetes.Get(t.Context(), created.ID)
		return err == nil && got.Status.State == godo.KubernetesClusterStatusError && got.Status.Message == "out of capacity"
	})
}

func TestClusterRequestsAreRefused(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  func(*godo.KubernetesClusterCreateRequest)
		message string
	}{
		{"unknown region", func(r *godo.KubernetesClusterCreateRequest) { r.RegionSlug = "mars1" }, "region"},
		{"unknown version", func(r *godo.KubernetesClusterCreateRequest) { r.VersionSlug = "1.20.2-do.0" }, "version"},
		{"unknown size", func(r *godo.KubernetesClusterCreateRequest) { r.NodePools[0].Size = "s-3vcpu-5gb" }, "size"},
		{"no nodes", func(r *godo.KubernetesClusterCreateRequest) { r.NodePools[0].Count = 0 }, "node"},
		{"no pool", func(r *godo.KubernetesClusterCreateRequest) { r.NodePools = nil }, "node pool"},
		{"unknown VPC", func(r *godo.KubernetesClusterCreateRequest) { r.VPCUUID = "none" }, "VPC"},
		{"VPC of another region", func(r *godo.KubernetesClusterCreateRequest) { r.RegionSlug = "nyc1" }, "another region"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, api := open(t, &fake{})
			r := request(newVPC(t, api).ID)
			c.change(r)
			_, _, err := api.Kubernetes.Create(t.Context(), r)
			if status(err) != http.StatusUnprocessableEntity || !strings.Contains(err.Error(), c.message) {
				t.Errorf("got %v, want a 422 about %q", err, c.message)
			}
		})
	}
}

func TestNameIsTaken(t *testing.T) {
	f := &fake{}
	_, c := open(t, f)
	vpc := newVPC(t, c)
	if _, _, err := c.VPCs.Create(t.Context(), &godo.VPCCreateRequest{Name: "net", RegionSlug: "fra1"}); status(err) != http.StatusUnprocessableEntity {
		t.Errorf("a second VPC of the same name: %v", err)
	}
	f.boot <- nil
	if _, _, err := c.Kubernetes.Create(t.Context(), request(vpc.ID)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Kubernetes.Create(t.Context(), request(vpc.ID)); status(err) != http.StatusUnprocessableEntity {
		t.Errorf("a second cluster of the same name: %v", err)
	}
}

func TestProjectsMoveResources(t *testing.T) {
	s, c := open(t, &fake{})
	ctx := t.Context()
	project, _, err := c.Projects.Create(ctx, &godo.CreateProjectRequest{Name: "p", Purpose: "x", Environment: "Development"})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Projects.AssignResources(ctx, project.ID, "do:kubernetes:1"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Projects.Delete(ctx, project.ID); status(err) != http.StatusPreconditionFailed {
		t.Errorf("a project with resources is deleted: %v", err)
	}
	fallback, _, err := c.Projects.GetDefault(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Projects.AssignResources(ctx, fallback.ID, "do:kubernetes:1"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Projects.Delete(ctx, project.ID); err != nil {
		t.Error(err)
	}
	if left := s.Leftovers(); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}

func TestSpacesKeyNeedsItsBucket(t *testing.T) {
	s, c := open(t, &fake{})
	grant := &godo.SpacesKeyCreateRequest{Name: "k", Grants: []*godo.Grant{{Bucket: "logs", Permission: godo.SpacesKeyReadWrite}}}
	if _, _, err := c.SpacesKeys.Create(t.Context(), grant); status(err) != http.StatusUnprocessableEntity {
		t.Errorf("a key for a bucket that is not there: %v", err)
	}
	put, err := http.NewRequestWithContext(t.Context(), http.MethodPut, s.SpacesURL()+"/logs", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(put)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("creating the bucket: %v, %v", response, err)
	}
	response.Body.Close()
	key, _, err := c.SpacesKeys.Create(t.Context(), grant)
	if err != nil || key.SecretKey == "" {
		t.Fatalf("key %+v, %v", key, err)
	}
	again, _, err := c.SpacesKeys.Get(t.Context(), key.AccessKey)
	if err != nil || again.SecretKey != "" {
		t.Errorf("the secret is told a second time: %+v, %v", again, err)
	}
}

// The published provider puts the bucket's name into the host, and reaches it through a proxy.
func TestBucketInTheHost(t *testing.T) {
	s, _ := open(t, &fake{})
	proxy, err := url.Parse(s.SpacesURL())
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxy)}}
	for _, method := range []string{http.MethodPut, http.MethodHead, http.MethodDelete} {
		call, err := http.NewRequestWithContext(t.Context(), method, "http://logs."+SpacesHost+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(call)
		if err != nil || response.StatusCode >= 300 {
			t.Fatalf("%s: %v, %v", method, response, err)
		}
		response.Body.Close()
		if left := s.Leftovers(); method == http.MethodPut && !slices.Equal(left, []string{"bucket logs"}) {
			t.Errorf("left %v, want the bucket", left)
		}
	}
	if left := s.Leftovers(); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}

func TestWrongTokenAndFaults(t *testing.T) {
	s, c := open(t, &fake{})
	if _, _, err := client(t, s, "wrong").Account.Get(t.Context()); status(err) != http.StatusUnauthorized {
		t.Errorf("a wrong token: %v", err)
	}
	s.Fail(http.MethodPost, "/v2/vpcs", http.StatusForbidden, 1)
	if _, _, err := c.VPCs.Create(t.Context(), &godo.VPCCreateRequest{Name: "net", RegionSlug: "fra1"}); status(err) != http.StatusForbidden {
		t.Errorf("a fault that was asked for: %v", err)
	}
	newVPC(t, c) // once only
}
