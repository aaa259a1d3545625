package rehearse

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"doks-security/components"
	"doks-security/test/monitoring/pipeline"
)

// response is what isolates a pod of a running stack.
type response struct {
	page  string // docs/response.md
	lab   *pipeline.Lab
	stack *pipeline.Stack // nil: there is no Falco Talon here
}

// newResponse is made before a session, which changes the directory.
func newResponse(t *testing.T) *response {
	t.Helper()
	r := &response{page: documented(t, "response.md"), lab: pipeline.New(t.TempDir(), false)}
	t.Cleanup(func() {
		if err := r.lab.StopAll(); err != nil {
			t.Error(err)
		}
	})
	_, err := r.lab.File(t.Context(), "falco-talon")
	if missing := (*pipeline.Unavailable)(nil); errors.As(err, &missing) {
		t.Log(missing)
		return r
	}
	if err == nil {
		r.stack, err = pipeline.Render("dev", "response: {enabled: true, dryRun: false}")
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// run has Falco Talon isolate a pod of the running stack, with the permissions of its ServiceAccount; without a Talon
// kubectl sets the label. The commands of the page find the pod, and release it.
func (r *response) run(ctx context.Context, t *testing.T, e *engine, out *output) {
	t.Helper()
	client := e.kubernetes(t)
	label := func() string {
		pod, err := client.CoreV1().Pods("team-a").Get(ctx, "demo-0", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return pod.Labels[components.IsolatedLabel]
	}
	eventually := func(what string, ok func() bool) {
		t.Helper()
		for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(100 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("not within 30 seconds: %s", what)
			}
		}
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "team-a"}}
	if _, err := client.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually("the namespace has its ServiceAccount, and the pod is created", func() bool {
		_, err := client.CoreV1().Pods("team-a").Create(ctx, &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "demo-0", Labels: map[string]string{"app": "vcluster"}},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "a", Image: "example.org/a:1"}}},
		}, metav1.CreateOptions{})
		return err == nil
	})
	if r.stack == nil {
		must(t, out, e.shell(ctx, "kubectl -n team-a label pod demo-0 doks-security/isolated=true"))
	} else {
		must(t, out, r.isolate(ctx, t, e))
	}
	eventually("the pod is isolated", func() bool { return label() == "true" })
	e.follow(ctx, t, r.page, "See what it did")
	e.follow(ctx, t, r.page, "Release")
	if got := label(); got != "" {
		t.Errorf("the pod has the label with %q after its release", got)
	}
	must(t, out, client.CoreV1().Namespaces().Delete(ctx, "team-a", metav1.DeleteOptions{}))
}

// isolate sends Talon an event about the pod.
func (r *response) isolate(ctx context.Context, t *testing.T, e *engine) error {
	plane, err := e.account.clusters.only()
	if err != nil {
		return err
	}
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	if err := plane.WriteKubeconfig(ctx, kubeconfig, "falco-talon", "falco-talon"); err != nil {
		return err
	}
	talon, err := r.lab.StartTalon(ctx, pipeline.TalonArgs{Stack: r.stack, Kubeconfig: kubeconfig})
	if err != nil {
		return err
	}
	return talon.Send(ctx, pipeline.Event{Rule: "Virtual Cluster Started Without Approval", Priority: "Warning",
		Namespace: "team-a", Pod: "demo-0"})
}
