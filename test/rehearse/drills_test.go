package rehearse

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/digitalocean/godo"
	"gopkg.in/yaml.v3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// session opens a rehearsal that a drill drives by itself.
func session(t *testing.T, out *output, config map[string]any) (context.Context, *engine) {
	t.Helper()
	ctx := within(t)
	o := options(t, "dev", out)
	o.Config = config
	e, err := open(ctx, o, &report{out: out})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // before the check that no file is left
		if err := e.close(); err != nil {
			t.Error(err)
		}
	})
	return ctx, e
}

// edit replaces keys of the stack file, as an editor would; restore writes the old file again.
func (w *workspace) edit(config map[string]any) (restore func() error, err error) {
	before, err := os.ReadFile(w.stackFile)
	if err != nil {
		return nil, err
	}
	var content map[string]any
	if err := yaml.Unmarshal(before, &content); err != nil {
		return nil, err
	}
	content["config"] = mergeConfig(content["config"].(map[string]any), config)
	after, err := yaml.Marshal(content)
	if err != nil {
		return nil, err
	}
	return func() error { return os.WriteFile(w.stackFile, before, 0o600) }, os.WriteFile(w.stackFile, after, 0o600)
}

// must fails the drill with what was printed.
func must(t *testing.T, out *output, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// A changed setting changes what it is about, and nothing else; a failed update is mended by the next.
func TestChange(t *testing.T) {
	out := &output{}
	ctx, e := session(t, out, nil)
	e.account.simulator.Fail(http.MethodPost, "/v2/projects", http.StatusForbidden, 10)
	if _, err := e.up(ctx); err == nil {
		t.Fatal("an update without its project succeeded")
	}
	e.account.simulator.Mend()
	_, err := e.up(ctx)
	must(t, out, err)
	must(t, out, e.preview(ctx, true))

	must(t, out, e.command(ctx, "config", "set", "--path", "doks-security:cluster.pools[0].count", "4"))
	must(t, out, e.command(ctx, "config", "set", "--path", "doks-security:logging.retention", "2d"))
	result, err := e.stack.Up(ctx)
	must(t, out, err)
	if changes := *result.Summary.ResourceChanges; changes["update"] != 2 ||
		changes["create"]+changes["delete"]+changes["replace"] != 0 {
		t.Errorf("changes %v, want two updates: the cluster and Loki", changes)
	}
	plane, err := e.account.clusters.only()
	must(t, out, err)
	nodes, err := plane.Client().CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil || len(nodes.Items) != 4 {
		t.Errorf("%d nodes, %v; want 4", len(nodes.Items), err)
	}
	must(t, out, e.preview(ctx, true))
	must(t, out, e.destroy(ctx, &report{out: out}))
	if left := e.account.simulator.Leftovers(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// createShared creates a cluster named shared that is managed elsewhere, and its VPC.
func (e *engine) createShared(ctx context.Context, t *testing.T, out *output) {
	t.Helper()
	client := e.account.client(t)
	vpc, _, err := client.VPCs.Create(ctx, &godo.VPCCreateRequest{Name: "shared", RegionSlug: "fra1",
		IPRange: "10.110.0.0/20"})
	must(t, out, err)
	created, _, err := client.Kubernetes.Create(ctx, &godo.KubernetesClusterCreateRequest{
		Name: "shared", RegionSlug: "fra1", VersionSlug: "1.34.3-do.2", VPCUUID: vpc.ID,
		NodePools: []*godo.KubernetesNodePoolCreateRequest{{Name: "default", Size: "s-4vcpu-8gb", Count: 3}},
	})
	must(t, out, err)
	for state := created.Status.State; state != godo.KubernetesClusterStatusRunning; time.Sleep(100 * time.Millisecond) {
		now, _, err := client.Kubernetes.Get(ctx, created.ID)
		must(t, out, err)
		state = now.Status.State
	}
}

// A cluster that is managed elsewhere is used, and left as it was.
func TestExistingCluster(t *testing.T) {
	out := &output{}
	ctx, e := session(t, out, map[string]any{"doks-security:cluster": map[string]any{"existing": "shared"}})
	e.createShared(ctx, t, out)
	plane, err := e.account.clusters.only()
	must(t, out, err)
	namespaces := func() int {
		list, err := plane.Client().CoreV1().Namespaces().List(ctx, metav1.ListOptions{})
		must(t, out, err)
		return len(list.Items)
	}
	before := namespaces()
	_, err = e.up(ctx)
	must(t, out, err)
	if namespaces() != before+5 {
		t.Errorf("%d namespaces, want 5 more than %d", namespaces(), before)
	}
	must(t, out, e.preview(ctx, true))
	must(t, out, e.destroy(ctx, &report{out: out}))
	if namespaces() != before {
		t.Errorf("%d namespaces after the destroy, want %d", namespaces(), before)
	}
	if left := strings.Join(e.account.simulator.Leftovers(), ", "); left != "cluster shared, vpc shared" {
		t.Errorf("left %q, want the cluster and its VPC", left)
	}
}

// doctl credentials: no file and no token in the state, and no change in a second preview.
func TestDoctlCredentials(t *testing.T) {
	bin := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(bin, "doctl")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	out := &output{}
	ctx, e := session(t, out, map[string]any{"doks-security:cluster": map[string]any{
		"credentials": "doctl", "pools": []any{map[string]any{"name": "default", "size": "s-4vcpu-8gb", "count": 3}},
	}})
	outputs, err := e.up(ctx)
	must(t, out, err)
	if _, ok := outputs["kubeconfigFile"]; ok {
		t.Error("a kubeconfig was written to a file")
	}
	must(t, out, e.preview(ctx, true))
	must(t, out, e.destroy(ctx, &report{out: out}))
}

func (a *account) client(t *testing.T) *godo.Client {
	t.Helper()
	client := godo.NewFromToken(a.token)
	if err := godo.SetBaseURL(a.simulator.URL())(client); err != nil {
		t.Fatal(err)
	}
	return client
}

// children lists the processes that run below dir.
func children(t *testing.T, dir string) []string {
	t.Helper()
	found, err := Processes(dir)
	if err != nil {
		t.Skip(err)
	}
	return found
}
