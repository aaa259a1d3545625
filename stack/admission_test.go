package stack

import (
	"fmt"
	"slices"
	"testing"

	"doks-security/values"
)

// What the admission policy does by mode, and in which namespaces deny only warns: the demo's is none of them, nor is
// one that this stack does not create.
func TestAdmission(t *testing.T) {
	base := append([]string{"kube-system"}, always(t, func(r values.Release) string { return r.Namespace })...)
	const policy = "virtual-clusters.doks-security"
	for _, c := range []struct {
		name, settings        string
		failurePolicy, action string
		binding               string
		exempt                []string
	}{
		{"warn", `{"admission":"warn","demo":true}`, "Ignore", "Warn", policy, base},
		{"deny", `{"admission":"deny"}`, "Fail", "Deny", "deny." + policy, base},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &mocks{}
			settings := map[string]string{"profile": "dev", "cluster": onePool, "virtualClusters": c.settings}
			if err := deploy(t, m, "dev", settings); err != nil {
				t.Fatal(err)
			}
			spec := func(kind, name string) map[string]any {
				object, ok := m.resources["kubernetes:admissionregistration.k8s.io/v1:"+kind+"::"+name]
				if !ok {
					t.Fatalf("no %s %s", kind, name)
				}
				return object.Mappable()["spec"].(map[string]any)
			}
			if got := spec("ValidatingAdmissionPolicy", policy)["failurePolicy"]; got != c.failurePolicy {
				t.Errorf("failurePolicy %v, want %s", got, c.failurePolicy)
			}
			for name, want := range map[string][]string{
				c.binding: {c.action, "Audit", "NotIn"}, "exempt." + policy: {"Warn", "Audit", "In"},
			} {
				binding := spec("ValidatingAdmissionPolicyBinding", name)
				selector := binding["matchResources"].(map[string]any)["namespaceSelector"].(map[string]any)
				expression := selector["matchExpressions"].([]any)[0].(map[string]any)
				got := append(slices.Clone(binding["validationActions"].([]any)), expression["operator"])
				if fmt.Sprint(got) != fmt.Sprint(want) || fmt.Sprint(expression["values"]) != fmt.Sprint(c.exempt) {
					t.Errorf("%s: %v %v, want %v %v", name, got, expression["values"], want, c.exempt)
				}
			}
		})
	}
	m := &mocks{}
	settings := map[string]string{"profile": "dev", "cluster": onePool, "virtualClusters": `{"admission":"off"}`}
	if err := deploy(t, m, "dev", settings); err != nil {
		t.Fatal(err)
	}
	if _, ok := m.resources["kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy::"+policy]; ok {
		t.Error("off has a policy")
	}
}
