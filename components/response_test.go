package components

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// Every rule excludes the namespaces in which nothing is done, in each of its alternatives.
func TestTalonRules(t *testing.T) {
	args := &ResponseArgs{DryRun: true, Never: []string{"falco", "kube-system"}, Rules: []ResponseRule{
		{Action: ActionIsolate, Rules: []string{"A: \"b\""}},
		{Action: ActionTerminate, Namespaces: []string{"a", "b"}, MinimumPriority: "critical"},
	}}
	const want = `
- rule: response.rules[0] (dry run)
  match:
    source: syscall
    rules: ['A: "b"']
    output_fields: ["k8s.pod.name!=<nil>,k8s.ns.name!=falco,k8s.ns.name!=kube-system"]
  dry_run: "true"
  actions:
    - {action: isolate, actionner: "kubernetes:label", parameters: {labels: {doks-security/isolated: "true"}}}
- rule: response.rules[1] (dry run)
  match:
    source: syscall
    priority: ">=critical"
    output_fields:
      - k8s.ns.name=a,k8s.pod.name!=<nil>,k8s.ns.name!=falco,k8s.ns.name!=kube-system
      - k8s.ns.name=b,k8s.pod.name!=<nil>,k8s.ns.name!=falco,k8s.ns.name!=kube-system
  dry_run: "true"
  actions:
    - {action: terminate, actionner: "kubernetes:terminate", parameters: {grace_period_seconds: 5}}
`
	acting := strings.NewReplacer(" (dry run)", "", `dry_run: "true"`, `dry_run: "false"`).Replace(want)
	for dryRun, want := range map[bool]string{true: want, false: acting} {
		args.DryRun = dryRun
		text, err := TalonRules(args)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := canonical(t, text), canonical(t, want); got != want {
			t.Errorf("the rules are\n%s\nwant\n%s", got, want)
		}
	}
}

func canonical(t *testing.T, text string) string {
	t.Helper()
	var content any
	if err := yaml.Unmarshal([]byte(text), &content); err != nil {
		t.Fatal(err)
	}
	again, err := yaml.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	return string(again)
}

// Talon may do what its rules need, and nothing in a dry run.
func TestResponsePermissions(t *testing.T) {
	for want, args := range map[string]*ResponseArgs{
		"":                        {DryRun: true, Rules: []ResponseRule{{Action: ActionTerminate}}},
		"get patch update":        {Rules: []ResponseRule{{Action: ActionIsolate}, {Action: ActionLabel}}},
		"get delete":              {Rules: []ResponseRule{{Action: ActionTerminate}}},
		"get patch update delete": {Rules: []ResponseRule{{Action: ActionTerminate}, {Action: ActionLabel}}},
	} {
		rbac := permissions(args)
		var verbs []string
		if pods, ok := rbac["pods"].([]any); ok {
			for _, verb := range pods {
				verbs = append(verbs, verb.(string))
			}
		}
		if got := strings.Join(verbs, " "); got != want {
			t.Errorf("%+v: %q on pods, want %q", args, got, want)
		}
		others := slices.Sorted(maps.Keys(rbac))
		if want != "" && !slices.Equal(others, []string{"events", "pods"}) || want == "" && len(others) > 0 {
			t.Errorf("%+v: permissions on %v", args, others)
		}
	}
}
