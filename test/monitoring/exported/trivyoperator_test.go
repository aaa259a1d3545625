package exported_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	authv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"

	"doks-security/components"
	"doks-security/test/chartlint"
	"doks-security/test/controlplane"
	"doks-security/test/controlplane/controlplanetest"
	"doks-security/test/fakecharts"
	"doks-security/test/monitoring/pipeline"
	"doks-security/test/program"
	"doks-security/values"
)

const (
	root      = "../../.." // of the project
	benchmark = "ClusterComplianceReport"
)

// scanned is a cluster that Trivy Operator scans, with one Deployment of an application.
type scanned struct {
	stack    *pipeline.Stack
	operator *pipeline.Process
	objects  []*unstructured.Unstructured // of the chart
	client   dynamic.Interface
}

// startScanning starts Trivy Operator with the chart's objects and rights. It waits for what this makes of the
// Deployment: a report of its configuration, and a pod that is to scan its image, which the namespace's level admits.
// Nothing runs here, so the report of the image is written in place of that pod.
func startScanning(t *testing.T, l *pipeline.Lab) (*scanned, error) {
	t.Helper()
	if _, err := l.File(t.Context(), "trivy-operator"); err != nil {
		return nil, err
	}
	archives, err := fakecharts.OpenIn(root)
	if err != nil {
		return nil, &pipeline.Unavailable{Program: "the chart of trivy-operator", Reason: err}
	}
	installation, err := program.Run(root, program.Case{Name: "scanned", Stack: "dev", Dir: program.Fixtures,
		Addons: values.ExampleAddonsDir, Charts: archives.Dir, Settings: map[string]any{
			"addons": program.Example("trivy-operator"),
			"alerting": map[string]any{"receivers": []any{map[string]any{"name": "a",
				"webhook": map[string]any{"url": map[string]any{"secure": "a"}}}}}}})
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(installation.Releases, func(r program.Release) bool { return r.Name == "trivy-operator" })
	release := installation.Releases[at]
	s := &scanned{stack: &pipeline.Stack{Installation: installation}}
	if s.objects, err = chartlint.NewRenderer(archives.Load).Release(release, chartlint.Versions()[1]); err != nil {
		return nil, err
	}
	plane := controlplanetest.Start(t)
	if s.client, err = dynamic.NewForConfig(plane.RESTConfig()); err != nil {
		return nil, err
	}
	node := controlplane.Node{Name: "a", ID: "1", CPU: resource.MustParse("4"), Memory: resource.MustParse("8Gi")}
	if err := plane.SetNodes(t.Context(), []controlplane.Node{node}); err != nil {
		return nil, err
	}
	for _, o := range installation.Objects {
		if o.GetKind() == "Namespace" && o.GetName() == release.Namespace {
			s.create(t, o)
		}
	}
	for _, definitions := range []bool{true, false} {
		for _, o := range s.objects {
			later := []string{"Deployment", "ServiceMonitor", benchmark}
			if (o.GetKind() == "CustomResourceDefinition") == definitions && !slices.Contains(later, o.GetKind()) {
				s.create(t, o)
			}
		}
	}
	deploy(t, plane, release.Namespace)
	s.operator, err = l.StartTrivyOperator(t.Context(), s.kubeconfig(t, plane, release.Namespace), s.env(t))
	if err != nil {
		return nil, err
	}
	pods := schema.GroupVersionResource{Version: "v1", Resource: "pods"}
	scan := s.await(t, "a pod that scans", pods, release.Namespace)
	token, _, _ := unstructured.NestedBool(scan.Object, "spec", "automountServiceAccountToken")
	text, err := scan.MarshalJSON()
	login := strings.Contains(string(text), "TRIVY_USERNAME")
	if name := scan.GetLabels()["app.kubernetes.io/name"]; err != nil || name != "trivy-scan" || token || !login {
		t.Errorf("the pod that scans has the name %q (network.yaml), a token: %t, a login at the registry: %t (%v)",
			name, token, login, err)
	}
	s.await(t, "a report of the configuration", reports("configauditreports"), "shop")
	if text, err = os.ReadFile("testdata/vulnerabilityreport.yaml"); err != nil {
		return nil, err
	}
	report := &unstructured.Unstructured{}
	if err := yaml.Unmarshal(text, report); err != nil {
		return nil, err
	}
	s.create(t, report)
	for _, o := range s.objects { // they are reported on once, by OPERATOR_INVOKE_CLUSTER_COMPLIANCE_ONCE
		if o.GetKind() == benchmark {
			s.create(t, o)
		}
	}
	return s, nil
}

func reports(plural string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "aquasecurity.github.io", Version: "v1alpha1", Resource: plural}
}

// deploy creates a Deployment with a privileged container, whose image was never pulled, and the credentials of its
// registry in the addon's namespace, as addons.secrets does.
func deploy(t *testing.T, plane *controlplane.ControlPlane, namespace string) {
	t.Helper()
	labels := map[string]string{"app": "shop"}
	_, err := plane.Client().CoreV1().Secrets(namespace).Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: components.AddonSecret("trivy-operator")},
		Type:       corev1.SecretTypeDockerConfigJson,
		StringData: map[string]string{corev1.DockerConfigJsonKey: `{"auths": {"registry.example.org": {"auth": "YTpi"}}}`},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = plane.Client().CoreV1().Namespaces().Create(t.Context(),
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = plane.Client().AppsV1().Deployments("shop").Create(t.Context(), &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "shop"},
		Spec: appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "shop", Image: "registry.example.org/shop:1",
					SecurityContext: &corev1.SecurityContext{Privileged: ptr.To(true)}}}}}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// create creates an object once the API server knows its kind.
func (s *scanned) create(t *testing.T, o *unstructured.Unstructured) {
	t.Helper()
	kind := o.GroupVersionKind()
	plural := schema.GroupVersionResource{Group: kind.Group, Version: kind.Version,
		Resource: strings.ToLower(kind.Kind) + "s"}
	var err error
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		_, err = s.client.Resource(plural).Namespace(o.GetNamespace()).Create(t.Context(), o, metav1.CreateOptions{})
		if err == nil {
			return
		}
	}
	t.Fatalf("creating the %s %s: %v", o.GetKind(), o.GetName(), err)
}

// await waits for an object, and returns the first.
func (s *scanned) await(t *testing.T, what string, of schema.GroupVersionResource, namespace string,
) *unstructured.Unstructured {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(time.Second) {
		list, err := s.client.Resource(of).Namespace(namespace).List(t.Context(), metav1.ListOptions{})
		if err == nil && len(list.Items) > 0 {
			return &list.Items[0]
		}
		if time.Now().After(deadline) {
			t.Fatalf("there is not %s (%v); the operator printed:\n%s", what, err, s.operator.Log())
		}
	}
}

// kubeconfig is that of the operator's ServiceAccount.
func (s *scanned) kubeconfig(t *testing.T, plane *controlplane.ControlPlane, namespace string) string {
	t.Helper()
	token, err := plane.Client().CoreV1().ServiceAccounts(namespace).CreateToken(t.Context(), "trivy-operator",
		&authv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "kubeconfig")
	config := clientcmdapi.Config{CurrentContext: "a",
		Clusters:  map[string]*clientcmdapi.Cluster{"a": {Server: plane.Endpoint(), CertificateAuthorityData: plane.CA()}},
		AuthInfos: map[string]*clientcmdapi.AuthInfo{"a": {Token: token.Status.Token}},
		Contexts:  map[string]*clientcmdapi.Context{"a": {Cluster: "a", AuthInfo: "a"}},
	}
	if err := clientcmd.WriteToFile(config, file); err != nil {
		t.Fatal(err)
	}
	return file
}

// env are the variables of the operator's container. It reports on the benchmarks at once, not at the next hour.
func (s *scanned) env(t *testing.T) map[string]string {
	t.Helper()
	env := map[string]string{"OPERATOR_INVOKE_CLUSTER_COMPLIANCE_ONCE": "true"}
	for _, o := range s.objects {
		switch {
		case o.GetKind() == "ConfigMap" && o.GetName() == "trivy-operator-config":
			data, _, err := unstructured.NestedStringMap(o.Object, "data")
			if err != nil {
				t.Fatal(err)
			}
			for name, value := range data {
				env[name] = value
			}
		case o.GetKind() == "Deployment":
			var deployment appsv1.Deployment
			text, err := json.Marshal(o)
			if err == nil {
				err = json.Unmarshal(text, &deployment)
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, one := range deployment.Spec.Template.Spec.Containers[0].Env {
				env[one.Name] = one.Value
			}
		}
	}
	return env
}

func ofTrivyOperator(t *testing.T, l *pipeline.Lab) (scrape, error) {
	s, err := startScanning(t, l)
	if err != nil {
		return nil, err
	}
	return s.operator.Metrics, nil
}
