package admission

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"doks-security/components"
	"doks-security/test/controlplane"
	"doks-security/test/controlplane/controlplanetest"
)

func TestMain(m *testing.M) { controlplanetest.Main(m) }

// api is a control plane; it remembers the warnings of the last request.
type api struct {
	dynamic, kubelet dynamic.Interface
	client           kubernetes.Interface
	plane            *controlplane.ControlPlane
	node             metav1.OwnerReference // of the kubelet
	mu               sync.Mutex
	warnings         []string
}

func (a *api) HandleWarningHeader(_ int, _, text string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.warnings = append(a.warnings, text)
}

// ask sends the request of a case, which changes nothing, and returns the policy's refusal or its warnings.
func (a *api) ask(ctx context.Context, c Case) (refusal, warning string, err error) {
	a.mu.Lock()
	a.warnings = nil
	a.mu.Unlock()
	client := a.dynamic
	if c.Kubelet {
		client = a.kubelet
	}
	resource := client.Resource(Resources[c.Kind]).Namespace(c.Namespace)
	all := []string{metav1.DryRunAll}
	if c.Patch == nil {
		object := c.Object("a")
		if c.Kubelet {
			object.SetOwnerReferences([]metav1.OwnerReference{a.node})
		}
		_, err = resource.Create(ctx, object, metav1.CreateOptions{DryRun: all})
	} else {
		var patch []byte
		if patch, err = yaml.Marshal(c.Patch); err == nil {
			patch, err = yaml.YAMLToJSON(patch)
		}
		if err != nil {
			return "", "", err
		}
		var subresources []string
		if c.Subresource != "" {
			subresources = append(subresources, c.Subresource)
		}
		options := metav1.PatchOptions{DryRun: all}
		_, err = resource.Patch(ctx, objectName(c), types.StrategicMergePatchType, patch, options, subresources...)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	others := func(warning string) bool { return !strings.Contains(warning, "doks-security") }
	ours := slices.DeleteFunc(slices.Clone(a.warnings), others)
	if err != nil && strings.Contains(err.Error(), "ValidatingAdmissionPolicy") {
		return err.Error(), strings.Join(ours, "\n"), nil
	}
	return "", strings.Join(ours, "\n"), err
}

// objectName is the name of the object that a case patches.
func objectName(c Case) string {
	_, name, _ := strings.Cut(c.Name, "/")
	return strings.ReplaceAll(strings.ToLower(name), " ", "-")
}

// createPatched creates the objects that cases patch.
func (a *api) createPatched(t *testing.T, cases []Case) {
	t.Helper()
	for _, c := range cases {
		if c.Patch == nil {
			continue
		}
		resource := a.dynamic.Resource(Resources[c.Kind]).Namespace(c.Namespace)
		if _, err := resource.Create(t.Context(), c.Object(objectName(c)), metav1.CreateOptions{}); err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
	}
}

func start(t *testing.T) *api {
	t.Helper()
	plane := controlplanetest.Start(t)
	var err error
	a := &api{client: plane.Client(), plane: plane}
	config := plane.RESTConfig()
	config.WarningHandler = a
	if a.dynamic, err = dynamic.NewForConfig(config); err != nil {
		t.Fatal(err)
	}
	config.Impersonate = rest.ImpersonationConfig{
		UserName: "system:node:node-a", Groups: []string{"system:nodes", "system:authenticated"},
	}
	if a.kubelet, err = dynamic.NewForConfig(config); err != nil {
		t.Fatal(err)
	}
	for _, account := range []string{
		"shop/default", "shop/vc-codec", "shop/vc-demo", "team-a/default", "team-b/default", "falco/default",
		"monitoring/default", "kube-system/default", "tenant-499-" + strings.Repeat("x", 40) + "/default",
	} {
		namespace, name, _ := strings.Cut(account, "/")
		core, options := a.client.CoreV1(), metav1.CreateOptions{}
		named := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Name: name} }
		_, err := core.Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: named(namespace)}, options)
		if err != nil && !apierrors.IsAlreadyExists(err) {
			t.Fatal(err)
		}
		account := &corev1.ServiceAccount{ObjectMeta: named(name)}
		_, err = core.ServiceAccounts(namespace).Create(t.Context(), account, options)
		if err != nil && !apierrors.IsAlreadyExists(err) {
			t.Fatal(err)
		}
	}
	return a
}

func manifests(t *testing.T, mode string) []map[string]any {
	t.Helper()
	args := &components.AdmissionArgs{Mode: mode, Approved: Approved(), Exempt: Exempt}
	objects, err := components.AdmissionObjects(args)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func policyResource(manifest *unstructured.Unstructured) schema.GroupVersionResource {
	resource := map[string]string{
		"ValidatingAdmissionPolicy":        "validatingadmissionpolicies",
		"ValidatingAdmissionPolicyBinding": "validatingadmissionpolicybindings",
	}[manifest.GetKind()]
	return schema.GroupVersionResource{Group: "admissionregistration.k8s.io", Version: "v1", Resource: resource}
}

func (a *api) apply(t *testing.T, objects []map[string]any) {
	t.Helper()
	for _, o := range objects {
		manifest := &unstructured.Unstructured{Object: o}
		options := metav1.ApplyOptions{FieldManager: "test", Force: true}
		resource := a.dynamic.Resource(policyResource(manifest))
		if _, err := resource.Apply(t.Context(), manifest.GetName(), manifest, options); err != nil {
			t.Fatal(err)
		}
	}
}

func (a *api) remove(t *testing.T, objects []map[string]any) {
	t.Helper()
	for _, o := range slices.Backward(objects) {
		manifest := &unstructured.Unstructured{Object: o}
		resource := a.dynamic.Resource(policyResource(manifest))
		if err := resource.Delete(t.Context(), manifest.GetName(), metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

// until repeats a request: the API server takes its time to act on a policy.
func (a *api) until(t *testing.T, what string, c Case, ok func(refusal, warning string) bool) {
	t.Helper()
	var refusal, warning string
	defer func() {
		if t.Failed() {
			t.Logf("%s: the last answer has the refusal %q and the warning %q", what, refusal, warning)
		}
	}()
	eventually(t, what, func() bool {
		var err error
		if refusal, warning, err = a.ask(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		return ok(refusal, warning)
	})
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("not within a minute: %s", what)
}

var known = Case{Kind: "Pod", Namespace: "shop", Image: "ghcr.io/loft-sh/vcluster-pro:0.36.1"}

// acts says whether an answer to known is that of a mode.
func acts(mode string) func(refusal, warning string) bool {
	return func(refusal, warning string) bool {
		switch mode {
		case components.AdmissionDeny:
			return strings.Contains(refusal, "not approved in namespace shop") && warning == ""
		case components.AdmissionWarn:
			return refusal == "" && strings.Contains(warning, "not approved in namespace shop")
		default:
			return refusal == "" && warning == ""
		}
	}
}

// install creates or changes the policy, and waits until the API server acts on it, in the exempt namespaces as well.
func (a *api) install(t *testing.T, mode string) {
	t.Helper()
	objects := manifests(t, mode)
	a.apply(t, objects)
	a.deleteOtherBindings(t, objects)
	a.until(t, "the policy acts", known, acts(mode))
	system := known
	system.Namespace = "kube-system"
	a.until(t, "it warns in kube-system", system, func(refusal, warning string) bool {
		return refusal == "" && strings.Contains(warning, "not approved in namespace kube-system")
	})
}

// deleteOtherBindings deletes what another mode has and this one has not, as Pulumi does once all objects are applied.
func (a *api) deleteOtherBindings(t *testing.T, objects []map[string]any) {
	t.Helper()
	bindings := a.client.AdmissionregistrationV1().ValidatingAdmissionPolicyBindings()
	all, err := bindings.List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, binding := range all.Items {
		applied := slices.ContainsFunc(objects, func(o map[string]any) bool {
			manifest := &unstructured.Unstructured{Object: o}
			return manifest.GetKind() == "ValidatingAdmissionPolicyBinding" && manifest.GetName() == binding.Name
		})
		if applied {
			continue
		}
		if err := bindings.Delete(t.Context(), binding.Name, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}
