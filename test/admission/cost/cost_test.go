package cost

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/client-go/kubernetes/scheme"

	"doks-security/components"
	"doks-security/test/admission"
)

func compiled(t *testing.T, minor string) *Policy {
	t.Helper()
	objects, err := components.AdmissionObjects(&components.AdmissionArgs{
		Mode: components.AdmissionDeny, Approved: admission.Approved(), Exempt: admission.Exempt,
	})
	if err != nil {
		t.Fatal(err)
	}
	policy, err := Compile(objects[0], minor)
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

// Every case on the oldest supported Kubernetes and on a new one, in both representations of objects: no expression
// fails or runs over its limit, at most three quarters of the budget are used, and the answer is that of the case.
func TestCostOfEveryCase(t *testing.T) {
	cases, err := admission.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, minor := range []string{"1.33", "1.37"} {
		policy := compiled(t, minor)
		var most Verdict
		var longest time.Duration
		for _, c := range cases {
			if c.Patch != nil || c.Kubelet { // they need an API server
				continue
			}
			for _, representation := range []string{"typed", "unstructured"} {
				t.Run(minor+"/"+representation+"/"+c.Name, func(t *testing.T) {
					object := runtime.Object(c.Object("a"))
					if representation == "typed" {
						if object, err = Typed(c.Object("a"), scheme.Scheme); err != nil {
							t.Fatal(err)
						}
					}
					start := time.Now()
					verdict, err := policy.Evaluate(t.Context(), object, nil, c.Namespace)
					longest = max(longest, time.Since(start))
					if err != nil {
						t.Fatal(err)
					}
					t.Logf("cost %d, match conditions %d", verdict.Cost, verdict.Match)
					if verdict.Cost > celconfig.RuntimeCELCostBudget*3/4 || verdict.Match > 1000 {
						t.Errorf("cost %d of %d, match conditions %d", verdict.Cost, int64(celconfig.RuntimeCELCostBudget), verdict.Match)
					}
					most.Cost, most.Match = max(most.Cost, verdict.Cost), max(most.Match, verdict.Match)
					want := c.Refused + c.Warned
					if verdict.Admitted != (want == "") || !strings.Contains(verdict.Message, want) {
						t.Errorf("admitted %v: %q, want %q", verdict.Admitted, verdict.Message, want)
					}
				})
			}
		}
		t.Logf("Kubernetes %s: at most %d of %d, %s", minor, most.Cost, int64(celconfig.RuntimeCELCostBudget), longest)
	}
}

// Objects that are large in several ways at once, up to the 3 MiB of a request: always evaluated, never admitted.
func TestCostOfLargeMixtures(t *testing.T) {
	limits := map[string]int{
		"argument": 3_000_000, "wide argument": 1_000_000, "matching argument": 3_000_000, "empty arguments": 1_000_000,
		"hook": 3_000_000, "value": 3_000_000, "variables": 20_000, "image": 2000, "containers": 150, "long images": 99,
		"volumes": 2000, "image volumes": 110,
	}
	policy := compiled(t, "1.33")
	random := rand.New(rand.NewPCG(1, 2))
	var most int64
	for evaluated := 0; evaluated < 60; {
		c := admission.Case{Kind: "Pod", Image: "ghcr.io/loft-sh/vcluster-pro:0.36.1", Fill: map[string]int{}}
		for _, what := range slices.Sorted(maps.Keys(limits)) {
			if random.IntN(3) == 0 { // small ones more often, so that many stay within the limits
				c.Fill[what] = int(float64(limits[what]) * random.Float64() * random.Float64() * random.Float64())
			}
		}
		object := c.Object("a")
		if text, err := json.Marshal(object); err != nil || len(text) > 3<<20 {
			continue
		}
		evaluated++
		verdict, err := policy.Evaluate(t.Context(), object, nil, "shop")
		if err != nil || verdict.Admitted {
			t.Errorf("%v: admitted %v, %v", c.Fill, verdict.Admitted, err)
		}
		most = max(most, verdict.Cost)
	}
	t.Logf("at most %d of %d", most, int64(celconfig.RuntimeCELCostBudget))
}
