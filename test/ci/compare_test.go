package ci

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Both sides are rendered by their own program: a chart's values are compiled into it.
func TestCompare(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, ".git")); err != nil {
		t.Skip("no git repository: there is no base to compare with")
	}
	dir := filepath.Join(t.TempDir(), "project")
	do := func(in, name string, args ...string) string {
		command := exec.Command(name, args...)
		command.Dir = in
		out, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, out)
		}
		return string(out)
	}
	// The work tree as it is, committed or not.
	for file := range strings.Lines(do(root, "git", "ls-files", "--cached", "--others", "--exclude-standard")) {
		file = strings.TrimSpace(file)
		text, err := os.ReadFile(filepath.Join(root, file))
		if errors.Is(err, os.ErrNotExist) {
			continue // removed
		}
		info, statErr := os.Stat(filepath.Join(root, file))
		if err := errors.Join(err, statErr); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, file), string(text))
		if err := os.Chmod(filepath.Join(dir, file), info.Mode()); err != nil {
			t.Fatal(err)
		}
	}
	do(dir, "git", "init", "--quiet")
	commit := func(message string) {
		do(dir, "git", "add", ".")
		do(dir, "git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false", "commit",
			"--quiet", "-m", message)
	}
	change := func(file, from, to string) {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil || !strings.Contains(string(text), from) {
			t.Fatalf("%s holds no %q: %v", file, from, err)
		}
		write(t, filepath.Join(dir, file), strings.Replace(string(text), from, to, 1))
	}
	fixture := func(from, to string) {
		text, err := os.ReadFile(filepath.Join(root, "stack/testdata/environments", from))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, to), string(text))
	}
	fixture("Pulumi.dev.yaml", "Pulumi.dev.yaml")
	commit("base")
	change("values/metrics-server/values.yaml", "replicas: 1", "replicas: 2")
	change("Pulumi.dev.yaml", "count: 2", "count: 3")
	fixture("Pulumi.staging.yaml", "Pulumi.new.yaml")
	commit("change")
	for stack, wants := range map[string][]string{
		"dev": {"| nodes, at least | 2 | 3 |", "-  replicas: 1\n+  replicas: 2\n", "1 objects differ"},
		"new": {"| nodes, at least | not known | 3 |", "| Kubernetes | not there | `1.34` |", "+  replicas: 2\n"},
	} {
		do(dir, "make", "preview-comment", "STACK="+stack, "BASE=HEAD~1")
		text, err := os.ReadFile(filepath.Join(dir, "build/preview", stack, "comment.md"))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range wants {
			if !strings.Contains(string(text), want) {
				t.Errorf("output does not contain %q:\n%.3000s", want, text)
			}
		}
	}
	if left := do(dir, "git", "worktree", "list"); strings.Count(left, "\n") != 1 {
		t.Errorf("work trees are left:\n%s", left)
	}
	if left := do(dir, "git", "status", "--porcelain"); left != "" {
		t.Errorf("files are left:\n%s", left)
	}
}
