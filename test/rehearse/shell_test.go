package rehearse

import (
	"os/exec"
	"strings"
	"testing"
)

// What a user types from nothing to nothing, with Pulumi's own plugin for Go, which compiles the program.
func TestCommandLine(t *testing.T) {
	out := &output{}
	o := options(t, "dev", out)
	if err := LanguagePlugin(o.CLI); err != nil {
		t.Skip(err)
	}
	o.Root = "../.." // as make rehearse has a relative one
	ctx := within(t)
	e, err := open(ctx, o, &report{out: out})
	must(t, out, err)
	t.Cleanup(func() { must(t, out, e.close()) })
	file, err := e.writeShell()
	must(t, out, err)
	shell := func(line string) string {
		t.Helper()
		command := exec.CommandContext(ctx, "bash", "-e", "-o", "pipefail", "-c", ". "+file+"; "+line)
		text, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", line, err, text)
		}
		return string(text)
	}
	// The rehearsal has made the stack.
	shell("pulumi stack rm dev --yes --preserve-config")
	for _, step := range []struct{ line, says string }{
		{`pulumi login "$PULUMI_BACKEND_URL"`, "Logged in"},
		{"pulumi stack init dev", "Created stack 'dev'"},
		{"pulumi preview", " to create"},
		{"pulumi up --yes", " created"},
		{"pulumi stack output", "monthlyCostUSD"},
		{"pulumi stack output grafanaPassword --show-secrets", ""},
		{"pulumi preview --expect-no-changes", " unchanged"},
		{"pulumi refresh --yes", " unchanged"},
		{"pulumi preview --expect-no-changes", " unchanged"},
		{"pulumi destroy --yes", " deleted"},
		{"pulumi stack rm dev --yes --preserve-config", "has been removed"},
		{"ls Pulumi.dev.yaml", "Pulumi.dev.yaml"},
	} {
		if text := shell(step.line); !strings.Contains(text, step.says) {
			t.Errorf("%s does not say %q:\n%s", step.line, step.says, text)
		}
	}
	if left := e.account.simulator.Leftovers(); len(left) > 0 {
		t.Errorf("left in the simulated account: %v", left)
	}
}
