package admission

import (
	"maps"
	"os"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"doks-security/components"
)

// podPolicies are those of the cases, with all rules on.
func podPolicies(t *testing.T, mode string) []map[string]any {
	t.Helper()
	objects, err := components.PodPolicyObjects(&components.PodPoliciesArgs{
		Mode: mode, Rules: components.PodRules(), Excluded: Exempt,
		Registries: []string{"registry.example.org/team", "docker.io/library"},
		Exempt: map[string][]string{
			"team-a": {components.RulePrivileged, components.RuleRequests}, "team-b": components.PodRules(),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// podCases reads testdata/pods.yaml. What a case does not set is sound.
func podCases(t *testing.T) []Case {
	t.Helper()
	text, err := os.ReadFile("testdata/pods.yaml")
	if err != nil {
		t.Fatal(err)
	}
	digest := "sha256:" + strings.Repeat("1", 64)
	var cases []Case
	if err := yaml.UnmarshalStrict([]byte(strings.ReplaceAll(string(text), "DIGEST", digest)), &cases); err != nil {
		t.Fatal(err)
	}
	for i := range cases {
		c := &cases[i]
		c.Name = "pods/" + c.Name
		if c.Kind == "" {
			c.Kind = "Pod"
		}
		if c.Namespace == "" {
			c.Namespace = "shop"
		}
		if c.Image == "" {
			c.Image = "registry.example.org/team/web:1@" + digest
		}
		container := map[string]any{"resources": object{"requests": object{"cpu": "1m", "memory": "1Mi"}}}
		maps.Copy(container, c.Container)
		c.Container = container
	}
	return cases
}

// Every case in both modes, on a real API server.
func TestPodPolicies(t *testing.T) {
	cases, a := podCases(t), start(t)
	a.createPatched(t, cases)
	for _, mode := range []string{components.AdmissionDeny, components.AdmissionWarn} {
		objects := podPolicies(t, mode)
		a.apply(t, objects)
		a.deleteOtherBindings(t, objects)
		untagged := Case{Kind: "Pod", Namespace: "shop", Image: "web"}
		a.until(t, "the policy acts", untagged, func(refusal, warning string) bool {
			return (refusal != "") == (mode == components.AdmissionDeny) &&
				(warning != "") == (mode == components.AdmissionWarn)
		})
		for _, c := range cases {
			t.Run(mode+"/"+c.Name, func(t *testing.T) {
				refusal, warning, err := a.ask(t.Context(), c)
				if err != nil {
					t.Fatal(err)
				}
				answer, other := warning, refusal
				if mode == components.AdmissionDeny {
					answer, other = refusal, warning
				}
				if (answer != "") != (c.Refused != "") || !strings.Contains(answer, c.Refused) || other != "" {
					t.Errorf("the answer is %q, want %q; in the other mode's way %q", answer, c.Refused, other)
				}
			})
		}
	}
}

// Violations are a metric of the API server, by policy and what was done.
func TestPodPoliciesAreCounted(t *testing.T) {
	a := start(t)
	a.apply(t, podPolicies(t, components.AdmissionWarn))
	untagged := Case{Kind: "Pod", Namespace: "shop", Image: "web"}
	a.until(t, "the policy warns", untagged, func(_, warning string) bool { return warning != "" })
	text, err := a.client.Discovery().RESTClient().Get().AbsPath("/metrics").DoRaw(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const metric = `apiserver_validating_admission_policy_check_total{` +
		`enforcement_action="warn",error_type="invalid_error",policy="pods.doks-security",` +
		`policy_binding="pods.doks-security"}`
	if !strings.Contains(string(text), metric) {
		t.Errorf("the API server does not export %s", metric)
	}
}
