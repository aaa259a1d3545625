package cost

import (
	"strings"
	"testing"

	celconfig "k8s.io/apiserver/pkg/apis/cel"

	"doks-security/components"
	"doks-security/test/admission"
)

// The policy of pods on the oldest supported Kubernetes and on a new one, with the largest objects that it reads: each
// expression compiles, none fails, and at most three quarters of the budget are used.
func TestCostOfPodPolicies(t *testing.T) {
	objects, err := components.PodPolicyObjects(&components.PodPoliciesArgs{
		Mode: components.AdmissionDeny, Rules: components.PodRules(), Registries: manyRegistries(),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, minor := range []string{"1.33", "1.37"} {
		policy, err := Compile(objects[0], minor)
		if err != nil {
			t.Fatal(err)
		}
		for _, fill := range []map[string]int{
			{}, {"containers": 99}, {"long images": 99}, {"volumes": 999}, {"image volumes": 99}, {"long images": 101},
		} {
			c := admission.Case{Name: "a", Kind: "Pod", Namespace: "shop", Image: "a", Fill: fill}
			verdict, err := policy.Evaluate(t.Context(), c.Object("a"), nil, c.Namespace)
			if err != nil || verdict.Admitted {
				t.Errorf("%s, %v: admitted %t, error %v; want a denial", minor, fill, verdict.Admitted, err)
			}
			t.Logf("%s, %v: %d of %d", minor, fill, verdict.Cost, int64(celconfig.RuntimeCELCostBudget))
			if verdict.Cost > celconfig.RuntimeCELCostBudget*3/4 {
				t.Errorf("%s, %v: costs %d of %d", minor, fill, verdict.Cost, int64(celconfig.RuntimeCELCostBudget))
			}
		}
	}
}

// manyRegistries are twenty, each as long as an image of the cases.
func manyRegistries() []string {
	var all []string
	for range 20 {
		all = append(all, "registry.example.org/"+strings.Repeat("k3s/", 40)+"a")
	}
	return all
}
