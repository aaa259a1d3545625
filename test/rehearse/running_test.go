package rehearse

import (
	"context"
	"regexp"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"doks-security/test/docpages"
)

// refused previews the stack, which must fail with all of want, and returns what was printed.
func refused(ctx context.Context, t *testing.T, out *output, e *engine, want ...string) string {
	t.Helper()
	before := len(out.String())
	err := e.preview(ctx, false)
	printed := out.String()[before:]
	if err == nil {
		t.Errorf("the preview passes, want an error with %q", want)
	}
	for _, text := range want {
		if !strings.Contains(printed, text) {
			t.Errorf("no %q in\n%s", text, printed)
		}
	}
	return printed
}

// follows runs the kubectl commands of an error.
func follows(ctx context.Context, t *testing.T, out *output, e *engine, printed string) {
	t.Helper()
	ran := 0
	for line := range strings.Lines(printed) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "kubectl ") {
			must(t, out, e.shell(ctx, line))
			ran++
		}
	}
	if ran == 0 {
		t.Errorf("no commands in\n%s", printed)
	}
}

func (e *engine) kubernetes(t *testing.T) kubernetes.Interface {
	t.Helper()
	plane, err := e.account.clusters.only()
	if err != nil {
		t.Fatal(err)
	}
	return plane.Client()
}

// Edits of a running stack that would lose data are refused, and the commands of the errors do what they say.
func TestEditsOfARunningStack(t *testing.T) {
	page := documented(t, "operating.md")
	out := &output{}
	ctx, e := session(t, out, onePool(nil))
	_, err := e.up(ctx)
	must(t, out, err)
	must(t, out, e.preview(ctx, true))

	// A larger volume: refused, the commands run, and deployed.
	must(t, out, e.shell(ctx, "pulumi config set --path doks-security:observability.prometheusVolumeGiB 20"))
	must(t, out, e.shell(ctx, "pulumi config set --path doks-security:runtimeSecurity.redisVolumeGiB 2"))
	printed := refused(ctx, t, out, e, "(2 errors)", "observability.prometheusVolumeGiB: 20",
		"delete statefulset falco-falcosidekick-ui-redis --cascade=orphan")
	before := photograph(ctx, t, e)
	follows(ctx, t, out, e, printed)
	must(t, out, e.preview(ctx, false))
	must(t, out, e.shell(ctx, "pulumi up"))
	for _, pod := range changed(before.pods, photograph(ctx, t, e).pods) {
		if pod == "falco/falco-falcosidekick-ui-redis-0" {
			t.Errorf("%s was replaced", pod)
		}
	}
	must(t, out, e.preview(ctx, true))

	// Smaller again.
	must(t, out, e.shell(ctx, "pulumi config set --path doks-security:observability.prometheusVolumeGiB 10"))
	refused(ctx, t, out, e, "(1 error)", "'observability.prometheusVolumeGiB' 20")
	must(t, out, e.shell(ctx, "pulumi config set --path doks-security:observability.prometheusVolumeGiB 20"))

	// Other names of its namespaces.
	must(t, out, e.shell(ctx, "pulumi config set --path doks-security:namespaces.prefix obs-"))
	refused(ctx, t, out, e, "(1 error)", "namespaces: not set",
		"its namespaces falco, loki, metrics-server, monitoring, node-agents would be deleted")
	must(t, out, e.shell(ctx, "pulumi config rm --path doks-security:namespaces.prefix"))
	must(t, out, e.preview(ctx, true))

	// Logs to Spaces.
	must(t, out, e.shell(ctx, "pulumi config set --path doks-security:logging.storage spaces"))
	refused(ctx, t, out, e, "(1 error)", "logging.spaces.from: not set")
	for _, line := range docpages.Section(page, "Move logs to Spaces") {
		must(t, out, e.shell(ctx, line))
	}
	must(t, out, e.preview(ctx, true))
	must(t, out, e.shell(ctx, "pulumi config set --path doks-security:logging.spaces.bucket other"))
	refused(ctx, t, out, e, "(1 error)", "'logging.spaces.bucket' doks-security-dev-loki")
	must(t, out, e.shell(ctx, "pulumi config rm --path doks-security:logging.spaces.bucket"))
	must(t, out, e.shell(ctx, "pulumi config set --path doks-security:logging.storage volume"))
	must(t, out, e.shell(ctx, "pulumi config rm --path doks-security:logging.spaces.from"))
	refused(ctx, t, out, e, "(1 error)", "'logging.storage' spaces")
	must(t, out, e.shell(ctx, "pulumi config set --path doks-security:logging.storage spaces"))
	must(t, out, e.shell(ctx, "pulumi config set --path doks-security:logging.spaces.from 2099-01-01"))

	// A release that a killed run left.
	secrets := e.kubernetes(t).CoreV1().Secrets("falco")
	last, err := secrets.List(ctx, metav1.ListOptions{LabelSelector: "owner=helm,name=falco,status=deployed"})
	if err != nil || len(last.Items) != 1 {
		t.Fatalf("%d deployed revisions of falco: %v", len(last.Items), err)
	}
	killed := last.Items[0].DeepCopy()
	killed.ObjectMeta = metav1.ObjectMeta{Name: "sh.helm.release.v1.falco.v99", Namespace: "falco",
		Labels: map[string]string{"owner": "helm", "name": "falco", "status": "pending-upgrade", "version": "99"}}
	_, err = secrets.Create(ctx, killed, metav1.CreateOptions{})
	must(t, out, err)
	refused(ctx, t, out, e, "(1 error)", "releases.falco: \"pending-upgrade\"", "helm rollback falco "+
		last.Items[0].Labels["version"]+" --namespace falco")
	must(t, out, secrets.Delete(ctx, killed.Name, metav1.DeleteOptions{}))
	must(t, out, e.preview(ctx, true))

	// The other profile, on nodes that are large enough for it.
	must(t, out, e.shell(ctx, "pulumi config set --path doks-security:cluster.pools[0].count 12"))
	must(t, out, e.shell(ctx, "pulumi config rm --path doks-security:observability.prometheusVolumeGiB"))
	must(t, out, e.shell(ctx, "pulumi config set doks-security:profile prod"))
	refused(ctx, t, out, e, "(3 errors)", "cluster.ha: not set",
		"'observability.prometheusVolumeGiB' 20", "'logging.volumeGiB' 10")
}

// What others have in a cluster is not taken over: the stack gives its namespace another name, and leaves theirs alone.
func TestClusterWithForeignObjects(t *testing.T) {
	out := &output{}
	ctx, e := session(t, out, map[string]any{"doks-security:cluster": map[string]any{"existing": "shared"}})
	e.createShared(ctx, t, out)
	namespaces := e.kubernetes(t).CoreV1().Namespaces()
	labels := map[string]string{"team": "metrics"}
	theirs, err := namespaces.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "monitoring",
		Labels: labels}}, metav1.CreateOptions{})
	must(t, out, err)
	printed := refused(ctx, t, out, e, "(1 error)", `namespaces: "monitoring"`)
	command := regexp.MustCompile(`pulumi (config set --path '[a-z.]+') <another name>`).FindStringSubmatch(printed)
	if command == nil {
		t.Fatalf("no command to give the namespace another name in\n%s", printed)
	}
	must(t, out, e.shell(ctx, "pulumi "+command[1]+" watch"))
	_, err = e.up(ctx)
	must(t, out, err)
	must(t, out, e.preview(ctx, true))
	restore, err := e.workspace.edit(onePool(nil))
	must(t, out, err)
	refused(ctx, t, out, e, "(1 error)", "cluster.existing: not set", "this stack is deployed there",
		"'cluster.existing' shared")
	must(t, out, restore())
	now, err := namespaces.Get(ctx, "monitoring", metav1.GetOptions{})
	must(t, out, err)
	if now.UID != theirs.UID || now.ResourceVersion != theirs.ResourceVersion {
		t.Errorf("the namespace of others was changed: %+v, was %+v", now.ObjectMeta, theirs.ObjectMeta)
	}
	ours, err := namespaces.Get(ctx, "watch", metav1.GetOptions{})
	must(t, out, err)
	if got := ours.Annotations["doks-security/stack"]; got != "doks-security/dev" {
		t.Errorf("the namespace is of the stack %q", got)
	}
	_, err = namespaces.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "gateway"}},
		metav1.CreateOptions{})
	must(t, out, err)
	must(t, out, e.preview(ctx, true)) // not used
	must(t, out, e.shell(ctx, "kubectl label namespace watch app.kubernetes.io/part-of-"))
	must(t, out, e.shell(ctx, "kubectl annotate apiservice v1beta1.metrics.k8s.io --overwrite "+
		"meta.helm.sh/release-namespace=kube-system"))
	refused(ctx, t, out, e, "(2 errors)", `namespaces: "watch"`, "the Helm release kube-system/metrics-server",
		"'cluster.provides[0]' metrics-server")
	must(t, out, e.shell(ctx, "kubectl label namespace watch app.kubernetes.io/part-of=doks-security"))
	must(t, out, e.shell(ctx, "pulumi config set --path 'doks-security:cluster.provides[0]' metrics-server"))
	refused(ctx, t, out, e, "(1 error)", "the stack's own release, which would be removed")
	must(t, out, e.shell(ctx, "kubectl annotate namespace watch --overwrite doks-security/stack=doks-security/other"))
	refused(ctx, t, out, e, "belongs to the stack doks-security/other")
	must(t, out, e.shell(ctx, "kubectl annotate namespace watch --overwrite doks-security/stack=doks-security/dev"))
	must(t, out, e.destroy(ctx, &report{out: out}))
	if _, err := namespaces.Get(ctx, "monitoring", metav1.GetOptions{}); err != nil {
		t.Errorf("the namespace of others after the destroy: %v", err)
	}
}
