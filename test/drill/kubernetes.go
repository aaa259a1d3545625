package drill

import (
	"os/exec"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

func kubernetesDrills() []Drill {
	away := func(r *Run) { r.wire.kubernetes((*gate).shut) }
	return []Drill{
		{Name: "api-server-away-preview", What: "The Kubernetes API server is away during `pulumi preview`.", From: Deployed,
			Do: func(r *Run) {
				r.ChangeLoki()
				away(r)
				r.Fails("pulumi preview", "connection refused")
				r.Heal()
				r.Recover("pulumi up")
			}},
		{Name: "api-server-away-up", What: "The Kubernetes API server goes away during `pulumi up`.", From: Deployed,
			Do: func(r *Run) {
				r.ChangeLoki()
				r.During("pulumi up --skip-preview", "Release loki updating", func() { away(r) }, "connection refused")
				r.Heal()
				r.Recover("pulumi up")
			}},
		{Name: "api-server-away-destroy", What: "The Kubernetes API server is away during `pulumi destroy`.",
			From: Deployed, To: Empty,
			Do: func(r *Run) {
				away(r)
				r.Recover("pulumi destroy")
			}},
		{Name: "api-server-slow", What: "Each answer of the Kubernetes API server takes 50 ms longer.", From: Deployed,
			Do: func(r *Run) {
				r.ChangeLoki()
				r.wire.kubernetes(func(g *gate) { g.slow(50 * time.Millisecond) })
				r.Recover("pulumi up")
			}},
		{Name: "webhook-down", What: "An admission webhook that must answer is down.", From: Deployed, Do: func(r *Run) {
			r.ChangeLoki()
			r.blockStatefulSets()
			r.Fails("pulumi up", "failed calling webhook")
			r.Recover("kubectl delete validatingwebhookconfiguration drill", "pulumi up")
		}},
		{Name: "pod-never-ready", What: "No node has room for a pod, and its release times out.", From: Deployed,
			Do: func(r *Run) {
				r.ChangeLoki()
				r.Succeeds("kubectl cordon --selector doks.digitalocean.com/node-pool")
				r.Succeeds("kubectl --namespace loki delete pod loki-0")
				r.session.SetProgram(impatient)
				r.Fails("pulumi up --skip-preview", "failed to initialize completely")
				r.session.SetProgram(nil)
				r.Recover("kubectl uncordon --selector doks.digitalocean.com/node-pool", "pulumi up")
			}},
	}
}

// During runs a command that must fail with message, because of what harm does when it prints a line that holds at.
func (r *Run) During(line, at string, harm func(), message string) {
	text, err := r.start(line, at, func(*exec.Cmd) { harm() })()
	if err == nil {
		r.Fatalf("%s succeeded", line)
	}
	r.sees(line, text, message)
}

// impatient is the program with ten seconds for Loki instead of ten minutes.
var impatient = transformed(func(args *pulumi.ResourceTransformationArgs) {
	if props, ok := args.Props.(pulumi.Map); ok && args.Type == "kubernetes:helm.sh/v3:Release" && args.Name == "loki" {
		props["timeout"] = pulumi.Int(10)
	}
})

// blockStatefulSets makes a webhook that must allow changes of StatefulSets, and that nothing serves.
func (r *Run) blockStatefulSets() {
	_, err := r.Kubernetes().AdmissionregistrationV1().ValidatingWebhookConfigurations().Create(r,
		&admissionv1.ValidatingWebhookConfiguration{
			ObjectMeta: metav1.ObjectMeta{Name: "drill"},
			Webhooks: []admissionv1.ValidatingWebhook{{
				Name: "drill.example.org", AdmissionReviewVersions: []string{"v1"}, FailurePolicy: ptr.To(admissionv1.Fail),
				SideEffects: ptr.To(admissionv1.SideEffectClassNone), TimeoutSeconds: ptr.To[int32](2),
				ClientConfig: admissionv1.WebhookClientConfig{Service: &admissionv1.ServiceReference{Namespace: "default",
					Name: "drill"}},
				Rules: []admissionv1.RuleWithOperations{{
					Operations: []admissionv1.OperationType{admissionv1.OperationAll},
					Rule: admissionv1.Rule{APIGroups: []string{"apps"}, APIVersions: []string{"v1"},
						Resources: []string{"statefulsets"}},
				}},
			}},
		}, metav1.CreateOptions{})
	r.must("making the webhook", err)
}
