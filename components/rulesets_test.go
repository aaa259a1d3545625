package components

import (
	"fmt"
	"testing"

	"doks-security/rules/lint"
)

// Falco loads its own files in the order in which they redefine each other, then ours.
func TestRulesets(t *testing.T) {
	const local = "/etc/falco/falco_rules.local.yaml /etc/falco/rules.d"
	for _, c := range []struct{ ruleset, refs, files, matching string }{
		{"", "[falco-rules:5.1.0]", "[/etc/falco/falco_rules.yaml " + local + "]", "first"}, // lint.Stable
		{lint.Stable, "[falco-rules:5.1.0]", "[/etc/falco/falco_rules.yaml " + local + "]", "first"},
		{lint.Incubating, "[falco-rules:5.1.0 falco-incubating-rules:6.0.1]",
			"[/etc/falco/falco_rules.yaml /etc/falco/falco-incubating_rules.yaml " + local + "]", "all"},
		{lint.Sandbox, "[falco-rules:5.1.0 falco-incubating-rules:6.0.1 falco-sandbox-rules:6.1.0]",
			"[/etc/falco/falco_rules.yaml /etc/falco/falco-incubating_rules.yaml /etc/falco/falco-sandbox_rules.yaml " +
				local + "]",
			"all"},
	} {
		t.Run(c.ruleset, func(t *testing.T) {
			args := RuntimeSecurityArgs{Ruleset: c.ruleset}
			chart := args.values()
			at := func(keys ...string) string {
				var value any = chart
				for _, key := range keys {
					value = value.(map[string]any)[key]
				}
				return fmt.Sprint(value)
			}
			if got := at("falcoctl", "config", "artifact", "install", "refs"); got != c.refs {
				t.Errorf("artifacts %s, want %s", got, c.refs)
			}
			if got := at("falco", "rules_files"); got != c.files {
				t.Errorf("files %s, want %s", got, c.files)
			}
			if got := at("falco", "rule_matching"); got != c.matching {
				t.Errorf("matching %s, want %s", got, c.matching)
			}
		})
	}
}
