package rehearse

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/digitalocean/godo"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"doks-security/test/program"
)

// docs/operating.md on Kubernetes' versions and nodes, as written there.
func TestOperateNodes(t *testing.T) {
	page := documented(t, "operating.md")
	out := &output{}
	ctx, e := session(t, out, map[string]any{"doks-security:cluster": map[string]any{
		"version": "1.34.3-do.0", "pools": []any{map[string]any{"name": "default", "size": "s-2vcpu-4gb", "count": 2}},
	}})
	_, err := e.up(ctx)
	must(t, out, err)
	client := e.account.client(t)
	live := func() *godo.KubernetesCluster {
		clusters, _, err := client.Kubernetes.List(ctx, nil)
		if err != nil || len(clusters) != 1 {
			t.Fatalf("%d clusters, want one: %v", len(clusters), err)
		}
		return clusters[0]
	}
	id := live().ID

	// A patch, by hand and by DigitalOcean.
	must(t, out, e.shell(ctx, "pulumi config set --path doks-security:cluster.version 1.34"))
	must(t, out, e.preview(ctx, true))
	_, err = client.Kubernetes.Upgrade(ctx, id, &godo.KubernetesClusterUpgradeRequest{VersionSlug: "1.34.3-do.2"})
	must(t, out, err)
	must(t, out, e.preview(ctx, true))

	e.follow(ctx, t, page, "Upgrade Kubernetes")
	if got := live(); got.VersionSlug != "1.35.1-do.1" || got.ID != id {
		t.Errorf("the cluster %s has %s, want %s with 1.35.1-do.1", got.ID, got.VersionSlug, id)
	}
	must(t, out, e.preview(ctx, true))

	e.follow(ctx, t, page, "Resize nodes")
	if got := live().NodePools[0].Count; got != 3 {
		t.Errorf("%d nodes, want 3", got)
	}
	e.follow(ctx, t, page, "Scale automatically")
	if pool := live().NodePools[0]; !pool.AutoScale || pool.MinNodes != 3 || pool.MaxNodes != 5 {
		t.Errorf("the pool is %+v, want 3 to 5 nodes", pool)
	}
	must(t, out, e.preview(ctx, true))

	e.follow(ctx, t, page, "Nodes of another size")
	got := live()
	if got.ID != id || len(got.NodePools) != 2 || got.NodePools[0].Count != 1 || got.NodePools[1].Count != 3 {
		t.Errorf("the cluster is %+v, want one node in the first pool and three in the second", got)
	}
	must(t, out, e.preview(ctx, true))
	for node, pods := range placed(ctx, t, e) {
		if strings.HasPrefix(node, "default-") && len(pods) > 0 {
			t.Errorf("%s still runs %q", node, pods)
		}
	}
	must(t, out, e.destroy(ctx, &report{out: out}))
}

// docs/operating.md on volumes, docs/recovery.md on backups and docs/uninstall.md, as written there.
func TestOperateVolumes(t *testing.T) {
	page, recovery, uninstall := documented(t, "operating.md"), documented(t, "recovery.md"), documented(t, "uninstall.md")
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	recovery = strings.ReplaceAll(recovery, "--filename docs/", "--filename "+root+"/docs/")
	out := &output{}
	ctx, e := session(t, out, nil)
	_, err = e.up(ctx)
	must(t, out, err)

	e.follow(ctx, t, page, "Resize volumes")
	// Without the StatefulSets' deletion it is refused.
	must(t, out, e.shell(ctx, "pulumi config set --path doks-security:logging.volumeGiB 20"))
	if err := e.shell(ctx, "pulumi up"); err == nil ||
		!strings.Contains(out.String(), "delete statefulset loki --cascade=orphan") {
		t.Errorf("the template of a StatefulSet would change: %v", err)
	}
	before := photograph(ctx, t, e)
	e.follow(ctx, t, page, "Loki and Redis")
	// Loki's chart notes the size in its pods.
	if replaced := changed(before.pods, photograph(ctx, t, e).pods); !slices.Equal(replaced, []string{"loki/loki-0"}) {
		t.Errorf("%q were replaced, want Loki only", replaced)
	}
	e.follow(ctx, t, page, "Prometheus and Alertmanager")
	sizes := map[string]string{}
	for _, claim := range photograph(ctx, t, e).cluster.claims {
		sizes[claim.Name] = claim.Spec.Resources.Requests.Storage().String()
	}
	for name, want := range map[string]string{
		"kube-prometheus-stack-grafana": "10Gi", "storage-loki-0": "20Gi",
		"falco-falcosidekick-ui-redis-data-falco-falcosidekick-ui-redis-0":                                     "2Gi",
		"prometheus-kube-prometheus-stack-prometheus-db-prometheus-kube-prometheus-stack-prometheus-0":         "20Gi",
		"alertmanager-kube-prometheus-stack-alertmanager-db-alertmanager-kube-prometheus-stack-alertmanager-0": "1Gi",
	} {
		if sizes[name] != want {
			t.Errorf("%s is %s, want %s", name, sizes[name], want)
		}
	}
	must(t, out, e.preview(ctx, true))

	// The simulated cluster has no snapshots: the claims that are filled from them are what is tried.
	e.follow(ctx, t, recovery, "Back up and restore", "kubectl")
	e.follow(ctx, t, recovery, "Restore Grafana")
	e.follow(ctx, t, recovery, "Restore Loki")
	restored := 0
	for _, claim := range settled(ctx, t, e).claims {
		if claim.Spec.DataSource != nil && claim.Spec.DataSource.Kind == "VolumeSnapshot" {
			restored++
		}
	}
	if restored != 2 {
		t.Errorf("%d claims are filled from snapshots, want 2", restored)
	}
	must(t, out, e.preview(ctx, true))
	// Helm takes the claim for its own, and changes it.
	must(t, out, e.shell(ctx, "pulumi config set --path doks-security:observability.grafanaVolumeGiB 15"))
	must(t, out, e.shell(ctx, "pulumi up"))

	e.follow(ctx, t, uninstall, "Keep the cluster")
	if _, err := os.Stat(e.workspace.stackFile); err != nil {
		t.Errorf("the stack file is gone: %v", err)
	}
	left := photograph(ctx, t, e).cluster
	var namespaces []string
	for _, n := range left.namespaces {
		namespaces = append(namespaces, n.Name)
	}
	if !slices.Equal(slices.Sorted(slices.Values(namespaces)),
		[]string{"default", "kube-node-lease", "kube-public", "kube-system"}) || len(left.claims) > 0 {
		t.Errorf("namespaces %q and %d volumes are left", namespaces, len(left.claims))
	}
	if got := strings.Join(e.account.simulator.Leftovers(), ", "); !strings.Contains(got, "cluster doks-security-dev") ||
		!strings.Contains(got, "vpc doks-security-dev") {
		t.Errorf("left is %q, want the cluster and its VPC", got)
	}
}

// What runbooks look at is there, but for those of addons, which are not deployed here.
func TestRunbooks(t *testing.T) {
	commands, texts := everyCommand(t)
	response := newResponse(t)
	out := &output{}
	ctx, e := session(t, out, map[string]any{
		"doks-security:cluster": map[string]any{"pools": []any{map[string]any{"name": "default",
			"size": "s-4vcpu-8gb", "count": 2}}},
		"doks-security:runtimeSecurity": map[string]any{"metrics": "falco-exporter"},
		"doks-security:exposure":        program.Gateway(),
		"doks-security:response":        map[string]any{"enabled": true, "dryRun": false},
	})
	_, err := e.up(ctx)
	must(t, out, err)
	c := settled(ctx, t, e)
	fill := strings.NewReplacer("<node>", c.nodes[0].Name, "<pod>", "falco-falcosidekick-ui-redis-0", "<name>", "grafana")
	ran := map[string]bool{} // each once: a second restart within a second is an error
	for _, command := range commands {
		words := strings.Fields(command.Line)
		if !strings.HasPrefix(command.Page, "docs/runbooks/") || words[0] != "kubectl" ||
			strings.Contains(command.Line, "<namespace>") || strings.Contains(texts[command.Page], "With the addon ") {
			continue
		}
		if slices.Contains(words, "logs") || ran[command.Line] { // pods do not run
			continue
		}
		ran[command.Line] = true
		if err := e.shell(ctx, fill.Replace(command.Line)); err != nil {
			t.Errorf("%s: %v\n%s", command.Page, err, out)
		}
	}
	if strings.Contains(out.String(), "No resources found") || len(ran) < 10 {
		t.Errorf("%d commands were run, and not all found something:\n%s", len(ran), out)
	}
	response.run(ctx, t, e, out)
	must(t, out, e.destroy(ctx, &report{out: out}))
}

// settled waits until pods are ready and volumes bound.
func settled(ctx context.Context, t *testing.T, e *engine) *cluster {
	t.Helper()
	for deadline := time.Now().Add(settleTime); ; time.Sleep(200 * time.Millisecond) {
		c := photograph(ctx, t, e).cluster
		if len(c.unready()) == 0 && len(c.unbound()) == 0 && len(c.withoutEndpoints()) == 0 {
			return c
		}
		if time.Now().After(deadline) {
			t.Fatalf("not ready after %s: %q %q %q", settleTime, c.unready(), c.unbound(), c.withoutEndpoints())
		}
	}
}

// placed lists the pods by node, but for those every node has.
func placed(ctx context.Context, t *testing.T, e *engine) map[string][]string {
	t.Helper()
	byNode := map[string][]string{}
	for _, pod := range settled(ctx, t, e).pods {
		owner := metav1.GetControllerOf(&pod)
		if owner != nil && owner.Kind != "DaemonSet" && pod.Status.Phase == corev1.PodRunning {
			byNode[pod.Spec.NodeName] = append(byNode[pod.Spec.NodeName], pod.Namespace+"/"+pod.Name)
		}
	}
	return byNode
}
