package rules

import (
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

func TestFilesParse(t *testing.T) {
	loaded, err := Files([]string{"team-a", "team-b"})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range loaded {
		var items []map[string]any
		if err := yaml.Unmarshal([]byte(content), &items); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(loaded) != 3 {
		t.Errorf("%d files, want the two of rules/ and the approved namespaces", len(loaded))
	}
}

// The override must load after the list it completes: Falco reads in the order of names.
func TestApprovedNamespacesComeLast(t *testing.T) {
	loaded, err := Files([]string{"team-a", "team-b"})
	if err != nil {
		t.Fatal(err)
	}
	for name := range loaded {
		if name > approvedFile {
			t.Errorf("%s loads after %s", name, approvedFile)
		}
	}
	if want := "items: [team-a, team-b]"; !strings.Contains(loaded[approvedFile], want) {
		t.Errorf("%s lacks %q:\n%s", approvedFile, want, loaded[approvedFile])
	}
}

func TestNoApprovedNamespacesNoOverride(t *testing.T) {
	loaded, err := Files(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := loaded[approvedFile]; ok {
		t.Error("an override without items")
	}
}

// A rule without event types is evaluated on every system call: it doubles Falco's CPU.
func TestRulesAreForOurEngines(t *testing.T) {
	loaded, err := Files(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range loaded {
		if !strings.Contains(content, "- required_engine_version: 0.57.0") {
			t.Errorf("%s: declare the engine of the oldest Falco we install", name)
		}
		for _, newer := range []string{" oneof ", " anyof ", " allof "} {
			if strings.Contains(strings.ReplaceAll(content, "`endswith oneof (list)`", ""), newer) {
				t.Errorf("%s: %q needs Falco 0.44", name, newer)
			}
		}
	}
}
