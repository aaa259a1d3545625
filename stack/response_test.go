package stack

import (
	"slices"
	"testing"

	"doks-security/components"
)

// Nothing is done in namespaces of Kubernetes, of the stack, of approved virtual clusters, and of the setting; the
// demo's is an application's.
func TestNeverActedIn(t *testing.T) {
	settings, err := Parse("dev", map[string]string{
		"cluster": onePool, "namespaces": `{"prefix":"x-"}`,
		"virtualClusters": `{"approved":[{"namespace":"team-a"}]}`,
		"response":        `{"enabled":true,"never":["payments"]}`,
	})
	if err != nil {
		t.Fatal(err)
	}
	never := settings.neverActedIn()
	for _, namespace := range []string{"kube-system", "kube-public", "kube-node-lease", "x-falco", "x-falco-talon",
		"x-monitoring", "x-loki", "x-node-agents", "x-metrics-server", "x-gateway", "team-a", "payments"} {
		if !slices.Contains(never, namespace) {
			t.Errorf("%s is not among %v", namespace, never)
		}
	}
	for _, namespace := range []string{"default", "x-vcluster", "shop"} {
		if slices.Contains(never, namespace) {
			t.Errorf("%s is among %v", namespace, never)
		}
	}
}

// Without rules what is not approved is isolated, once it is no dry run.
func TestDefaultResponse(t *testing.T) {
	settings, err := Parse("dev", map[string]string{"cluster": onePool, "response": `{"enabled":true}`})
	if err != nil {
		t.Fatal(err)
	}
	rules := settings.Response.rules()
	if !settings.Response.DryRun || len(rules) != 1 || rules[0].Action != components.ActionIsolate ||
		!slices.Equal(rules[0].Rules, unapproved) {
		t.Errorf("dry run %t, rules %+v", settings.Response.DryRun, rules)
	}
}

// Talon is there with the setting only, and then falcosidekick sends it events.
func TestDeployResponse(t *testing.T) {
	for enabled, response := range map[bool]string{true: `{"enabled":true}`, false: `{}`} {
		m := &mocks{}
		raw := map[string]string{"cluster": onePool, "charts": `{"unverified":true}`, "response": response}
		if err := deploy(t, m, "dev", raw); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"doks-security:index:Response::doks-security",
			"kubernetes:helm.sh/v3:Release::falco-talon",
			"kubernetes:cilium.io/v2:CiliumClusterwideNetworkPolicy::isolated.doks-security",
			"kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy::response.doks-security"} {
			if _, found := m.resources[name]; found != enabled {
				t.Errorf("enabled %t: %s is there: %t", enabled, name, found)
			}
		}
	}
}
