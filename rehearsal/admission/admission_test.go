// Package admission tries the admission policy for virtual clusters on a real API server.
package admission

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"

	"doks-security/components"
	"doks-security/rehearsal/controlplane"
	"doks-security/rules"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == controlplane.ChildCommand {
		os.Exit(controlplane.Main(os.Args[2:]))
	}
	os.Exit(m.Run())
}

// request is a workload somebody creates.
type request struct {
	Name           string            `json:"name"`
	Kind           string            `json:"kind"`
	Namespace      string            `json:"namespace"` // default: shop
	Image          string            `json:"image"`
	InitImage      string            `json:"initImage"`
	Command        []string          `json:"command"`
	Args           []string          `json:"args"`
	Env            map[string]string `json:"env"`
	Labels         map[string]string `json:"labels"`
	ServiceAccount string            `json:"serviceAccount"`
	SecretVolume   string            `json:"secretVolume"`
	Refused        string            `json:"refused"` // part of the reason; empty: admitted
}

type object = map[string]any

// resources are the API's of every kind, and where its pod template is.
var resources = map[string]schema.GroupVersionResource{
	"Pod":                   {Version: "v1", Resource: "pods"},
	"ReplicationController": {Version: "v1", Resource: "replicationcontrollers"},
	"Deployment":            {Group: "apps", Version: "v1", Resource: "deployments"},
	"StatefulSet":           {Group: "apps", Version: "v1", Resource: "statefulsets"},
	"DaemonSet":             {Group: "apps", Version: "v1", Resource: "daemonsets"},
	"ReplicaSet":            {Group: "apps", Version: "v1", Resource: "replicasets"},
	"Job":                   {Group: "batch", Version: "v1", Resource: "jobs"},
	"CronJob":               {Group: "batch", Version: "v1", Resource: "cronjobs"},
}

func (r request) object() *unstructured.Unstructured {
	container := object{"name": "a", "image": r.Image}
	if r.Command != nil {
		container["command"] = list(r.Command)
	}
	if r.Args != nil {
		container["args"] = list(r.Args)
	}
	var env []any
	for name, value := range r.Env {
		env = append(env, object{"name": name, "value": value})
	}
	if env != nil {
		container["env"] = env
	}
	labels := object{"test": "a"}
	for name, value := range r.Labels {
		labels[name] = value
	}
	spec := object{"containers": []any{container}}
	if r.InitImage != "" {
		spec["initContainers"] = []any{object{"name": "init", "image": r.InitImage}}
	}
	if r.ServiceAccount != "" {
		spec["serviceAccountName"] = r.ServiceAccount
	}
	if r.SecretVolume != "" {
		spec["volumes"] = []any{object{"name": "config", "secret": object{"secretName": r.SecretVolume}}}
	}
	template := object{"metadata": object{"labels": labels}, "spec": spec}
	gvr := resources[r.Kind]
	all := object{"apiVersion": gvr.GroupVersion().String(), "kind": r.Kind, "metadata": object{"name": "a", "labels": labels}}
	switch r.Kind {
	case "Pod":
		all["spec"] = spec
	case "Job", "CronJob":
		spec["restartPolicy"] = "Never"
		all["spec"] = object{"template": template}
		if r.Kind == "CronJob" {
			all["spec"] = object{"schedule": "0 4 * * *", "jobTemplate": object{"spec": all["spec"]}}
		}
	case "ReplicationController":
		all["spec"] = object{"selector": object{"test": "a"}, "template": template}
	default:
		all["spec"] = object{"selector": object{"matchLabels": object{"test": "a"}}, "template": template}
	}
	return &unstructured.Unstructured{Object: all}
}

func list(texts []string) []any {
	all := make([]any, len(texts))
	for i, t := range texts {
		all[i] = t
	}
	return all
}

// api is a control plane with the policy; it remembers the warnings of the last request.
type api struct {
	dynamic  dynamic.Interface
	mu       sync.Mutex
	warnings []string
}

func (a *api) HandleWarningHeader(_ int, _, text string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.warnings = append(a.warnings, text)
}

// ask sends a request that changes nothing, and returns the policy's reason or warning.
func (a *api) ask(ctx context.Context, r request) (refusal, warning string, err error) {
	a.mu.Lock()
	a.warnings = nil
	a.mu.Unlock()
	namespace := r.Namespace
	if namespace == "" {
		namespace = "shop"
	}
	_, err = a.dynamic.Resource(resources[r.Kind]).Namespace(namespace).Create(ctx, r.object(), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err != nil && strings.Contains(err.Error(), "ValidatingAdmissionPolicy") {
		return err.Error(), "", nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return "", strings.Join(a.warnings, "\n"), err
}

var approved = []rules.Approval{
	{Namespace: "team-a"},
	{Namespace: "team-b", Digests: []string{"sha256:1111111111111111111111111111111111111111111111111111111111111111"}},
}

func start(t *testing.T) *api {
	t.Helper()
	dir, err := os.MkdirTemp("", "a")
	if err != nil {
		t.Fatal(err)
	}
	plane, err := controlplane.Start(t.Context(), controlplane.Options{Dir: filepath.Join(dir, "c")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := plane.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	a := &api{}
	config := plane.RESTConfig()
	config.WarningHandler = a
	if a.dynamic, err = dynamic.NewForConfig(config); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"shop", "team-a", "team-b"} {
		if _, err := plane.Client().CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, account := range [][2]string{{"shop", "default"}, {"shop", "vc-codec"}, {"shop", "vc-demo"}} {
		_, err := plane.Client().CoreV1().ServiceAccounts(account[0]).Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: account[1]}}, metav1.CreateOptions{})
		if err != nil && !apierrors.IsAlreadyExists(err) {
			t.Fatal(err)
		}
	}
	return a
}

func manifests(t *testing.T, mode string) []map[string]any {
	t.Helper()
	objects, err := components.AdmissionObjects(&components.AdmissionArgs{Mode: mode, Approved: approved})
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func (a *api) apply(t *testing.T, objects []map[string]any) {
	t.Helper()
	for i, resource := range []string{"validatingadmissionpolicies", "validatingadmissionpolicybindings"} {
		gvr := schema.GroupVersionResource{Group: "admissionregistration.k8s.io", Version: "v1", Resource: resource}
		manifest := &unstructured.Unstructured{Object: objects[i]}
		if _, err := a.dynamic.Resource(gvr).Apply(t.Context(), manifest.GetName(), manifest, metav1.ApplyOptions{FieldManager: "test", Force: true}); err != nil {
			t.Fatal(err)
		}
	}
}

// until repeats a request: the API server takes its time to act on a policy.
func (a *api) until(t *testing.T, what string, r request, ok func(refusal, warning string) bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		refusal, warning, err := a.ask(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		if ok(refusal, warning) {
			return
		}
	}
	t.Fatalf("not within 30 seconds: %s", what)
}

// install puts the policy there in a mode, and waits until the API server acts on it.
func (a *api) install(t *testing.T, mode string) {
	t.Helper()
	a.apply(t, manifests(t, mode))
	known := request{Kind: "Pod", Image: "ghcr.io/loft-sh/vcluster-pro:0.36.1"}
	a.until(t, "the policy acts", known, func(refusal, warning string) bool {
		return mode == components.AdmissionDeny && refusal != "" || mode == components.AdmissionWarn && refusal == "" && strings.Contains(warning, "not approved")
	})
}

func TestMatrix(t *testing.T) {
	text, err := os.ReadFile("testdata/matrix.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var matrix []request
	if err := yaml.UnmarshalStrict(text, &matrix); err != nil {
		t.Fatal(err)
	}
	if len(matrix) < 30 {
		t.Errorf("%d objects, want at least 30", len(matrix))
	}
	a := start(t)
	for _, mode := range []string{components.AdmissionDeny, components.AdmissionWarn} {
		a.install(t, mode)
		for _, r := range matrix {
			t.Run(mode+"/"+r.Name, func(t *testing.T) {
				refusal, warning, err := a.ask(t.Context(), r)
				if err != nil {
					t.Fatal(err)
				}
				got := refusal
				if mode == components.AdmissionWarn {
					got = warning
					if refusal != "" {
						t.Errorf("refused, where it should be warned of: %s", refusal)
					}
				}
				switch {
				case r.Refused == "" && strings.Contains(got, "doks-security"):
					t.Errorf("want it admitted, got %q", got)
				case r.Refused != "" && !strings.Contains(got, r.Refused):
					t.Errorf("want a word of %q, got %q", r.Refused, got)
				}
			})
		}
	}
}

// A virtual cluster that ran before can still be labelled and deleted; only what it runs cannot change.
func TestWhatRunsAlready(t *testing.T) {
	a := start(t)
	client := a.dynamic.Resource(resources["StatefulSet"]).Namespace("shop")
	running := request{Kind: "StatefulSet", Image: "ghcr.io/loft-sh/vcluster-pro:0.36.1"}.object()
	if _, err := client.Create(t.Context(), running, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	a.install(t, components.AdmissionDeny)
	patch := func(text string) error {
		_, err := client.Patch(t.Context(), "a", "application/merge-patch+json", []byte(text), metav1.PatchOptions{})
		return err
	}
	if err := patch(`{"metadata":{"labels":{"team":"shop"}}}`); err != nil {
		t.Errorf("labelling it: %v", err)
	}
	if err := patch(`{"spec":{"replicas":2}}`); !apierrors.IsForbidden(err) {
		t.Errorf("scaling it: %v, want it refused", err)
	}
	if err := client.Delete(t.Context(), "a", metav1.DeleteOptions{}); err != nil {
		t.Errorf("deleting it: %v", err)
	}
}

// A policy whose expressions fail admits, as failurePolicy says: it must never lock the cluster.
func TestBrokenPolicyAdmits(t *testing.T) {
	a := start(t)
	objects := manifests(t, components.AdmissionDeny)
	spec := objects[0]["spec"].(object)
	spec["variables"].([]any)[0].(object)["expression"] = "object.spec.nothing == 'of the kind'"
	ours := spec["failurePolicy"]
	known := request{Kind: "Pod", Image: "ghcr.io/loft-sh/vcluster-pro:0.36.1"}
	spec["failurePolicy"] = "Fail" // shows that it is broken, and in force
	a.apply(t, objects)
	a.until(t, "the broken policy refuses", known, func(refusal, _ string) bool { return strings.Contains(refusal, "no such key") })
	spec["failurePolicy"] = ours
	a.apply(t, objects)
	a.until(t, "the broken policy admits", known, func(refusal, _ string) bool { return refusal == "" })
}
