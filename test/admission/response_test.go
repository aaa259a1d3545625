package admission

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"doks-security/components"
)

const talonUser = "system:serviceaccount:falco-talon:falco-talon"

// never are the namespaces of these tests in which nothing is done.
var never = []string{"falco", "falco-talon", "kube-system", "monitoring", "team-a"}

// asTalon is a client with Talon's user name, who may do everything.
func (a *api) asTalon(t *testing.T) kubernetes.Interface {
	t.Helper()
	_, err := a.client.RbacV1().ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "talon"}, RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects: []rbacv1.Subject{{Kind: "User", Name: talonUser}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	config := a.plane.RESTConfig()
	config.Impersonate = rest.ImpersonationConfig{UserName: talonUser}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// createPods creates a pod suspect in each namespace.
func (a *api) createPods(t *testing.T, namespaces ...string) {
	t.Helper()
	for _, namespace := range namespaces {
		_, err := a.client.CoreV1().Pods(namespace).Create(t.Context(), &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "suspect", Labels: map[string]string{"app": "vcluster"}},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "a", Image: "example.org/a:1"}}},
		}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Whatever Talon may do by its ClusterRole, it sets its labels and deletes pods, outside of the namespaces.
func TestResponsePolicy(t *testing.T) {
	a := start(t)
	a.createPods(t, "shop", "kube-system", "monitoring", "falco", "team-a")
	objects, err := components.ResponseObjects("falco-talon", never)
	if err != nil {
		t.Fatal(err)
	}
	a.apply(t, objects[:2])
	talon := a.asTalon(t)
	all := []string{metav1.DryRunAll}
	patch := func(client kubernetes.Interface, namespace, text string, subresources ...string) error {
		_, err := client.CoreV1().Pods(namespace).Patch(t.Context(), "suspect", types.MergePatchType, []byte(text),
			metav1.PatchOptions{DryRun: all}, subresources...)
		return err
	}
	const isolate = `{"metadata":{"labels":{"doks-security/isolated":"true"}}}`
	eventually(t, "the policy acts", func() bool { return apierrors.IsForbidden(patch(talon, "falco", isolate)) })
	event := func(namespace string) error {
		_, err := talon.CoreV1().Events(namespace).Create(t.Context(), &corev1.Event{
			ObjectMeta: metav1.ObjectMeta{Name: "a"}, InvolvedObject: corev1.ObjectReference{Namespace: namespace},
		}, metav1.CreateOptions{DryRun: all})
		return err
	}
	_, bare := a.client.CoreV1().Pods("shop").Create(t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "bare"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "a", Image: "example.org/a:1"}}},
	}, metav1.CreateOptions{})
	if bare != nil {
		t.Fatal(bare)
	}
	// Talon labels a pod without labels in three steps.
	steps := func() error {
		for _, step := range []struct {
			kind types.PatchType
			text string
		}{
			{types.MergePatchType, `{"metadata":{"labels":{"pod":"pod"}}}`},
			{types.JSONPatchType, `[{"op":"replace","path":"/metadata/labels/doks-security~1isolated","value":"true"}]`},
			{types.JSONPatchType, `[{"op":"remove","path":"/metadata/labels/pod"}]`},
		} {
			if _, err := talon.CoreV1().Pods("shop").Patch(t.Context(), "bare", step.kind, []byte(step.text),
				metav1.PatchOptions{}); err != nil {
				return fmt.Errorf("%s: %w", step.text, err)
			}
		}
		return nil
	}
	const ephemeral = `{"spec":{"ephemeralContainers":[{"name":"b","image":"b"}]}}`
	remove := metav1.DeleteOptions{DryRun: all}
	allowed := map[string]error{
		"isolates a pod":           patch(talon, "shop", isolate),
		"labels a pod without any": steps(),
		"labels a pod":             patch(talon, "shop", `{"metadata":{"labels":{"doks-security/suspicious":"true"}}}`),
		"deletes a pod":            talon.CoreV1().Pods("shop").Delete(t.Context(), "suspect", remove),
		"creates an event":         event("default"),
		"another user in a system": patch(a.client, "kube-system", isolate),
		"another user's change":    patch(a.client, "shop", `{"metadata":{"labels":{"app":"other"}}}`),
	}
	for what, err := range allowed {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, configMap := talon.CoreV1().ConfigMaps("shop").Create(t.Context(),
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "a"}}, metav1.CreateOptions{DryRun: all})
	_, node := talon.CoreV1().Nodes().Create(t.Context(), &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "a"}},
		metav1.CreateOptions{DryRun: all})
	evict := talon.PolicyV1().Evictions("shop").Evict(t.Context(), &policyv1.Eviction{
		ObjectMeta: metav1.ObjectMeta{Name: "suspect", Namespace: "shop"}, DeleteOptions: &remove,
	})
	refused := map[string]error{
		"another label":   patch(talon, "shop", `{"metadata":{"labels":{"app":"other"}}}`),
		"removes a label": patch(talon, "shop", `{"metadata":{"labels":{"app":null}}}`),
		"releases a pod": func() error {
			_, err := talon.CoreV1().Pods("shop").Patch(t.Context(), "bare", types.MergePatchType,
				[]byte(`{"metadata":{"labels":{"doks-security/isolated":null}}}`), metav1.PatchOptions{DryRun: all})
			return err
		}(),
		"another value of its label": patch(talon, "shop", `{"metadata":{"labels":{"doks-security/isolated":"no"}}}`),
		"the label of the moment":    patch(talon, "shop", `{"metadata":{"labels":{"pod":"pod"}}}`),
		"every pod": talon.CoreV1().Pods("shop").DeleteCollection(t.Context(), remove,
			metav1.ListOptions{LabelSelector: "app=vcluster"}),
		"an annotation":          patch(talon, "shop", `{"metadata":{"annotations":{"a":"b"}}}`),
		"a finalizer":            patch(talon, "shop", `{"metadata":{"finalizers":["example.org/a"]}}`),
		"an image":               patch(talon, "shop", `{"spec":{"activeDeadlineSeconds":1}}`),
		"an ephemeral container": patch(talon, "shop", ephemeral, "ephemeralcontainers"),
		"a status":               patch(talon, "shop", `{"status":{"message":"a"}}`, "status"),
		"a ConfigMap":            configMap,
		"a node":                 node,
		"an eviction":            evict,
		"a namespace":            talon.CoreV1().Namespaces().Delete(t.Context(), "shop", remove),
	}
	for _, namespace := range []string{"falco", "kube-system", "monitoring", "team-a"} {
		refused["a label in "+namespace] = patch(talon, namespace, isolate)
		refused["a deletion in "+namespace] = talon.CoreV1().Pods(namespace).Delete(t.Context(), "suspect", remove)
		refused["an event in "+namespace] = event(namespace)
	}
	for _, what := range slices.Sorted(maps.Keys(refused)) {
		if err := refused[what]; !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "Falco Talon") {
			t.Errorf("%s: %v, want the policy's refusal", what, err)
		}
	}
}
