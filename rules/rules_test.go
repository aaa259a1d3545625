package rules

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"doks-security/rules/lint"
)

var someApproved = []Approval{{Namespace: "team-a"},
	{Namespace: "team-b", Digests: []string{"sha256:" + strings.Repeat("1", 64)}}}

func loaded(t *testing.T, approved []Approval) map[string]string {
	t.Helper()
	files, err := Files(lint.Stable, approved)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Every rule file of the directory is loaded, and nothing else: Falco would take the cases for broken rules.
func TestFilesAreTheRules(t *testing.T) {
	names, err := filepath.Glob("*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := slices.DeleteFunc(names, func(name string) bool { return strings.HasSuffix(name, ".cases.yaml") })
	if got := slices.Sorted(maps.Keys(loaded(t, nil))); !slices.Equal(got, want) {
		t.Errorf("files %v, want %v", got, want)
	}
	for _, name := range want {
		if _, err := os.Stat(strings.TrimSuffix(name, ".yaml") + ".cases.yaml"); err != nil {
			t.Errorf("%s has no cases: %v", name, err)
		}
	}
}

// The override must load after the macro it replaces: Falco reads in the order of names.
func TestApprovalsComeLast(t *testing.T) {
	files := loaded(t, someApproved)
	for name := range files {
		if name > approvedFile {
			t.Errorf("%s loads after %s", name, approvedFile)
		}
	}
	want := `    (k8s.ns.name in ("team-a")
    or (k8s.ns.name = "team-b" and container.image.digest in ("sha256:` + strings.Repeat("1", 64) + `")))
`
	if !strings.Contains(files[approvedFile], want) {
		t.Errorf("%s lacks\n%s\nit is\n%s", approvedFile, want, files[approvedFile])
	}
}

func TestNothingApprovedNoOverride(t *testing.T) {
	if _, ok := loaded(t, nil)[approvedFile]; ok {
		t.Error("an override without approvals")
	}
}

// parsed loads the rules behind the names of Falco's own.
func parsed(t *testing.T, approved []Approval) (*lint.Ruleset, lint.Problems) {
	t.Helper()
	return lint.Load(nil, behindStock(lint.Stable, nil, loaded(t, approved))...)
}

// The rules load without an error or a warning, whatever is approved.
func TestRulesAreClean(t *testing.T) {
	digests := []string{"sha256:" + strings.Repeat("1", 64), "sha256:" + strings.Repeat("2", 64)}
	for name, approved := range map[string][]Approval{
		"nothing": nil, "a namespace": {{Namespace: "a"}}, "digests only": {{Namespace: "a", Digests: digests}},
		"a namespace named like a list": {{Namespace: "shell_binaries"}}, "both": someApproved,
	} {
		if _, problems := parsed(t, approved); len(problems) > 0 {
			t.Errorf("%s approved: %v", name, problems)
		}
	}
}

// What an analyst needs and what the program relies on.
func TestRulesAreComplete(t *testing.T) {
	// The chart appends these to every output.
	appended := regexp.MustCompile(`%(container\.(id|name|image\.repository|image\.tag)|k8s\.(pod|ns)\.name)\b`)
	attack := regexp.MustCompile(`^T[0-9]{4}(\.[0-9]{3})?$`)
	for file, text := range loaded(t, nil) {
		var entries []struct {
			Engine   string `yaml:"required_engine_version"`
			Rule     string
			Desc     string
			Output   string
			Priority string
			Tags     []string
			Override map[string]string
		}
		if err := yaml.Unmarshal([]byte(text), &entries); err != nil {
			t.Fatal(err)
		}
		if entries[0].Engine != "0.57.0" {
			t.Errorf("%s: declare the engine of the oldest Falco we install", file)
		}
		for _, e := range entries {
			if e.Rule == "" || e.Override != nil {
				continue
			}
			if again := appended.FindString(e.Output); again != "" {
				t.Errorf("%s: the chart appends %s", e.Rule, again)
			}
			tactic := func(tag string) bool { return strings.HasPrefix(tag, "mitre_") }
			if len(e.Desc) < 80 || !slices.ContainsFunc(e.Tags, attack.MatchString) || !slices.ContainsFunc(e.Tags, tactic) {
				t.Errorf("%s: a description for who is woken by it, and tags of ATT&CK's tactic and technique", e.Rule)
			}
		}
	}
}

// The names of the stack's namespaces can be set: a rule that names one would miss it under another name.
func TestRulesNameNoNamespaceOfTheStack(t *testing.T) {
	condition := regexp.MustCompile(`k8s\.ns\.name\s+(?:=|!=|in|contains|startswith|endswith)\s+(\S+)`)
	found := 0
	for file, text := range loaded(t, nil) {
		for _, match := range condition.FindAllStringSubmatch(text, -1) {
			found++
			if match[1] != "kube-system" {
				t.Errorf("%s: %s", file, match[0])
			}
		}
	}
	if found == 0 {
		t.Error("no condition on a namespace was found")
	}
}
