package rehearse

import (
	"context"
	"slices"
	"testing"

	"github.com/digitalocean/godo"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	stacks "doks-security/account"
	"doks-security/test/docpages"
)

// updated deploys, which must update resources only.
func (e *engine) updated(ctx context.Context, t *testing.T, out *output) {
	t.Helper()
	result, err := e.stack.Up(ctx, optup.SuppressProgress())
	must(t, out, err)
	changes := *result.Summary.ResourceChanges
	if changes["create"]+changes["delete"]+changes["replace"] != 0 || changes["update"] == 0 {
		t.Errorf("changes %v, want updates only", changes)
	}
}

// Renaming the cluster renames in place.
func TestRenamesReplaceNothing(t *testing.T) {
	out := &output{}
	ctx, e := session(t, out, onePool(nil))
	_, err := e.up(ctx)
	must(t, out, err)
	must(t, out, e.command(ctx, "config", "set", "--path", "doks-security:cluster.name", "renamed"))
	must(t, out, e.preview(ctx, false))
	e.updated(ctx, t, out)
	must(t, out, e.preview(ctx, true))
	list, _, err := e.account.client(t).Kubernetes.List(ctx, &godo.ListOptions{})
	must(t, out, err)
	if len(list) != 1 || list[0].Name != "renamed" {
		t.Errorf("clusters %v, want one that is renamed", list)
	}
	must(t, out, e.destroy(ctx, &report{out: out}))
}

// docs/operating.md on renaming a stack: the cluster, its namespaces and volumes stay, and get the new name in place.
func TestStackRename(t *testing.T) {
	commands := docpages.Section(documented(t, "operating.md"), "Rename a stack")
	if len(commands) != 3 {
		t.Fatalf("commands %q, want rename, bucket, up", commands)
	}
	out := &output{}
	ctx, e := session(t, out, mergeConfig(onePool(nil),
		map[string]any{"doks-security:logging": map[string]any{"storage": "spaces"}}))
	_, err := e.up(ctx)
	must(t, out, err)
	kubeconfig, err := e.kubeconfig()
	must(t, out, err)
	cluster := func() *godo.KubernetesCluster {
		list, _, err := e.account.client(t).Kubernetes.List(ctx, &godo.ListOptions{})
		must(t, out, err)
		if len(list) != 1 {
			t.Fatalf("%d clusters, want one", len(list))
		}
		return list[0]
	}
	id := cluster().ID
	owners := func() map[string]string { // of namespaces and claims, by uid
		found := map[string]string{}
		namespaces, err := e.kubernetes(t).CoreV1().Namespaces().List(ctx, metav1.ListOptions{})
		must(t, out, err)
		for _, n := range namespaces.Items {
			found[string(n.UID)] = n.Annotations["doks-security/stack"]
		}
		claims, err := e.kubernetes(t).CoreV1().PersistentVolumeClaims("").List(ctx, metav1.ListOptions{})
		must(t, out, err)
		for _, c := range claims.Items {
			found[string(c.UID)] = ""
		}
		return found
	}
	before := owners()

	must(t, out, e.shell(ctx, commands[0]))
	// the namespaces are the stack's
	refused(ctx, t, out, e, "(1 error)", "'logging.spaces.bucket' doks-security-dev-loki")
	must(t, out, e.shell(ctx, commands[1]))
	must(t, out, e.preview(ctx, false))
	e.updated(ctx, t, out)
	must(t, out, e.preview(ctx, true))

	after := owners()
	for uid, was := range before {
		is, found := after[uid]
		want := ""
		if was == "doks-security/dev" {
			want = "doks-security/" + e.stack.Name()
		}
		if !found || is != want {
			t.Errorf("a namespace or claim of %q is of %q, found: %v; want it of %q", was, is, found, want)
		}
	}
	if len(after) != len(before) {
		t.Errorf("%d namespaces and claims, want the %d from before", len(after), len(before))
	}
	now := cluster()
	if now.ID != id || now.Name != "doks-security-"+e.stack.Name() ||
		!slices.Contains(now.Tags, stacks.StackTag(e.stack.Name())) || slices.Contains(now.Tags, stacks.StackTag("dev")) {
		t.Errorf("the cluster %s is %s with the tags %q, want %s with the stack's new name", now.ID, now.Name, now.Tags, id)
	}
	if file, err := e.kubeconfig(); err != nil || file != kubeconfig {
		t.Errorf("the kubeconfig is %s, %v; want %s", file, err, kubeconfig)
	}
	must(t, out, e.destroy(ctx, &report{out: out}))
	if left := e.account.simulator.Leftovers(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}
