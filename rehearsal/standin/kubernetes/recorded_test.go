package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/release"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"doks-security/rehearsal/controlplane"
	"doks-security/rehearsal/standin/recorded"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == controlplane.ChildCommand {
		os.Exit(controlplane.Main(os.Args[2:]))
	}
	os.Exit(m.Run())
}

// The stand-in answers as the published plugin did; testdata says how both were asked.
func TestRecordedAnswers(t *testing.T) {
	plane, err := controlplane.Start(t.Context(), controlplane.Options{Dir: filepath.Join(t.TempDir(), "c")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := plane.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	var cases atomic.Int64
	recorded.Test(t, "testdata", New("4.30.0", "."), func(t *testing.T) recorded.World {
		return &cluster{plane: plane, name: fmt.Sprintf("case%dx", cases.Add(1)), dir: t.TempDir(), config: map[string]any{}}
	})
}

// cluster is a control plane, of which a case has a name of its own.
type cluster struct {
	plane     *controlplane.ControlPlane
	name, dir string
	config    map[string]any
}

func (c *cluster) Config(bool) map[string]any {
	config := map[string]any{"clusterIdentifier": "one", "kubeconfig": filepath.Join(c.dir, "kubeconfig"), "enableServerSideApply": "true"}
	for key, value := range c.config {
		config[key] = value
	}
	if _, err := os.Stat(filepath.Join(c.dir, "kubeconfig")); os.IsNotExist(err) && c.config["kubeconfig"] == nil {
		if err := c.writeKubeconfig("kubeconfig", c.plane.Endpoint()); err != nil {
			return nil
		}
	}
	return config
}

func (c *cluster) writeKubeconfig(name, server string) error {
	admin := c.plane.RESTConfig()
	config := api.NewConfig()
	config.Clusters["c"] = &api.Cluster{Server: server, CertificateAuthorityData: admin.CAData}
	config.AuthInfos["u"] = &api.AuthInfo{ClientCertificateData: admin.CertData, ClientKeyData: admin.KeyData}
	config.Contexts["x"] = &api.Context{Cluster: "c", AuthInfo: "u"}
	config.CurrentContext = "x"
	return clientcmd.WriteToFile(*config, filepath.Join(c.dir, name))
}

func (c *cluster) Env() []string   { return []string{"PULUMI_K8S_DELETE_UNREACHABLE="} }
func (c *cluster) Calls() []string { return nil }
func (c *cluster) Close() error    { return nil }

func (c *cluster) Mask(text string) string {
	return strings.NewReplacer(c.dir, "{directory}", c.name, "{name}").Replace(text)
}

func (c *cluster) Do(ctx context.Context, what string, arg any) (map[string]string, error) {
	m, _ := arg.(map[string]any)
	switch what {
	case "name":
		return map[string]string{"name": c.name, "directory": c.dir}, nil
	case "config":
		for key, value := range m {
			c.config[key] = value
		}
		return nil, nil
	case "unreachable":
		return nil, c.writeKubeconfig("kubeconfig", "https://127.0.0.1:1")
	case "deletable":
		c.config["deleteUnreachable"] = "true"
		return nil, c.writeKubeconfig("kubeconfig", "https://127.0.0.1:1")
	case "kubeconfig":
		return nil, c.writeKubeconfig(fmt.Sprint(m["name"]), fmt.Sprint(m["server"]))
	case "apply", "edit": // by hand; an edit is another field manager's
		return nil, c.apply(ctx, m)
	case "remove":
		return nil, c.remove(ctx, m)
	case "chart":
		return nil, c.writeChart(m)
	case "release":
		return nil, c.changeRelease(fmt.Sprint(m["name"]), fmt.Sprint(m["namespace"]), m)
	}
	return nil, fmt.Errorf("a cluster knows no %q", what)
}

func (c *cluster) resource(ctx context.Context, m map[string]any) (dynamic.ResourceInterface, *unstructured.Unstructured, error) {
	u := &unstructured.Unstructured{Object: m}
	p := &provider{config: c.plane.RESTConfig()}
	client, err := object{p, u.GroupVersionKind()}.client(u)
	return client, u, err
}

func (c *cluster) apply(ctx context.Context, m map[string]any) error {
	client, u, err := c.resource(ctx, m)
	if err != nil {
		return err
	}
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	force := true
	_, err = client.Patch(ctx, u.GetName(), types.ApplyPatchType, body, metav1.PatchOptions{FieldManager: "by-hand", Force: &force})
	return err
}

func (c *cluster) remove(ctx context.Context, m map[string]any) error {
	client, u, err := c.resource(ctx, m)
	if err != nil {
		return err
	}
	return object{&provider{config: c.plane.RESTConfig()}, u.GroupVersionKind()}.removeAndWait(ctx, client, u)
}

func (o object) removeAndWait(ctx context.Context, _ dynamic.ResourceInterface, u *unstructured.Unstructured) error {
	if err := o.remove(ctx, u, time.Minute); err != nil && !strings.Contains(err.Error(), "not found") {
		return err
	}
	return nil
}

// writeChart makes a chart of a ConfigMap, or of something that fails.
func (c *cluster) writeChart(m map[string]any) error {
	dir := filepath.Join(c.dir, "chart")
	template := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\ndata: {text: {{ .Values.text | quote }}}\n"
	switch m["kind"] {
	case "waits": // for a Pod nothing schedules
		template = "apiVersion: v1\nkind: Pod\nmetadata: {name: {{ .Release.Name }}}\nspec: {containers: [{name: a, image: a}]}\n"
	case "invalid":
		template = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\ndata: wrong\n"
	}
	return errors.Join(
		os.MkdirAll(filepath.Join(dir, "templates"), 0o755),
		os.WriteFile(filepath.Join(dir, "Chart.yaml"), fmt.Appendf(nil, "apiVersion: v2\nname: drill\nversion: %v\nappVersion: \"1\"\n", m["version"]), 0o644),
		os.WriteFile(filepath.Join(dir, "values.yaml"), []byte("text: of the chart\n"), 0o644),
		os.WriteFile(filepath.Join(dir, "templates", "object.yaml"), []byte(template), 0o644),
	)
}

// changeRelease does by hand what Helm, or its sudden end, does.
func (c *cluster) changeRelease(name, namespace string, m map[string]any) error {
	configuration, err := helmRelease{&provider{config: c.plane.RESTConfig()}}.helm(namespace)
	if err != nil {
		return err
	}
	if m["uninstall"] == true {
		_, err := action.NewUninstall(configuration).Run(name)
		return err
	}
	found, err := configuration.Releases.Last(name)
	if err != nil {
		return err
	}
	if values, ok := m["values"].(map[string]any); ok {
		upgrade := action.NewUpgrade(configuration)
		upgrade.Namespace = namespace
		_, err := upgrade.Run(name, found.Chart, values)
		return err
	}
	found.Version++
	found.Info.Status = release.Status(fmt.Sprint(m["status"]))
	return configuration.Releases.Create(found)
}
