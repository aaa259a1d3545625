package admission

import (
	"context"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"doks-security/components"
)

func (a *api) create(t *testing.T, c Case, name string) error {
	t.Helper()
	resource := a.dynamic.Resource(Resources[c.Kind]).Namespace(c.Namespace)
	_, err := resource.Create(t.Context(), c.Object(name), metav1.CreateOptions{})
	return err
}

func (a *api) patch(ctx context.Context, c Case, name, patch string, subresources ...string) error {
	_, err := a.dynamic.Resource(Resources[c.Kind]).Namespace(c.Namespace).
		Patch(ctx, name, types.MergePatchType, []byte(patch), metav1.PatchOptions{}, subresources...)
	return err
}

// replaceable is a Deployment whose pods end before new ones start: no kubelet would make the new ones ready.
func replaceable(image string) Case {
	recreate := object{"strategy": object{"type": "Recreate"}}
	return Case{Kind: "Deployment", Namespace: "shop", Image: image, Spec: recreate}
}

// pods are the images of the pods of a namespace.
func (a *api) pods(t *testing.T, namespace string) string {
	t.Helper()
	pods, err := a.client.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var images []string
	for _, pod := range pods.Items {
		images = append(images, pod.Spec.Containers[0].Image)
	}
	return strings.Join(images, " ")
}

// A virtual cluster that ran before the policy can be labeled, scaled down, replaced by an application and deleted; it
// cannot be changed or scaled up, and no controller creates more of its pods.
func TestExistingWorkloadsAreNotBlocked(t *testing.T) {
	a := start(t)
	parallel := object{"podManagementPolicy": "Parallel"}
	statefulSet := Case{Kind: "StatefulSet", Namespace: "shop", Image: known.Image, Spec: parallel}
	if err := a.create(t, statefulSet, "a"); err != nil {
		t.Fatal(err)
	}
	if err := a.create(t, replaceable(known.Image), "b"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "both have a pod", func() bool { return a.pods(t, "shop") == known.Image+" "+known.Image })
	a.install(t, components.AdmissionDeny)
	ctx := t.Context()
	if err := a.patch(ctx, statefulSet, "a", `{"metadata":{"labels":{"team":"shop"}}}`); err != nil {
		t.Errorf("labeling it: %v", err)
	}
	if err := a.patch(ctx, statefulSet, "a", `{"spec":{"replicas":2}}`); !apierrors.IsForbidden(err) {
		t.Errorf("scaling it up: %v, want it refused", err)
	}
	if err := a.patch(ctx, statefulSet, "a", `{"spec":{"replicas":2}}`, "scale"); err != nil {
		t.Errorf("scaling it up by its scale: %v", err)
	}
	eventually(t, "the StatefulSet reports that its second pod is refused", func() bool {
		events, err := a.client.CoreV1().Events("shop").List(ctx, metav1.ListOptions{FieldSelector: "reason=FailedCreate"})
		if err != nil {
			t.Fatal(err)
		}
		for _, event := range events.Items {
			if strings.Contains(event.Message, "not approved in namespace shop") {
				return true
			}
		}
		return false
	})
	if err := a.patch(ctx, statefulSet, "a", `{"spec":{"replicas":0}}`); err != nil {
		t.Errorf("scaling it down: %v", err)
	}
	nginx := `{"spec":{"template":{"spec":{"containers":[{"name":"a","image":"nginx"}]}}}}`
	if err := a.patch(ctx, replaceable(""), "b", nginx); err != nil {
		t.Errorf("replacing it by an application: %v", err)
	}
	eventually(t, "the pods are replaced", func() bool { return a.pods(t, "shop") == "nginx" })
	foreground := metav1.DeletePropagationForeground
	options := metav1.DeleteOptions{PropagationPolicy: &foreground}
	if err := a.client.AppsV1().StatefulSets("shop").Delete(ctx, "a", options); err != nil {
		t.Errorf("deleting it: %v", err)
	}
	eventually(t, "the StatefulSet is deleted", func() bool {
		_, err := a.client.AppsV1().StatefulSets("shop").Get(ctx, "a", metav1.GetOptions{})
		return apierrors.IsNotFound(err)
	})
}

// The mode of a running stack changes with the binding: the policy stays the same object.
func TestModesOfARunningStack(t *testing.T) {
	a := start(t)
	uid := func() types.UID {
		policies := a.client.AdmissionregistrationV1().ValidatingAdmissionPolicies()
		policy, err := policies.Get(t.Context(), "virtual-clusters.doks-security", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return policy.UID
	}
	a.install(t, components.AdmissionWarn)
	before := uid()
	for _, mode := range []string{components.AdmissionDeny, components.AdmissionWarn, components.AdmissionDeny} {
		a.install(t, mode)
		if uid() != before {
			t.Errorf("%s replaced the policy", mode)
		}
	}
	a.remove(t, manifests(t, components.AdmissionDeny))
	a.until(t, "the policy is off", known, acts(components.AdmissionOff))
	a.install(t, components.AdmissionWarn)
}

// broken is the policy with an expression that fails whenever it is evaluated.
func broken(t *testing.T, mode string) []map[string]any {
	objects := manifests(t, mode)
	for _, v := range objects[0]["spec"].(object)["variables"].([]any) {
		if variable := v.(object); variable["name"] == "template" {
			variable["expression"] = "object.spec.nothing"
		}
	}
	return objects
}

func failed(refusal, _ string) bool { return strings.Contains(refusal, "no such key") }

var application = Case{Kind: "Pod", Namespace: "shop", Image: "docker.io/library/nginx:1.29"}

// A policy that fails admits everything with warn.
func TestBrokenPolicyAdmitsWithWarn(t *testing.T) {
	a := start(t)
	a.install(t, components.AdmissionWarn)
	a.apply(t, broken(t, components.AdmissionWarn))
	a.until(t, "the broken policy admits", known, acts(components.AdmissionOff))
}

// A policy that fails denies every new pod with deny, and locks out no one: what is exempt starts, what runs can be
// stopped, drained, finalized and deleted, and the policy itself can be repaired and deleted.
func TestBrokenPolicyDoesNotLockOut(t *testing.T) {
	a := start(t)
	deployment := replaceable(application.Image)
	for name, c := range map[string]Case{
		"pod": application, "evicted": application, "finalized": application, "deployment": deployment, "scaled": deployment,
		"job":  {Kind: "Job", Namespace: "shop", Image: application.Image},
		"cron": {Kind: "CronJob", Namespace: "shop", Image: application.Image},
	} {
		if err := a.create(t, c, name); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "all pods are there", func() bool {
		return strings.Count(a.pods(t, "shop"), application.Image) == 6
	})
	a.install(t, components.AdmissionDeny)
	a.apply(t, broken(t, components.AdmissionDeny))
	a.until(t, "it fails closed", application, failed)

	ctx, core, apps := t.Context(), a.client.CoreV1(), a.client.AppsV1()
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, namespace := range append([]string{"kube-system"}, Exempt...) {
		for _, kind := range []string{"Pod", "DaemonSet", "Deployment", "StatefulSet", "Job"} {
			c := Case{Kind: kind, Namespace: namespace, Image: application.Image}
			must("a "+kind+" in "+namespace, a.create(t, c, "new"))
		}
		eventually(t, "its controllers create pods in "+namespace, func() bool {
			return strings.Count(a.pods(t, namespace), application.Image) >= 4 // a DaemonSet has none without nodes
		})
	}
	job, cronJob := Case{Kind: "Job", Namespace: "shop"}, Case{Kind: "CronJob", Namespace: "shop"}
	must("labeling a pod", a.patch(ctx, application, "pod", `{"metadata":{"labels":{"team":"shop"}}}`))
	must("its status", a.patch(ctx, application, "pod", `{"status":{"message":"a"}}`, "status"))
	must("a finalizer", a.patch(ctx, application, "finalized", `{"metadata":{"finalizers":["example.org/wait"]}}`))
	must("deleting the pod", core.Pods("shop").Delete(ctx, "finalized", metav1.DeleteOptions{}))
	must("removing the finalizer", a.patch(ctx, application, "finalized", `{"metadata":{"finalizers":null}}`))
	evicted := &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: "evicted", Namespace: "shop"}}
	must("evicting a pod", a.client.PolicyV1().Evictions("shop").Evict(ctx, evicted))
	must("deleting a pod", core.Pods("shop").Delete(ctx, "pod", metav1.DeleteOptions{}))
	must("annotating a Deployment", a.patch(ctx, deployment, "scaled", `{"metadata":{"annotations":{"a":"b"}}}`))
	must("scaling a Deployment down", a.patch(ctx, deployment, "scaled", `{"spec":{"replicas":0}}`))
	must("suspending a CronJob", a.patch(ctx, cronJob, "cron", `{"spec":{"suspend":true}}`))
	must("suspending a Job", a.patch(ctx, job, "job", `{"spec":{"suspend":true}}`))
	foreground := metav1.DeletePropagationForeground
	options := metav1.DeleteOptions{PropagationPolicy: &foreground}
	must("deleting a Deployment", apps.Deployments("shop").Delete(ctx, "deployment", options))
	must("deleting a Job", a.client.BatchV1().Jobs("shop").Delete(ctx, "job", options))
	eventually(t, "all pods are gone", func() bool { return a.pods(t, "shop") == "" })
	eventually(t, "the Deployment and the Job are gone", func() bool {
		_, err := apps.Deployments("shop").Get(ctx, "deployment", metav1.GetOptions{})
		_, errJob := a.client.BatchV1().Jobs("shop").Get(ctx, "job", metav1.GetOptions{})
		return apierrors.IsNotFound(err) && apierrors.IsNotFound(errJob)
	})
	named := metav1.ObjectMeta{Name: "new"}
	_, err := core.ConfigMaps("shop").Create(ctx, &corev1.ConfigMap{ObjectMeta: named}, metav1.CreateOptions{})
	must("another kind of object", err)
	_, err = core.Nodes().Create(ctx, &corev1.Node{ObjectMeta: named}, metav1.CreateOptions{})
	must("a node", err)
	must("deleting a namespace", core.Namespaces().Delete(ctx, "team-a", metav1.DeleteOptions{}))
	eventually(t, "the namespace is gone", func() bool {
		_, err := core.Namespaces().Get(ctx, "team-a", metav1.GetOptions{})
		return apierrors.IsNotFound(err)
	})
	scaled, err := apps.Deployments("shop").Get(ctx, "scaled", metav1.GetOptions{})
	if err != nil || *scaled.Spec.Replicas != 0 {
		t.Errorf("the Deployment has %v: %v", scaled, err)
	}

	// It is repaired in place, and deleted while it fails.
	a.install(t, components.AdmissionDeny)
	a.until(t, "the repaired policy admits an application", application, acts(components.AdmissionOff))
	a.apply(t, broken(t, components.AdmissionDeny))
	a.until(t, "it fails closed again", application, failed)
	a.remove(t, manifests(t, components.AdmissionDeny))
	a.until(t, "pods start without the policy", application, acts(components.AdmissionOff))
}
