package admission

import (
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"doks-security/components"
)

const unapproved = "Virtual Cluster Started Without Approval"

// An event of the rule, in Falco's form, goes through the real falcosidekick to the real Talon, which has the pod
// isolated within seconds, and only that one. Removing the label releases it.
func TestTalonIsolatesUntilReleased(t *testing.T) {
	l := startTalonLab(t, "response: {enabled: true, dryRun: false}")
	l.account(t, l.role(t))
	l.run(t, "")
	sent := time.Now()
	l.send(t, unapproved)
	eventually(t, "the pod is isolated", func() bool { return l.selected(t, "shop") })
	if took := time.Since(sent); took > 10*time.Second {
		t.Errorf("isolation took %s", took)
	}
	l.untouched(t, "kube-system", "monitoring", "falco", "team-a")
	eventually(t, "the action is a metric", func() bool {
		return l.count(t, "falcosecurity_falco_talon_actions_total", `status="success"`, `namespace="shop"`,
			`pod="suspect"`, `action="isolate"`) == 1
	})
	for _, metric := range []string{"falcosecurity_falco_talon_matches_total", "falcosecurity_falco_talon_actions_total"} {
		if n := l.count(t, metric); n != 1 {
			t.Errorf("%s is %d, want 1", metric, n)
		}
	}
	eventually(t, "the action is an event", func() bool {
		events, err := l.client.CoreV1().Events("default").List(t.Context(), metav1.ListOptions{
			FieldSelector: "reportingComponent=falcosecurity.org/falco-talon"})
		if err != nil {
			t.Fatal(err)
		}
		return len(events.Items) == 1 && strings.Contains(events.Items[0].Message, "suspect")
	})
	if log := l.talon.Log(); !strings.Contains(log, `"action":"isolate","status":"success"`) {
		t.Errorf("the log has no line of the action:\n%s", log)
	}
	release := []byte(`{"metadata":{"labels":{"` + components.IsolatedLabel + `":null}}}`)
	_, err := l.client.CoreV1().Pods("shop").Patch(t.Context(), "suspect", types.MergePatchType, release,
		metav1.PatchOptions{})
	if err != nil || l.selected(t, "shop") {
		t.Errorf("the pod is not released: %v", err)
	}
	now, most, err := l.talon.MemoryMiB()
	t.Logf("Talon has %d MiB, and had at most %d: %v", now, most, err)
}

// selected reports whether the isolation policy selects the pod suspect of a namespace, as Cilium does: by its labels,
// and by the namespace as one of them.
func (l *talonLab) selected(t *testing.T, namespace string) bool {
	t.Helper()
	pod, err := l.client.CoreV1().Pods(namespace).Get(t.Context(), "suspect", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	of := labels.Set{"io.kubernetes.pod.namespace": namespace}
	for key, value := range pod.Labels {
		of[key] = value
	}
	endpoints, _, err := unstructured.NestedMap(l.isolation.Object, "spec", "endpointSelector")
	if err != nil {
		t.Fatal(err)
	}
	selector := metav1.LabelSelector{MatchLabels: map[string]string{}}
	for key, value := range endpoints["matchLabels"].(map[string]any) {
		selector.MatchLabels[key] = value.(string)
	}
	for _, e := range endpoints["matchExpressions"].([]any) {
		expression := e.(map[string]any)
		requirement := metav1.LabelSelectorRequirement{
			Key:      strings.TrimPrefix(expression["key"].(string), "k8s:"),
			Operator: metav1.LabelSelectorOperator(expression["operator"].(string)),
		}
		for _, value := range expression["values"].([]any) {
			requirement.Values = append(requirement.Values, value.(string))
		}
		selector.MatchExpressions = append(selector.MatchExpressions, requirement)
	}
	parsed, err := metav1.LabelSelectorAsSelector(&selector)
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Matches(of)
}

// In a dry run Talon has no permission, and says what it would do.
func TestTalonDryRun(t *testing.T) {
	l := startTalonLab(t, "response: {enabled: true}")
	role := l.role(t)
	if len(role) > 0 {
		t.Errorf("Talon may %v", role)
	}
	l.account(t, role)
	l.run(t, "")
	l.send(t, unapproved)
	eventually(t, "Talon says what it would do", func() bool {
		return strings.Count(l.talon.Log(), "no action, dry-run is enabled") == 1
	})
	l.untouched(t, l.namespaces...)
}

// A Talon with all permissions and rules that act everywhere does nothing where nothing is to be done.
func TestHostileTalon(t *testing.T) {
	l := startTalonLab(t, "response: {enabled: true, dryRun: false}")
	l.account(t, []rbacv1.PolicyRule{{APIGroups: []string{"*"}, Resources: []string{"*"}, Verbs: []string{"*"}}})
	l.namespaces = []string{"kube-system", "monitoring", "falco", "team-a"}
	const hostile = `
- rule: all
  match: {rules: [` + unapproved + `]}
  actions:
    - {action: a, actionner: "kubernetes:label", ignore_errors: "true", continue: "true",
       parameters: {labels: {doks-security/isolated: "true"}}}
    - {action: b, actionner: "kubernetes:networkpolicy", ignore_errors: "true", continue: "true"}
    - {action: c, actionner: "kubernetes:terminate", ignore_errors: "true", continue: "true"}
`
	l.run(t, hostile)
	l.send(t, unapproved)
	for _, action := range []string{"a", "b", "c"} {
		eventually(t, "action "+action+" fails everywhere", func() bool {
			return l.count(t, "falcosecurity_falco_talon_actions_total", `action="`+action+`"`, `status="failure"`) == 4
		})
	}
	l.untouched(t, l.namespaces...)
	policies, err := l.client.NetworkingV1().NetworkPolicies("").List(t.Context(), metav1.ListOptions{})
	if err != nil || len(policies.Items) > 0 {
		t.Errorf("there are NetworkPolicies %v: %v", policies.Items, err)
	}
}
