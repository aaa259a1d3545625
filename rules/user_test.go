package rules

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"doks-security/rules/lint"
)

func TestUserFiles(t *testing.T) {
	files, problems, err := UserFiles("testdata/user/good", lint.Stable)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	if got, want := slices.Sorted(maps.Keys(files)),
		[]string{"50-user-10-shells.yaml", "50-user-20-more.yaml"}; !slices.Equal(got, want) {
		t.Errorf("files %v, want %v", got, want)
	}
	for name := range loaded(t, someApproved) {
		if name > "50-user-10-shells.yaml" {
			t.Errorf("%s loads after the user's", name)
		}
	}
}

func TestUserFilesWithErrors(t *testing.T) {
	for name, want := range map[string]string{
		"unknown-field": "testdata/user/unknown-field/a.yaml:7:9: unknown field fd.nmae",
		"unknown-macro": "testdata/user/unknown-macro/a.yaml:5:14: unknown macro container_started",
		"shadows-ours": "testdata/user/shadows-ours/a.yaml:1:10: warning: this macro replaces the one of " +
			"20-virtual-clusters.yaml:",
		"yml-suffix":      "testdata/user/yml-suffix/a.yml: rename it to .yaml",
		"name-with-space": "testdata/user/name-with-space/my rules.yaml: rename it with letters",
		"broken-yaml":     "testdata/user/broken-yaml/a.yaml:",
	} {
		_, problems, err := UserFiles(filepath.FromSlash("testdata/user/"+name), lint.Stable)
		if err != nil || len(problems) != 1 || !strings.HasPrefix(problems[0].String(), want) {
			t.Errorf("%s: %v\n%v\nwant %s", name, err, problems, want)
		}
	}
	for _, name := range []string{"only-cases", "missing"} {
		if _, _, err := UserFiles("testdata/user/"+name, lint.Stable); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// All rules go into one ConfigMap: each file may fit and their sum not.
func TestUserFilesAreTooLarge(t *testing.T) {
	dir := t.TempDir()
	comment := []byte("# " + strings.Repeat("x", maxRules/2) + "\n")
	for _, name := range []string{"a.yaml", "b.yaml"} {
		if err := os.WriteFile(filepath.Join(dir, name), comment, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	_, problems, err := UserFiles(dir, lint.Stable)
	if err != nil || len(problems) != 1 || !strings.Contains(problems[0].Message, "a ConfigMap holds 1048576") {
		t.Errorf("%v\n%v", err, problems)
	}
}

// A user's cases run against the user's rules and ours; shell_procs is known where Falco's own file is.
func TestUserCases(t *testing.T) {
	ours, err := Files(lint.Stable, nil)
	if err != nil {
		t.Fatal(err)
	}
	run := func(stock []lint.File) lint.Problems {
		suites, err := lint.ReadSuites(nil, "testdata/user/good", behindStock(lint.Stable, stock, ours)...)
		if err != nil || len(suites) != 1 || len(suites[0].Problems) > 0 {
			t.Fatal(err, suites)
		}
		return suites[0].Run()
	}
	if problems := run(declared(t, lint.Stable)); len(problems) != 2 ||
		!strings.Contains(problems.Error(), "what shell_procs means is not known") {
		t.Errorf("want an error that shell_procs is not known: %v", problems)
	}
	if problems := run(upstream(t, lint.Stable)); len(problems) > 0 {
		t.Error(problems)
	}
}

// The rules are checked for the Falco that is installed, and the error says which it is.
func TestUserFilesForOneFalco(t *testing.T) {
	dir := t.TempDir()
	text := "- rule: r\n  desc: d\n  output: o\n  priority: INFO\n  condition: evt.type = execve and proc.name endswith " +
		"oneof (a, b)\n"
	if err := os.WriteFile(filepath.Join(dir, "a.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for version, want := range map[string]string{"0.43": "`oneof` needs Falco 0.44", "0.44": ""} {
		falco, err := lint.FindFalco(version)
		if err != nil {
			t.Fatal(err)
		}
		_, problems, err := UserFiles(dir, lint.Stable, falco)
		if err != nil || (want == "") != (len(problems) == 0) || !strings.Contains(problems.Error(), want) {
			t.Errorf("%s: %v, %v", version, err, problems)
		}
		if want != "" && !strings.HasSuffix(problems[0].String(), "[Falco 0.43.1]") {
			t.Errorf("which Falco? %v", problems[0])
		}
	}
}
