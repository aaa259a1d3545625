package rehearse

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/shlex"
	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optrefresh"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"

	"doks-security/test/docpages"
)

// documented is a page of docs/, whose commands a drill runs.
func documented(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../docs", page))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// shell runs a command as an operator types it. The program runs in this process, so what runs it goes through the
// Automation API; it answers every question with yes.
func (e *engine) shell(ctx context.Context, line string) error {
	words, err := shlex.Split(line)
	if err != nil {
		return fmt.Errorf("%s: %w", line, err)
	}
	switch {
	case len(words) < 2:
		return fmt.Errorf("%s: no command a drill can run", line)
	case words[0] == "kubectl", words[0] == "helm":
		return e.client(ctx, words[0], words[1:])
	case words[0] != "pulumi":
		return fmt.Errorf("%s: no command a drill can run", line)
	}
	verb, args := words[1], words[2:]
	given := map[string][]string{} // by flag
	for i := 0; i < len(args); i++ {
		flag := args[i]
		if flag != "--replace" && flag != "--target" {
			given[flag] = nil
			continue
		}
		if i++; i == len(args) {
			return fmt.Errorf("%s: %s names nothing", line, flag)
		}
		given[flag] = append(given[flag], args[i])
	}
	known := func(flags ...string) error {
		rest := len(given)
		for _, flag := range flags {
			if _, ok := given[flag]; ok {
				rest--
			}
		}
		if rest > 0 {
			return fmt.Errorf("%s: the drill knows %v only", line, flags)
		}
		return nil
	}
	switch verb {
	case "up":
		if err := known("--replace", "--target"); err != nil {
			return err
		}
		_, err = e.stack.Up(ctx, optup.ProgressStreams(e.out), optup.SuppressOutputs(), optup.Replace(given["--replace"]),
			optup.Target(given["--target"]))
	case "preview":
		if err := known("--diff", "--expect-no-changes"); err != nil {
			return err
		}
		opts := []optpreview.Option{optpreview.ProgressStreams(e.out), optpreview.SuppressOutputs()}
		if _, ok := given["--diff"]; ok {
			opts = append(opts, optpreview.Diff())
		}
		if _, ok := given["--expect-no-changes"]; ok {
			opts = append(opts, optpreview.ExpectNoChanges())
		}
		_, err = e.stack.Preview(ctx, opts...)
	case "refresh":
		if err := known("--run-program", "--target"); err != nil {
			return err
		}
		opts := []optrefresh.Option{optrefresh.ProgressStreams(e.out)}
		if _, ok := given["--run-program"]; ok {
			opts = append(opts, optrefresh.RunProgram(true))
		}
		if target, ok := given["--target"]; ok {
			opts = append(opts, optrefresh.Target(target))
		}
		_, err = e.stack.Refresh(ctx, opts...)
	case "destroy":
		if err := known("--target", "--target-dependents", "--run-program"); err != nil {
			return err
		}
		opts := []optdestroy.Option{optdestroy.ProgressStreams(e.out), optdestroy.Target(given["--target"])}
		if _, ok := given["--target-dependents"]; ok {
			opts = append(opts, optdestroy.TargetDependents())
		}
		_, err = e.stack.Destroy(ctx, opts...)
	default:
		if verb == "import" || slices.Contains(asking, verb+" "+words[2]) {
			words = append(words, "--yes")
		}
		err = e.command(ctx, words[1:]...)
		if err == nil && verb == "stack" && args[0] == "rename" {
			e.stack, err = auto.SelectStack(ctx, args[1], e.stack.Workspace())
		}
	}
	return err
}

// asking are the commands besides import that ask for confirmation.
var asking = []string{"stack rm", "state unprotect"}

// client runs kubectl or helm on the cluster: this binary under another name; see TestMain.
func (e *engine) client(ctx context.Context, name string, args []string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	link := filepath.Join(e.workspace.dir, name)
	if err := os.Symlink(self, link); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	kubeconfig, err := e.kubeconfig()
	if err != nil {
		return err
	}
	command := exec.CommandContext(ctx, link, args...)
	command.Dir = e.workspace.project
	command.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig)
	command.Stdout, command.Stderr = e.out, e.out
	if err := command.Run(); err != nil {
		return fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return nil
}

// follow runs the commands of a page's section, in order, but for those skipped.
func (e *engine) follow(ctx context.Context, t *testing.T, page, section string, skipped ...string) {
	t.Helper()
	lines := docpages.Section(page, section)
	if len(lines) == 0 {
		t.Fatalf("no commands in the section %q", section)
	}
	for _, line := range lines {
		if slices.ContainsFunc(skipped, func(s string) bool { return strings.HasPrefix(line, s) }) {
			continue
		}
		fmt.Fprintf(e.out, "\n$ %s\n", line)
		if err := e.shell(ctx, line); err != nil {
			t.Fatalf("%s: %s: %v\n%s", section, line, err, e.out)
		}
	}
}
