// Package ci tests the workflows and the scripts behind them.
package ci

import (
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// The test binary is also gh and pulumi, which the scripts run.
func TestMain(m *testing.M) {
	switch filepath.Base(os.Args[0]) {
	case "gh":
		if err := gh(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, "gh:", err)
			os.Exit(1)
		}
		os.Exit(0)
	case "pulumi":
		os.Exit(pulumi(os.Args[1:]))
	}
	bin, err := os.MkdirTemp("", "tools-")
	if err != nil {
		panic(err)
	}
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	for _, name := range []string{"gh", "pulumi"} {
		if err := os.Symlink(self, filepath.Join(bin, name)); err != nil {
			panic(err)
		}
	}
	if err := os.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH")); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(bin)
	os.Exit(code)
}

// pulumi says what FAKE_<COMMAND> holds, and its own arguments; FAKE_EXIT_<COMMAND> is how it ends.
// Outputs of a stack are in FAKE_OUTPUT_<name>.
func pulumi(args []string) int {
	if len(args) > 2 && args[0] == "stack" && args[1] == "output" {
		value, ok := os.LookupEnv("FAKE_OUTPUT_" + args[2])
		if !ok {
			fmt.Fprintf(os.Stderr, "error: current stack does not have output property '%s'\n", args[2])
			return 255
		}
		fmt.Println(value)
		return 0
	}
	command := strings.ToUpper(args[0])
	fmt.Println("arguments:", strings.Join(args, " "))
	fmt.Fprintln(os.Stderr, os.Getenv("FAKE_"+command))
	code, err := strconv.Atoi(os.Getenv("FAKE_EXIT_" + command))
	if err != nil {
		return 99 // no test said how
	}
	return code
}

// run runs a script of a project that holds nothing but these scripts.
func run(t *testing.T, project, script string, args ...string) (string, int) {
	t.Helper()
	command := exec.Command(filepath.Join(project, "ci", script), args...)
	command.Dir = project
	out, err := command.CombinedOutput()
	if err != nil && command.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), command.ProcessState.ExitCode()
}

func project(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	link(t, dir, "ci") // the scripts find their project by their own path, which the link keeps
	return dir
}

// link makes a directory of this repository one of the project in dir.
func link(t *testing.T, dir, name string) {
	t.Helper()
	target, err := filepath.Abs(filepath.Join("../..", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestChanged(t *testing.T) {
	const all = `["dev","prod","staging"]`
	for _, c := range []struct{ name, files, gone, want string }{
		{"one stack file", "Pulumi.dev.yaml", "", `["dev"]`},
		{"two, and their words", "Pulumi.dev.yaml Pulumi.prod.yaml docs/scaling.md", "", `["dev","prod"]`},
		{"the program", "stack/deploy.go", "", all},
		{"a chart's values and one stack file", "values/loki/prod.yaml Pulumi.dev.yaml", "", all},
		{"modules", "go.sum", "", all},
		{"the pinned CLI", "tools/pulumi/go.mod", "", all},
		{"what is not known yet", "new/thing", "", all},
		{"words, tests and tools", "README.md docs/running.png stack/deploy_test.go stack/testdata/valid/a.yaml " +
			"test/cmd/rehearsal/main.go tools/go.sum tools/oauth2-proxy/go.mod .github/workflows/a.yml", "", `[]`},
		{"a new environment", "Pulumi.new.yaml", "", `["new"]`},
		{"overrides of an environment", "overrides/prod/loki.yaml overrides/prod/falco.yaml", "", `["prod"]`},
		{"overrides and the stack file of another", "overrides/prod/loki.yaml Pulumi.dev.yaml", "", `["dev","prod"]`},
		{"an environment that goes", "", "Pulumi.staging.yaml", `[]`},
		{"a name that is none", "Pulumi.$(id).yaml", "", all[:len(all)-1] + "]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := project(t)
			git := func(args ...string) {
				command := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.org", "-c",
					"commit.gpgsign=false"}, args...)...)
				command.Dir = dir
				if out, err := command.CombinedOutput(); err != nil {
					t.Fatalf("git %v: %v\n%s", args, err, out)
				}
			}
			git("init", "-q", "-b", "main")
			for _, stack := range []string{"dev", "staging", "prod"} {
				write(t, filepath.Join(dir, "Pulumi."+stack+".yaml"), "config: {}\n")
			}
			git("add", ".")
			git("commit", "-qm", "base")
			git("checkout", "-qb", "change")
			for _, file := range strings.Fields(c.files) {
				write(t, filepath.Join(dir, file), "changed: here\n")
			}
			if c.gone != "" {
				git("rm", "-q", c.gone)
			}
			if c.files != "" {
				git("add", ".")
			}
			git("commit", "-qm", "change")
			git("checkout", "-q", "main") // moves on meanwhile: none of the change's business
			write(t, filepath.Join(dir, "main.go"), "package main\n")
			git("add", ".")
			git("commit", "-qm", "meanwhile")
			git("checkout", "-q", "change")
			if got, code := run(t, dir, "changed", "main"); strings.TrimSpace(got) != c.want || code != 0 {
				t.Errorf("ends with %d and %q, want %q", code, got, c.want)
			}
			if got, code := run(t, dir, "changed"); code != 0 || !strings.Contains(got, `"dev",`) ||
				!strings.Contains(got, `"prod"`) {
				t.Errorf("all: ends with %d and %q, want every environment", code, got)
			}
			const gone = "0123456789012345678901234567890123456789" // after a forced push
			if got, code := run(t, dir, "changed", gone); code != 0 || !strings.Contains(got, `"dev",`) ||
				!strings.Contains(got, `"prod"`) {
				t.Errorf("without a base: ends with %d and %q, want every environment", code, got)
			}
		})
	}
}

func TestPreviewShowsNoSecret(t *testing.T) {
	const secret, passphrase = "dop_v1_0123456789abcdef", "pass & phrase*[x]"
	t.Setenv("DIGITALOCEAN_TOKEN", secret)
	t.Setenv("PULUMI_CONFIG_PASSPHRASE", passphrase)
	t.Setenv("PULUMI_ACCESS_TOKEN", "no")
	encoded := base64.StdEncoding.EncodeToString([]byte(secret))
	t.Setenv("FAKE_PREVIEW", "token "+secret+" and "+encoded+" and "+passphrase+" and no more")
	dir := project(t)
	for _, code := range []int{0, 255} {
		t.Setenv("FAKE_EXIT_PREVIEW", fmt.Sprint(code))
		out, got := run(t, dir, "preview", "dev")
		text, err := os.ReadFile(filepath.Join(dir, "build/preview/dev/pulumi.txt"))
		if err != nil || string(text) != out || got != code {
			t.Errorf("ends with %d, want %d; writes %q, prints %q, %v", got, code, text, out, err)
		}
		if !strings.Contains(out, "token [secret] and [secret] and [secret] and no more") ||
			!strings.Contains(out, "preview --diff") || !strings.Contains(out, "--stack dev") {
			t.Errorf("printed %q", out)
		}
	}
}

func TestDrift(t *testing.T) {
	const differs = "error: no changes were expected but changes were proposed"
	for _, c := range []struct {
		name             string
		refresh, preview string // what they say when they fail
		releases         string // what ends make release-drift
		code             int
		says             []string
	}{
		{"nothing", "", "", "", 0, []string{"arguments: refresh --preview-only --run-program --expect-no-changes",
			"arguments: preview --expect-no-changes", "compared in .kubeconfig/0b5c.yaml"}},
		{"the cluster", differs, "", "", 3, []string{differs, "$ pulumi preview"}},
		{"the program", "", differs, "", 3, []string{differs}},
		{"a release", "", "", "4 differences from what Helm rendered", 3, []string{"4 differences from what Helm rendered"}},
		{"the program, and no answer of the cluster", "", differs, "drift: no route to host", 2,
			[]string{differs, "no route to host"}},
		{"no login", "error: passphrase must be set", "", "", 255, []string{"passphrase must be set"}},
		{"the cluster, and no preview", differs, "error: provider", "", 255, []string{differs, "error: provider"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for command, said := range map[string]string{"REFRESH": c.refresh, "PREVIEW": c.preview} {
				t.Setenv("FAKE_"+command, said)
				t.Setenv("FAKE_EXIT_"+command, "0")
				if said != "" {
					t.Setenv("FAKE_EXIT_"+command, "255")
				}
			}
			dir := project(t)
			write(t, filepath.Join(dir, ".kubeconfig/0b5c.yaml"), "kind: Config\n")
			t.Setenv("FAKE_OUTPUT_kubeconfigFile", ".kubeconfig/0b5c.yaml")
			write(t, filepath.Join(dir, "Makefile"),
				fmt.Sprintf("release-drift:\n\t@echo 'compared in $(KUBECONFIG)'\n\t@%s\n", failing(c.releases)))
			out, code := run(t, dir, "drift", "dev")
			if code != c.code {
				t.Errorf("ends with %d, want %d", code, c.code)
			}
			text, err := os.ReadFile(filepath.Join(dir, "build/drift/dev.txt"))
			if err != nil || string(text) != out {
				t.Errorf("wrote %q, printed %q, %v", text, out, err)
			}
			for _, want := range c.says {
				if !strings.Contains(out, want) {
					t.Errorf("output does not contain %q:\n%s", want, out)
				}
			}
		})
	}
}

// failing is a command that says something and fails; nothing to say: it succeeds.
func failing(says string) string {
	if says == "" {
		return "true"
	}
	return fmt.Sprintf("echo '%s'; false", says)
}

// Where the program writes no kubeconfig (cluster.credentials: doctl), the stack's export is used, and removed.
func TestDriftWithoutKubeconfig(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	t.Setenv("FAKE_OUTPUT_kubeconfig", "users: doctl")
	for _, command := range []string{"REFRESH", "PREVIEW"} {
		t.Setenv("FAKE_EXIT_"+command, "0")
	}
	dir := project(t)
	write(t, filepath.Join(dir, "Makefile"), "release-drift:\n\t@cat $(KUBECONFIG)\n")
	out, code := run(t, dir, "drift", "dev")
	if want := "users: doctl"; code != 0 || !strings.Contains(out, want) {
		t.Errorf("ends with %d, want 0; output does not contain %q:\n%s", code, want, out)
	}
	left, err := os.ReadDir(temporary)
	if err != nil || len(left) > 0 {
		t.Errorf("left: %v %v", left, err)
	}
}
