package rehearse

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/digitalocean/godo"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"doks-security/test/docpages"
)

// A cluster, its VPC and project that others made become the stack's, as docs/migrating.md says: the same stand
// afterwards.
func TestImportCluster(t *testing.T) {
	languageHost(t)
	page, template := documented(t, "migrating.md"), documented(t, "migrating/import.json")
	out := &output{}
	ctx, e := session(t, out, map[string]any{"doks-security:cluster": map[string]any{
		"name": "main", "region": "fra1", "version": "1.34",
		"pools": []any{map[string]any{"name": "default", "size": "s-4vcpu-8gb", "count": 3}},
	}})
	client := e.account.client(t)
	vpc, _, err := client.VPCs.Create(ctx, &godo.VPCCreateRequest{Name: "main", RegionSlug: "fra1",
		IPRange: "10.110.0.0/20"})
	must(t, out, err)
	project, _, err := client.Projects.Create(ctx, &godo.CreateProjectRequest{Name: "main", Purpose: "Web Application"})
	must(t, out, err)
	made, _, err := client.Kubernetes.Create(ctx, &godo.KubernetesClusterCreateRequest{
		Name: "main", RegionSlug: "fra1", VersionSlug: "1.34.3-do.0", VPCUUID: vpc.ID, ClusterSubnet: "10.244.0.0/16",
		ServiceSubnet: "10.245.0.0/19",
		NodePools:     []*godo.KubernetesNodePoolCreateRequest{{Name: "default", Size: "s-4vcpu-8gb", Count: 3}},
	})
	must(t, out, err)
	for state := made.Status.State; state != godo.KubernetesClusterStatusRunning; time.Sleep(100 * time.Millisecond) {
		now, _, err := client.Kubernetes.Get(ctx, made.ID)
		must(t, out, err)
		state = now.Status.State
	}

	ids := strings.NewReplacer("VPC-ID", vpc.ID, "CLUSTER-ID", made.ID, "PROJECT-ID", project.ID)
	file := filepath.Join(e.workspace.dir, "import.json")
	must(t, out, os.WriteFile(file, []byte(ids.Replace(template)), 0o600))
	page = strings.ReplaceAll(page, "docs/migrating/import.json", file)

	before, after, found := strings.Cut(page, "    kubectl label customresourcedefinition")
	if !found {
		t.Fatal("the page does not label CRDs")
	}
	after = "    kubectl label customresourcedefinition" + after
	e.follow(ctx, t, before, "Import the cluster", "doctl")
	must(t, out, e.shell(ctx, "pulumi preview --diff"))

	// What the old charts left.
	plane, err := e.account.clusters.only()
	must(t, out, err)
	_, err = plane.Client().CoreV1().Namespaces().Create(ctx,
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "monitoring"}}, metav1.CreateOptions{})
	must(t, out, err)
	must(t, out, os.WriteFile(filepath.Join(e.workspace.dir, "crds.yaml"), []byte(orphans(page)), 0o600))
	must(t, out, e.shell(ctx, "kubectl create --filename "+filepath.Join(e.workspace.dir, "crds.yaml")))
	if err := e.shell(ctx, "pulumi up"); err == nil || !strings.Contains(out.String(), `namespaces: "monitoring"`) ||
		!strings.Contains(out.String(), "'cluster.provides[0]' prometheus-operator-crds") {
		t.Errorf("what is not the stack's was taken over: %v\n%s", err, out)
	}
	e.follow(ctx, t, "## After\n"+after, "After", "terraform")
	must(t, out, e.preview(ctx, true))

	now, _, err := client.Kubernetes.Get(ctx, made.ID)
	must(t, out, err)
	if now.VPCUUID != vpc.ID || now.VersionSlug != "1.34.3-do.0" {
		t.Errorf("the cluster is %+v", now)
	}
	if got := strings.Join(e.account.simulator.Leftovers(), ", "); got != "cluster main, project main, vpc main" {
		t.Errorf("there is %q, want what was there", got)
	}
	must(t, out, e.destroy(ctx, &report{out: out}))
	if left := e.account.simulator.Leftovers(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// orphans are the CRDs the page names, as charts leave them that keep them next to their templates.
func orphans(page string) string {
	var b strings.Builder
	seen := map[string]bool{}
	for _, line := range docpages.Section(page, "Import the cluster") {
		for _, plural := range regexp.MustCompile(`(\w+)\.monitoring\.coreos\.com`).FindAllStringSubmatch(line, -1) {
			if seen[plural[1]] {
				continue
			}
			seen[plural[1]] = true
			fmt.Fprintf(&b, `---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: %[1]s.monitoring.coreos.com}
spec:
  group: monitoring.coreos.com
  names: {kind: %[2]s, plural: %[1]s}
  scope: Namespaced
  versions:
    - name: %[3]s
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
`, plural[1], kinds[plural[1]].kind, kinds[plural[1]].version)
		}
	}
	return b.String()
}

var kinds = map[string]struct{ kind, version string }{
	"alertmanagerconfigs": {"AlertmanagerConfig", "v1alpha1"}, "alertmanagers": {"Alertmanager", "v1"},
	"podmonitors": {"PodMonitor", "v1"}, "probes": {"Probe", "v1"}, "prometheusagents": {"PrometheusAgent", "v1alpha1"},
	"prometheuses": {"Prometheus", "v1"}, "prometheusrules": {"PrometheusRule", "v1"},
	"scrapeconfigs": {"ScrapeConfig", "v1alpha1"}, "servicemonitors": {"ServiceMonitor", "v1"},
	"thanosrulers": {"ThanosRuler", "v1"},
}

// languageHost puts this binary on PATH as Pulumi's plugin for Go, which import asks which providers the program needs
// (none), and which is no module that could be built here. See TestMain.
func languageHost(t *testing.T) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.Symlink(self, filepath.Join(bin, "pulumi-language-go")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
}

type language struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
}

func (language) GetRequiredPackages(context.Context,
	*pulumirpc.GetRequiredPackagesRequest) (*pulumirpc.GetRequiredPackagesResponse, error) {
	return &pulumirpc.GetRequiredPackagesResponse{}, nil
}

func (language) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{}, nil
}

// serveLanguage reports its port to the engine, and serves until the engine ends it.
func serveLanguage() error {
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{Init: func(server *grpc.Server) error {
		pulumirpc.RegisterLanguageRuntimeServer(server, language{})
		return nil
	}})
	if err != nil {
		return err
	}
	fmt.Println(handle.Port)
	return <-handle.Done
}
