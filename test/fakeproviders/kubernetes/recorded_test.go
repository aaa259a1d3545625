package kubernetes

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"doks-security/test/controlplane"
	"doks-security/test/controlplane/controlplanetest"
	"doks-security/test/fakeproviders"
	"doks-security/test/fakeproviders/recorded"
)

func TestMain(m *testing.M) { controlplanetest.Main(m) }

// The stand-in answers as the published plugin did; testdata says how both were asked.
func TestRecordedAnswers(t *testing.T) {
	plane := controlplanetest.Start(t)
	t.Setenv("HELM_REPOSITORY_CACHE", t.TempDir())
	var cases atomic.Int64
	recorded.Test(t, "testdata", New(fakeproviders.Published["kubernetes"], "."), func(t *testing.T) recorded.World {
		return &cluster{plane: plane, name: fmt.Sprintf("case%dx", cases.Add(1)), dir: t.TempDir(), config: map[string]any{}}
	})
}

// cluster is a control plane, of which a case has its own name.
type cluster struct {
	plane     *controlplane.ControlPlane
	name, dir string
	config    map[string]any
	charts    *httptest.Server // a repository; nil: none
}

func (c *cluster) Config(bool) map[string]any {
	config := map[string]any{"clusterIdentifier": "one", "kubeconfig": filepath.Join(c.dir, "kubeconfig"),
		"enableServerSideApply": "true"}
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

func (c *cluster) Env() []string {
	return []string{"PULUMI_K8S_DELETE_UNREACHABLE=", "PULUMI_K8S_UPSERT_EXISTING_OBJECTS="}
}
func (c *cluster) Calls() []string { return nil }

func (c *cluster) Close() error {
	if c.charts != nil {
		c.charts.Close()
	}
	return nil
}

func (c *cluster) Mask(text string) string {
	return balancer.ReplaceAllString(strings.NewReplacer(c.dir, "{directory}", c.name, "{name}").Replace(text),
		"{load balancer}")
}

// balancer is the address of a Gateway.
var balancer = regexp.MustCompile(`\b203\.0\.113\.\d+`)

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
	case "settled":
		return nil, c.settle(ctx, m)
	case "chart":
		return nil, c.writeChart(m)
	case "repository":
		return c.openRepository(arg.([]any))
	case "release":
		return nil, c.changeRelease(fmt.Sprint(m["name"]), fmt.Sprint(m["namespace"]), m)
	}
	return nil, fmt.Errorf("a cluster knows no %q", what)
}

func (c *cluster) resource(_ context.Context, m map[string]any) (dynamic.ResourceInterface,
	*unstructured.Unstructured, error) {
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
	_, err = client.Patch(ctx, u.GetName(), types.ApplyPatchType, body,
		metav1.PatchOptions{FieldManager: "by-hand", Force: &force})
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

// settle returns once the status says what the object's controller has done.
func (c *cluster) settle(ctx context.Context, m map[string]any) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	client, u, err := c.resource(ctx, m)
	if err != nil {
		return err
	}
	for {
		if u, err = client.Get(ctx, u.GetName(), metav1.GetOptions{}); err != nil {
			return err
		}
		observed, _, _ := unstructured.NestedInt64(u.Object, "status", "observedGeneration")
		if observed == u.GetGeneration() && (u.GetKind() != "Deployment" || isProgressed(u)) {
			return nil
		}
		time.Sleep(poll)
	}
}

// isProgressed reports that a Deployment's status counts its Pods.
func isProgressed(u *unstructured.Unstructured) bool {
	var d appsv1.Deployment
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &d); err != nil {
		return false
	}
	return d.Status.Replicas == *d.Spec.Replicas &&
		slices.ContainsFunc(d.Status.Conditions, func(condition appsv1.DeploymentCondition) bool {
			return condition.Type == appsv1.DeploymentProgressing && condition.Reason == "NewReplicaSetAvailable"
		})
}
