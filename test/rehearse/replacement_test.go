package rehearse

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/digitalocean/godo"
)

// onePool is the cluster of these tests, with what a case sets on top.
func onePool(settings map[string]any) map[string]any {
	return map[string]any{"doks-security:cluster": mergeConfig(map[string]any{
		"version": "1.34", "pools": []any{map[string]any{"name": "default", "size": "s-4vcpu-8gb", "count": 3}},
	}, settings)}
}

// No edit of a stack file plans the replacement of a cluster or VPC: it is refused in the preview, and an update that
// without a preview keeps them.
func TestEditsNeverReplaceTheCluster(t *testing.T) {
	out := &output{}
	ctx, e := session(t, out, onePool(nil))
	_, err := e.up(ctx)
	must(t, out, err)
	client := e.account.client(t)
	before, err := e.account.clusters.only()
	must(t, out, err)
	large := map[string]any{"name": "default", "size": "s-8vcpu-16gb", "count": 3}
	other := map[string]any{"name": "other", "size": "s-8vcpu-16gb", "count": 3}
	first := map[string]any{"name": "default", "size": "s-4vcpu-8gb", "count": 3}
	for _, c := range []struct {
		name     string
		settings map[string]any
		says     string
	}{
		{"region", map[string]any{"region": "ams3"}, "cluster.region"},
		{"name and region", map[string]any{"name": "elsewhere", "region": "ams3"}, "cluster.region"},
		{"VPC", map[string]any{"network": map[string]any{"vpc": "10.20.0.0/20"}}, "cluster.network.vpc"},
		{"pods", map[string]any{"network": map[string]any{"pods": "10.32.0.0/16"}}, "cluster.network.pods"},
		{"services", map[string]any{"network": map[string]any{"services": "10.48.0.0/20"}}, "cluster.network.services"},
		{"first pool resized", map[string]any{"pools": []any{large}}, "cluster.pools[0].size"},
		{"first pool renamed and resized", map[string]any{"pools": []any{other}}, "cluster.pools[0].name"},
		{"a pool before the first", map[string]any{"pools": []any{other, first}}, "cluster.pools[0].name"},
		{"older version", map[string]any{"version": "1.33"}, "cluster.version"},
		{"two minors at once", map[string]any{"version": "1.36"}, "cluster.version"},
		{"an existing cluster instead", map[string]any{"existing": "main"}, "cluster.existing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			settings := onePool(c.settings)
			if _, ok := c.settings["existing"]; ok {
				settings = map[string]any{"doks-security:cluster": c.settings}
			}
			restore, err := e.workspace.edit(settings)
			must(t, out, err)
			defer func() { must(t, out, restore()) }()
			out.reset()
			if err := e.preview(ctx, false); err == nil || !strings.Contains(out.String(), "doks-security:"+c.says) {
				t.Errorf("the preview ended with %v, want an error about %s\n%s", err, c.says, out)
			}
		})
	}
	must(t, out, e.preview(ctx, true))
	list, _, err := client.Kubernetes.List(ctx, &godo.ListOptions{})
	must(t, out, err)
	if len(list) != 1 {
		t.Errorf("%d clusters, want one", len(list))
	}
	after, err := e.account.clusters.only()
	must(t, out, err)
	if after != before {
		t.Error("the cluster is another one")
	}
	must(t, out, e.destroy(ctx, &report{out: out}))
}

// A stack that was deployed when logical names began with the stack's name is brought over with nothing replaced.
// testdata/logical-names.txt has the types and names of all resources in the state of such a stack, dev, as recorded
// then, but for default providers, which the engine names after the versions of the SDKs.
func TestUpgradeOfLogicalNames(t *testing.T) {
	recorded, err := os.ReadFile("testdata/logical-names.txt")
	if err != nil {
		t.Fatal(err)
	}
	out := &output{}
	ctx, e := session(t, out, onePool(nil))
	_, err = e.up(ctx)
	must(t, out, err)
	state, err := e.stack.Export(ctx)
	must(t, out, err)
	// The names as they were: dev, dev-monitoring, ... for every kind of reference to a resource.
	root := []byte("pulumi:pulumi:Stack::doks-security-dev")
	old := regexp.MustCompile(`::doks-security(-[a-z0-9-]+)?("|::[0-9a-f-]{36}")`).ReplaceAll(state.Deployment,
		[]byte("::dev$1$2"))
	old = bytes.ReplaceAll(old, []byte("pulumi:pulumi:Stack::dev-dev"), root)
	for name := range strings.Lines(string(recorded)) {
		if urn := `"urn:pulumi:dev::doks-security::` + strings.TrimSpace(name) + `"`; !bytes.Contains(old, []byte(urn)) {
			t.Errorf("%s: the state has no such resource: it was renamed, or is no longer created", urn)
		}
	}
	state.Deployment = json.RawMessage(old)
	must(t, out, e.stack.Import(ctx, state))
	out.reset()
	must(t, out, e.preview(ctx, false))
	for _, operation := range []string{" to create", " to delete", " to replace"} {
		if strings.Contains(out.String(), operation) {
			t.Errorf("the upgrade plans resources%s\n%s", operation, out)
		}
	}
	_, err = e.up(ctx)
	must(t, out, err)
	must(t, out, e.preview(ctx, true))
	must(t, out, e.destroy(ctx, &report{out: out}))
}

// A cluster whose creation failed while the provider waited for it runs, and the state does not know it: an error of
// the next preview, with the command that imports it.
func TestClusterThatTheStateDoesNotKnow(t *testing.T) {
	languageHost(t)
	out := &output{}
	ctx, e := session(t, out, onePool(nil))
	e.account.simulator.Fail(http.MethodGet, "/v2/kubernetes/clusters/", http.StatusForbidden, 1)
	if _, err := e.up(ctx); err == nil {
		t.Fatal("an update whose cluster failed succeeded")
	}
	e.account.simulator.Mend()
	running := func() bool {
		list, _, err := e.account.client(t).Kubernetes.List(ctx, &godo.ListOptions{})
		must(t, out, err)
		return list[0].Status.State == godo.KubernetesClusterStatusRunning
	}
	for !running() {
		time.Sleep(100 * time.Millisecond)
	}
	out.reset()
	if err := e.preview(ctx, false); err == nil {
		t.Fatal("the preview plans a second cluster of the same name")
	}
	command := regexp.MustCompile(`pulumi (import .*--generate-code=false)`).FindStringSubmatch(out.String())
	if command == nil {
		t.Fatalf("no command to import the cluster in\n%s", out)
	}
	must(t, out, e.shell(ctx, "pulumi "+command[1]))
	must(t, out, e.preview(ctx, false))
	_, err := e.up(ctx)
	must(t, out, err)
	must(t, out, e.preview(ctx, true))
	must(t, out, e.destroy(ctx, &report{out: out}))
	if left := e.account.simulator.Leftovers(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// A cluster that was deleted by hand is created again, complete, once the state forgets it; nothing is deleted from the
// new one.
func TestClusterDeletedByHand(t *testing.T) {
	out := &output{}
	ctx, e := session(t, out, onePool(nil))
	first, err := e.up(ctx)
	must(t, out, err)
	_, err = e.account.client(t).Kubernetes.DeleteDangerous(ctx, fmt.Sprint(first["clusterId"].Value))
	must(t, out, err)
	out.reset()
	if err := e.preview(ctx, false); err == nil {
		t.Fatal("a preview without the cluster succeeded")
	}
	command := regexp.MustCompile(`pulumi (refresh --target '[^']*')`).FindStringSubmatch(out.String())
	if command == nil {
		t.Fatalf("no command to recover in\n%s", out)
	}
	must(t, out, e.shell(ctx, "pulumi "+command[1]))
	second, err := e.up(ctx)
	must(t, out, err)
	if first["clusterId"].Value == second["clusterId"].Value {
		t.Error("the cluster is the deleted one")
	}
	must(t, out, e.preview(ctx, true))
	r := &report{out: out}
	must(t, out, verify(ctx, e.account, second, e.workspace, r))
	must(t, out, e.destroy(ctx, r))
	if left := e.account.simulator.Leftovers(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}
