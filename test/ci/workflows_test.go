package ci

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

func TestActionlint(t *testing.T) {
	lint := func(stdin string, args ...string) (string, error) {
		args = append([]string{"-C", "../../tools", "tool", "actionlint", "-pyflakes="}, args...)
		command := exec.Command("go", args...)
		command.Stdin = strings.NewReader(stdin)
		output, err := command.CombinedOutput()
		return string(output), err
	}
	if output, err := lint(""); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
	const bad = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: echo ${{ github.head_ref }}\n"
	if output, err := lint(bad, "-"); err == nil || !strings.Contains(output, "potentially untrusted") {
		t.Errorf("untrusted text in a script passes: %v\n%s", err, output)
	}
}

// An action is what its commit is; the version is for people and Renovate.
func TestActionsArePinned(t *testing.T) {
	texts := workflows(t)
	actions, err := filepath.Glob("../../.github/actions/*/action.yml")
	if err != nil || len(actions) == 0 {
		t.Fatalf("actions %q, %v", actions, err)
	}
	for _, file := range actions {
		if texts[file], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	uses := regexp.MustCompile(`(?m)^\s*(?:- )?uses: (.*)$`)
	pinned := regexp.MustCompile(`^([a-z-]+/[a-z-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)$`)
	versions := map[string]string{}
	for file, text := range texts {
		for _, match := range uses.FindAllStringSubmatch(string(text), -1) {
			if strings.HasPrefix(match[1], "./") {
				continue
			}
			parts := pinned.FindStringSubmatch(match[1])
			if parts == nil {
				t.Errorf("%s: uses: %s; want owner/name@<40 hexadecimal digits> # vX.Y.Z", file, match[1])
				continue
			}
			if other, seen := versions[parts[1]]; seen && other != parts[2] {
				t.Errorf("%s: another %s than elsewhere", file, parts[1])
			}
			versions[parts[1]] = parts[2]
		}
	}
	if len(versions) < 4 {
		t.Errorf("only %v are used", versions)
	}
}

func TestWorkflowsAreSafe(t *testing.T) {
	for file, text := range workflows(t) {
		found, err := errs(text)
		if err != nil || len(found) > 0 {
			t.Errorf("%s: %v %q", file, err, found)
		}
	}
}

func TestUnsafeWorkflowsAreFound(t *testing.T) {
	const good = `on: {pull_request: }
permissions: {}
jobs:
  a:
    permissions: {contents: read}
    timeout-minutes: 5
    concurrency: {cancel-in-progress: false}
    steps:
      - {uses: actions/checkout@x, with: {persist-credentials: false}}
      - {run: pulumi up}
`
	if found, err := errs([]byte(good)); err != nil || len(found) > 0 {
		t.Fatalf("%v %q", err, found)
	}
	for _, c := range []struct{ from, to, want string }{
		{"permissions: {}\n", "", "it does not begin without permissions"},
		{"permissions: {}\n", "permissions: {contents: write}\n", "it does not begin without permissions"},
		{"{pull_request: }", "{pull_request_target: }", "pull_request_target"},
		{"    permissions: {contents: read}\n", "", "a: no permissions"},
		{"contents: read}", "contents: write}", "a: may write contents for a change's own code"},
		{"    timeout-minutes: 5\n", "", "a: no timeout"},
		{"run: pulumi up", "run: 'echo ${{ github.head_ref }}'", "a: an expression in a script: echo ${{ github.head_ref }}"},
		{"persist-credentials: false", "persist-credentials: true",
			"a: a checkout that keeps its credentials, or of something else"},
		{"persist-credentials: false", "persist-credentials: false, ref: x",
			"a: a checkout that keeps its credentials, or of something else"},
		{"cancel-in-progress: false", "cancel-in-progress: true", "a: an update that may be cancelled half way"},
		{"    timeout-minutes: 5\n", "    timeout-minutes: 5\n    if: " + people + "\n    environment: dev\n",
			"a: secrets on a fork"},
		{"run: pulumi up}", "run: pulumi up, env: {A: '${{ secrets.A }}'}}\n    if: " + people, "a: secrets on a fork"},
		{"    timeout-minutes: 5\n", "    timeout-minutes: 5\n    if: " + people + "\n    secrets: inherit\n",
			"a: secrets on a fork"},
		{"    timeout-minutes: 5\n", "    timeout-minutes: 5\n    if: " + forks + "\n    secrets: inherit\n",
			"a: secrets for a bot's change"},
		{"    steps:\n", "    uses: ./.github/workflows/up.yml\n    steps:\n",
			"a: a deployment that does not wait for the tests"},
	} {
		found, err := errs([]byte(strings.Replace(good, c.from, c.to, 1)))
		if err != nil || len(found) != 1 || found[0] != c.want {
			t.Errorf("%s -> %s: %v %q, want %q", c.from, c.to, err, found, c.want)
		}
	}
	trusted := strings.Replace(good, "pull_request", "workflow_run", 1)
	if found, err := errs([]byte(strings.Replace(trusted, "    timeout-minutes: 5\n",
		"    timeout-minutes: 5\n    environment: dev\n", 1))); err != nil || len(found) != 1 {
		t.Errorf("%v %q, want one error", err, found)
	}
}

// A deployment's group holds deployments only: of the runs that wait in one, GitHub keeps the newest.
func TestOnlyUpdatesWaitForUpdates(t *testing.T) {
	groups := map[string]string{}
	for file, text := range workflows(t) {
		var w struct {
			workflow    `yaml:",inline"`
			Concurrency struct {
				Group string `yaml:"group"`
			} `yaml:"concurrency"`
		}
		if err := yaml.Unmarshal(text, &w); err != nil {
			t.Fatal(err)
		}
		all := []string{w.Concurrency.Group}
		for _, j := range w.Jobs {
			all = append(all, j.Concurrency.Group)
		}
		for _, group := range all {
			prefix, _, _ := strings.Cut(group, "$")
			if other := groups[prefix]; prefix != "" && other != "" {
				t.Errorf("%s and %s share the concurrency group %s", file, other, prefix)
			}
			groups[prefix] = file
		}
	}
	if groups["pulumi-"] != "../../.github/workflows/up.yml" {
		t.Errorf("groups %v", groups)
	}
}

// What deploys is the Pulumi the rest is tried with.
func TestWorkflowsFitTheProject(t *testing.T) {
	setup, err := os.ReadFile("../../.github/actions/setup/action.yml")
	if err != nil {
		t.Fatal(err)
	}
	modules, err := os.ReadFile("../../tools/pulumi/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	minor := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(modules)
	if minor == nil || !bytes.Contains(setup, []byte("go-version: "+string(minor[1])+".x")) {
		t.Errorf("tools/pulumi/go.mod is of Go %s, the set-up action installs another", minor)
	}
	version := regexp.MustCompile(`github.com/pulumi/pulumi/pkg/v3 v(\S+)`).FindSubmatch(modules)
	if version == nil || !bytes.Contains(setup, append([]byte("pulumi-version: "), version[1]...)) {
		t.Errorf("tools/pulumi/go.mod pins %s, the set-up action another", version)
	}
}

// Workflows run for the environments that have a stack file, whichever these are.
func TestWorkflowsFollowTheStackFiles(t *testing.T) {
	var deploy, drift struct {
		Jobs map[string]struct {
			If       string
			With     struct{ Stack string }
			Strategy struct{ Matrix struct{ Stack string } }
		}
	}
	for name, into := range map[string]any{"deploy": &deploy, "drift": &drift} {
		if err := yaml.Unmarshal(workflows(t)["../../.github/workflows/"+name+".yml"], into); err != nil {
			t.Fatal(err)
		}
	}
	deployed := 0
	for name, j := range deploy.Jobs {
		if j.With.Stack == "" {
			continue
		}
		deployed++
		if want := `contains(needs.changed.outputs.environments, '"` + j.With.Stack + `"')`; !strings.Contains(j.If, want) {
			t.Errorf("deploy.yml: %s: if: %s; want %s", name, j.If, want)
		}
		if want := "!cancelled() && !failure() && "; !strings.HasPrefix(j.If, want) { // after a job that is skipped
			t.Errorf("deploy.yml: %s: if: %s; want it to begin with %s", name, j.If, want)
		}
	}
	if deployed == 0 {
		t.Error("deploy.yml deploys nothing")
	}
	if got, want := drift.Jobs["drift"].Strategy.Matrix.Stack,
		"${{ fromJSON(needs.environments.outputs.all) }}"; got != want {
		t.Errorf("drift.yml: stack: %s, want %s", got, want)
	}
}
