package cost

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"doks-security/rules/lint"
	"doks-security/test/admission"
)

// What Falco reports when a process starts, the policy sees in a manifest whose container runs that process: by the
// image, and wherever Falco does not need the image, without it.
func TestPolicySeesWhatFalcoReports(t *testing.T) {
	policy := compiled(t, "1.37")
	declared, err := os.ReadFile("../../../rules/testdata/stable.yaml")
	if err != nil {
		t.Fatal(err)
	}
	stock := append(lint.StockNames(lint.Stable), lint.File{Name: "stable.yaml", Text: string(declared), Stock: true})
	suites, err := lint.ReadSuites(nil, "../../../rules", stock...)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, suite := range suites {
		events := suite.Cases.Events()
		for i, c := range suite.Cases.Cases {
			for image, event := range map[string]lint.Event{"its image": events[i], "another image": renamed(events[i])} {
				fired, err := suite.Rules.Fires(event)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.ContainsFunc(fired, startsControlPlane) {
					continue
				}
				seen++
				t.Run(c.Name+" in "+image, func(t *testing.T) {
					// A manifest has the path or, where that is of a link, the name. What a link leads to it does not show.
					for _, program := range []string{"proc.exepath", "proc.name"} {
						verdict, err := policy.Evaluate(t.Context(), pod(event, program).Object("a"), nil, "shop")
						if err != nil {
							t.Fatal(err)
						}
						if !verdict.Admitted {
							return
						}
					}
					t.Errorf("admitted; Falco reports %v of %v", fired, event)
				})
			}
		}
	}
	if seen < 100 {
		t.Errorf("%d events, want at least 100", seen)
	}
}

func startsControlPlane(rule string) bool {
	return slices.Contains([]string{"Nested Control Plane Started Without Approval",
		"Virtual Cluster Started Without Approval"}, rule)
}

func renamed(e lint.Event) lint.Event {
	e = maps.Clone(e)
	e["container.image.repository"] = []string{"registry.example.org/shop/web"}
	return e
}

// pod runs the process of an event, by the path or name in one of its fields.
func pod(e lint.Event, program string) admission.Case {
	one := func(field string) string { return strings.Join(e[field], " ") }
	c := admission.Case{
		Name: "a", Kind: "Pod", Namespace: "shop", Image: one("container.image.repository"), Env: map[string]string{},
		Command: append([]string{one(program)}, strings.Fields(one("proc.args"))...),
	}
	for _, variable := range strings.Fields(one("proc.env")) {
		if name, value, ok := strings.Cut(variable, "="); ok {
			c.Env[name] = value
		}
	}
	return c
}
