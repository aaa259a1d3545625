package ci

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// repository is a project with one commit.
func repository(t *testing.T, changelog string) (dir string, git func(args ...string) string) {
	t.Helper()
	dir = project(t)
	write(t, dir+"/CHANGELOG.md", changelog)
	git = func(args ...string) string {
		t.Helper()
		args = append([]string{"-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"}, args...)
		command := exec.Command("git", args...)
		command.Dir = dir
		text, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, text)
		}
		return string(text)
	}
	for key, value := range map[string]string{"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org",
		"GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.org"} {
		t.Setenv(key, value)
	}
	git("init", "--quiet")
	git("add", ".")
	git("commit", "--quiet", "-m", "first")
	return dir, git
}

func TestRelease(t *testing.T) {
	const before = `# Changelog

## [Unreleased]

### Changed

- A new thing.

## [0.1.0] - 2026-01-01

- The first.
`
	dir, git := repository(t, before)
	git("tag", "v0.1.0")
	for version, says := range map[string]string{
		"": "semantic version", "v0.2.0": "semantic version", "1.2": "semantic version", "1.0.0-rc.1": "prerelease",
		"0.2.0; ls": "semantic version",
		"0.1.0":     "the tag v0.1.0 exists", "0.0.9": "v0.1.0 is released already",
	} {
		if text, code := run(t, dir, "release", version); code != 2 || !strings.Contains(text, says) {
			t.Errorf("version %q: ends with %d:\n%s", version, code, text)
		}
	}
	write(t, dir+"/more", "")
	if text, code := run(t, dir, "release", "0.2.0"); code != 2 || !strings.Contains(text, "not committed") {
		t.Errorf("a change that is not committed: ends with %d:\n%s", code, text)
	}
	git("add", ".")
	git("commit", "--quiet", "-m", "second")

	text, code := run(t, dir, "release", "0.2.0")
	if code != 0 {
		t.Fatalf("ends with %d:\n%s", code, text)
	}
	if status := git("status", "--porcelain"); status != "" {
		t.Errorf("left: %s", status)
	}
	date := strings.TrimSpace(git("log", "-1", "--format=%cs"))
	want := strings.Replace(before, "## [Unreleased]\n", fmt.Sprintf("## [Unreleased]\n\n## [0.2.0] - %s\n", date), 1)
	if got := git("show", "v0.2.0:CHANGELOG.md"); got != want {
		t.Errorf("CHANGELOG.md is\n%s\nwant\n%s", got, want)
	}
	if notes := git("tag", "--list", "--format=%(contents)", "v0.2.0"); !strings.Contains(notes, "### Changed") ||
		!strings.Contains(notes, "A new thing.") || strings.Contains(notes, "The first.") {
		t.Errorf("the tag has\n%s", notes)
	}
	if text, code := run(t, dir, "release", "0.3.0"); code != 2 || !strings.Contains(text, "nothing below [Unreleased]") {
		t.Errorf("nothing new: ends with %d:\n%s", code, text)
	}
}

// What can be refused before a program is built. The upgrade itself is a job of the workflow.
func TestUpgradeFrom(t *testing.T) {
	dir, git := repository(t, "")
	check := func(wantCode int, says string, args ...string) {
		t.Helper()
		if text, code := run(t, dir, "upgrade-from", args...); code != wantCode || !strings.Contains(text, says) {
			t.Errorf("%v: ends with %d:\n%s", args, code, text)
		}
	}
	check(0, "skipped: there is no release", "dev")
	check(2, "FROM=nope: there is no such commit", "dev", "nope")
	git("tag", "v0.1.0")
	git("commit", "--quiet", "--allow-empty", "-m", "second")
	check(2, "has no file Pulumi.dev.yaml", "dev")
	if trees := git("worktree", "list", "--porcelain"); strings.Count(trees, "worktree ") != 1 {
		t.Errorf("left: %s", trees)
	}
}
