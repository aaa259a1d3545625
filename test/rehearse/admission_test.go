package rehearse

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// A stack that was deployed with the policy that one binding applied everywhere gets today's in place, and its mode
// changes in place as well. What runs is never touched.
func TestAdmissionOfARunningStack(t *testing.T) {
	out := &output{}
	ctx, e := session(t, out, onePool(nil))
	_, err := e.up(ctx)
	must(t, out, err)
	before := photograph(ctx, t, e)
	client := e.kubernetes(t)
	policies := client.AdmissionregistrationV1()
	policy, err := policies.ValidatingAdmissionPolicies().Get(ctx, "virtual-clusters.doks-security", metav1.GetOptions{})
	must(t, out, err)

	// The state as the release before left it: other expressions, no selector, one binding.
	state, err := e.stack.Export(ctx)
	must(t, out, err)
	var deployment struct {
		Manifest          json.RawMessage  `json:"manifest"`
		SecretsProviders  json.RawMessage  `json:"secrets_providers"`
		Resources         []map[string]any `json:"resources"`
		Metadata          json.RawMessage  `json:"metadata"`
		PendingOperations json.RawMessage  `json:"pending_operations,omitempty"`
	}
	must(t, out, json.Unmarshal(state.Deployment, &deployment))
	deployment.Resources = slices.DeleteFunc(deployment.Resources, func(r map[string]any) bool {
		return strings.HasSuffix(r["urn"].(string), "::exempt.virtual-clusters.doks-security")
	})
	edited := 0
	for _, r := range deployment.Resources {
		if !strings.HasSuffix(r["urn"].(string), "::virtual-clusters.doks-security") {
			continue
		}
		for _, part := range []string{"inputs", "outputs"} {
			spec := r[part].(map[string]any)["spec"].(map[string]any)
			delete(spec, "matchResources")
			if _, ok := spec["variables"]; ok {
				spec["variables"] = []any{map[string]any{"name": "digests", "expression": "[]"}}
			}
		}
		edited++
	}
	if edited != 2 {
		t.Fatalf("%d resources of the admission policy, want the policy and its binding", edited)
	}
	state.Deployment, err = json.Marshal(deployment)
	must(t, out, err)
	must(t, out, e.stack.Import(ctx, state))
	bindings := policies.ValidatingAdmissionPolicyBindings()
	must(t, out, bindings.Delete(ctx, "exempt.virtual-clusters.doks-security", metav1.DeleteOptions{}))

	warnings := &bytes.Buffer{}
	plane, err := e.account.clusters.only()
	must(t, out, err)
	config := plane.RESTConfig()
	config.WarningHandler = rest.NewWarningWriter(warnings, rest.WarningWriterOptions{})
	warned, err := kubernetes.NewForConfig(config)
	must(t, out, err)
	asks := func(namespace, refusal, warning string) {
		t.Helper()
		var err error
		for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
			warnings.Reset()
			_, err = warned.CoreV1().Pods(namespace).Create(ctx, &corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{Name: "a"},
				Spec: corev1.PodSpec{
					Containers: []corev1.Container{{Name: "a", Image: "ghcr.io/loft-sh/vcluster-pro:0.36.1"}},
				},
			}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
			asRefused := (err == nil) == (refusal == "") && (err == nil || strings.Contains(err.Error(), refusal))
			none := !strings.Contains(warnings.String(), "not approved")
			if asRefused && (warning == "") == none && strings.Contains(warnings.String(), warning) {
				return
			}
		}
		t.Errorf("%s: error %v, warnings %q, want %q and %q", namespace, err, warnings, refusal, warning)
	}
	const unapproved = "not approved in namespace "
	for _, c := range []struct {
		mode             string
		changes          map[string]int
		refusal, warning string // in the namespace default
		exempt           string // the warning in the namespace falco, which takes any pod
	}{
		{"warn", map[string]int{"create": 1, "update": 2}, "", unapproved + "default", unapproved + "falco"},
		{"deny", map[string]int{"update": 1, "create": 1, "delete": 1}, unapproved + "default", "", unapproved + "falco"},
		{"off", map[string]int{"delete": 4}, "", "", ""}, // the component among them
	} {
		must(t, out, e.command(ctx, "config", "set", "--path", "doks-security:virtualClusters.admission", c.mode))
		out.reset()
		result, err := e.stack.Up(ctx, optup.ProgressStreams(out))
		must(t, out, err)
		changes := *result.Summary.ResourceChanges
		for _, operation := range []string{"create", "update", "delete", "replace", "create-replacement"} {
			if changes[operation] != c.changes[operation] {
				t.Errorf("%s: %d resources %s, want %d\n%s", c.mode, changes[operation], operation, c.changes[operation], out)
			}
		}
		asks("default", c.refusal, c.warning)
		asks("falco", "", c.exempt)
		must(t, out, e.preview(ctx, true))
		now, err := policies.ValidatingAdmissionPolicies().Get(ctx, policy.Name, metav1.GetOptions{})
		if err == nil && now.UID != policy.UID {
			t.Errorf("%s: the policy was replaced", c.mode)
		}
		if c.mode == "deny" {
			must(t, out, e.shell(ctx, "kubectl delete validatingadmissionpolicybinding deny.virtual-clusters.doks-security"))
			asks("default", "", "")
		}
	}
	if pods := changed(before.pods, photograph(ctx, t, e).pods); len(pods) > 0 {
		t.Errorf("%q were replaced", pods)
	}
	must(t, out, e.destroy(ctx, &report{out: out}))
}
