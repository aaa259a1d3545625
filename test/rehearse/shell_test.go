package rehearse

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What a user types from nothing to nothing, with Pulumi's own plugin for Go, which compiles the program.
func TestCommandLine(t *testing.T) {
	out := &output{}
	o := options(t, "dev", out)
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
	languagePlugin(t, o.CLI)
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

// languagePlugin skips the test where Pulumi's plugin for Go is neither on PATH nor next to an installed Pulumi, where
// the CLI looks for it.
func languagePlugin(t *testing.T, cli string) {
	t.Helper()
	if _, err := exec.LookPath("pulumi-language-go"); err == nil {
		return
	}
	pulumi, err := filepath.EvalSymlinks(filepath.Join(cli, "bin", "pulumi"))
	if err == nil {
		_, err = os.Stat(filepath.Join(filepath.Dir(pulumi), "pulumi-language-go"))
	}
	if err != nil {
		t.Skip("no pulumi-language-go: it comes with an installed Pulumi, and no Go module has it")
	}
}
