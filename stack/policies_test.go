package stack

import (
	"maps"
	"slices"
	"testing"

	"doks-security/components"
)

func TestPodPolicies(t *testing.T) {
	for _, c := range []struct {
		profile, policies string
		rules             []string
	}{
		{"dev", `{}`, []string{"privileged", "requests", "tags"}},
		{"prod", `{}`, []string{"digests", "privileged", "requests", "tags"}},
		{"dev", `{"tags":false,"requests":false,"registries":["ghcr.io"]}`, []string{"privileged", "registries"}},
	} {
		settings, err := Parse("dev", map[string]string{"profile": c.profile, "policies": c.policies, "cluster": onePool})
		if err != nil {
			t.Fatal(err)
		}
		args := settings.podPolicies()
		if !slices.Equal(args.Rules, c.rules) || args.Mode != components.AdmissionWarn {
			t.Errorf("%s %s: %s %v, want warn %v", c.profile, c.policies, args.Mode, args.Rules, c.rules)
		}
	}
}

// The stack's own namespaces are computed, whatever they are called; those of the stack file are added.
func TestExemptionsFromPodPolicies(t *testing.T) {
	settings, err := Parse("dev", map[string]string{
		"cluster": onePool, "namespaces": `{"prefix":"x-"}`,
		"policies": `{"exempt":[{"namespace":"a"},{"namespace":"b","rules":["tags"]},` +
			`{"namespace":"b","rules":["requests"]}]}`,
	})
	if err != nil {
		t.Fatal(err)
	}
	args := settings.podPolicies()
	for _, own := range []string{"x-falco", "x-monitoring", "x-node-agents", "x-loki"} {
		if !slices.Contains(args.Excluded, own) {
			t.Errorf("%s is not excluded, but %v", own, args.Excluded)
		}
	}
	want := map[string][]string{"a": args.Rules, "b": {"tags", "requests"}}
	if !maps.EqualFunc(args.Exempt, want, slices.Equal) {
		t.Errorf("exempt are %v, want %v", args.Exempt, want)
	}
}

// No object without a rule or with mode off.
func TestNoPodPolicies(t *testing.T) {
	for policies, want := range map[string]bool{
		`{}`: true, `{"mode":"off"}`: false, `{"tags":false,"privileged":false,"requests":false}`: false,
	} {
		m := &mocks{}
		raw := map[string]string{"cluster": onePool, "charts": `{"unverified":true}`, "policies": policies}
		if err := deploy(t, m, "dev", raw); err != nil {
			t.Fatal(err)
		}
		found := false
		for name := range m.resources {
			found = found || name == "doks-security:index:PodPolicies::doks-security"
		}
		if found != want {
			t.Errorf("%s: a policy %t, want %t", policies, found, want)
		}
	}
}
