package rehearse

import (
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"doks-security/preflight/incluster"
	"doks-security/test/controlplane"
)

// A cluster of a kubeconfig is used without DigitalOcean, and left as it was; another one is refused.
func TestKubeconfigCluster(t *testing.T) {
	out, file := &output{}, filepath.Join(t.TempDir(), "kubeconfig")
	ctx, e := session(t, out, map[string]any{"doks-security:cluster": map[string]any{"kubeconfig": file}})
	e.createShared(ctx, t, out)
	plane, err := e.account.clusters.only()
	must(t, out, err)
	write := func(config *rest.Config) {
		t.Helper()
		user := &api.AuthInfo{ClientCertificateData: config.CertData, ClientKeyData: config.KeyData}
		must(t, out, clientcmd.WriteToFile(api.Config{
			Clusters:       map[string]*api.Cluster{"a": {Server: config.Host, CertificateAuthorityData: config.CAData}},
			AuthInfos:      map[string]*api.AuthInfo{"a": user},
			Contexts:       map[string]*api.Context{"a": {Cluster: "a", AuthInfo: "a"}},
			CurrentContext: "a",
		}, file))
	}
	write(plane.RESTConfig())
	e.account.simulator.Revoke() // DigitalOcean refuses every request
	outputs, err := e.up(ctx)
	must(t, out, err)
	if outputs["kubeconfigFile"].Value != file || outputs["clusterId"].Value == "" {
		t.Errorf("the outputs are %v", outputs)
	}
	for _, name := range []string{"kubeconfig", "monthlyCostUSD"} {
		if _, ok := outputs[name]; ok {
			t.Errorf("there is an output %s", name)
		}
	}
	must(t, out, e.preview(ctx, true))

	e.account.simulator.Grant()
	restore, err := e.workspace.edit(map[string]any{"doks-security:cluster": map[string]any{"existing": "shared"}})
	must(t, out, err)
	if err := e.preview(ctx, false); err == nil || !strings.Contains(out.String(), "this stack is deployed there") {
		t.Errorf("a stack may leave the cluster: %v\n%s", err, out)
	}
	must(t, out, restore())
	e.account.simulator.Revoke()
	other, err := controlplane.Start(ctx, controlplane.Options{Dir: filepath.Join(t.TempDir(), "o")})
	must(t, out, err)
	write(other.RESTConfig())
	if err := e.preview(ctx, false); err == nil || !strings.Contains(out.String(), "this is another one") {
		t.Errorf("a kubeconfig of another cluster is not refused: %v\n%s", err, out)
	}
	must(t, out, other.Stop(ctx))
	write(plane.RESTConfig())

	must(t, out, e.destroy(ctx, &report{out: out}))
	list, err := plane.Client().CoreV1().Namespaces().List(ctx, metav1.ListOptions{LabelSelector: incluster.PartOfLabel})
	must(t, out, err)
	if len(list.Items) > 0 {
		t.Errorf("%d namespaces are left", len(list.Items))
	}
}
