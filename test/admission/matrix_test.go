package admission

import (
	"os"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"doks-security/components"
)

// Every case in both modes.
func TestMatrix(t *testing.T) {
	cases, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) < 80 {
		t.Errorf("%d objects, want at least 80", len(cases))
	}
	a := start(t)
	// A kubelet may only create pods of its own node.
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "node-a"}}
	node, err = a.client.CoreV1().Nodes().Create(t.Context(), node, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	a.node = metav1.OwnerReference{
		APIVersion: "v1", Kind: "Node", Name: node.Name, UID: node.UID, Controller: ptr.To(true),
	}
	a.createPatched(t, cases)
	for _, mode := range []string{components.AdmissionDeny, components.AdmissionWarn} {
		a.install(t, mode)
		for _, c := range cases {
			t.Run(mode+"/"+c.Name, func(t *testing.T) {
				refusal, warning, err := a.ask(t.Context(), c)
				if err != nil {
					t.Fatal(err)
				}
				wantRefusal, wantWarning := "", c.Warned
				if mode == components.AdmissionDeny {
					wantRefusal = c.Refused
				} else {
					wantWarning += c.Refused
				}
				if (refusal != "") != (wantRefusal != "") || !strings.Contains(refusal, wantRefusal) {
					t.Errorf("the refusal is %q, want %q", refusal, wantRefusal)
				}
				if (warning != "") != (wantWarning != "") || !strings.Contains(warning, wantWarning) {
					t.Errorf("the warning is %q, want %q", warning, wantWarning)
				}
			})
		}
	}
}

// What the policy cannot see in principle is documented, in the words of the cases.
func TestLimitsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/policies.md")
	if err != nil {
		t.Fatal(err)
	}
	page := strings.Join(strings.Fields(string(text)), " ")
	cases, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if strings.HasPrefix(c.Name, "limits/") != (c.Limit != "") {
			t.Errorf("%s has the limit %q: cases with a limit are in limits.yaml, and no others", c.Name, c.Limit)
		}
		if !strings.Contains(page, c.Limit) {
			t.Errorf("%s: docs/policies.md does not contain %q", c.Name, c.Limit)
		}
	}
}

// The API server checks the types of the expressions for every kind, and reports what cannot be right in the status.
func TestTypesOfExpressions(t *testing.T) {
	a := start(t)
	a.install(t, components.AdmissionDeny)
	policies := a.client.AdmissionregistrationV1().ValidatingAdmissionPolicies()
	eventually(t, "the types are checked", func() bool {
		policy, err := policies.Get(t.Context(), "virtual-clusters.doks-security", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if policy.Status.ObservedGeneration != policy.Generation || policy.Status.TypeChecking == nil {
			return false
		}
		for _, warning := range policy.Status.TypeChecking.ExpressionWarnings {
			t.Errorf("%s: %s", warning.FieldRef, warning.Warning)
		}
		return true
	})
}
