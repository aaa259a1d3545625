package account

import "testing"

func TestStackTag(t *testing.T) {
	for stack, tag := range map[string]string{
		"dev":      "doks-security:dev",
		"team.dev": "doks-security:team:dev",
		"team_dev": "doks-security:team_dev",
	} {
		if got := StackTag(stack); got != tag {
			t.Errorf("StackTag(%q) = %q, want %q", stack, got, tag)
		}
		if got := StackOf([]string{"k8s", tag}); got != stack {
			t.Errorf("StackOf(%q) = %q, want %q", tag, got, stack)
		}
	}
	if got := StackOf([]string{"k8s", "k8s:worker"}); got != "" {
		t.Errorf("StackOf is %q without a stack's tag", got)
	}
	if !HasTag([]string{"doks-security:Dev"}, StackTag("dev")) {
		t.Error("DigitalOcean writes a tag as it was first written")
	}
}
