package evidence

import (
	"flag"
	"os"
	"strings"
	"testing"

	"doks-security/test/docpages"
)

var update = flag.Bool("update", false, "write docs/compliance.md")

const page = "../../docs/compliance.md"

// Each control has an answer, and each test that proves one exists.
func TestControls(t *testing.T) {
	all, err := Frameworks()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		seen := map[string]bool{}
		for _, c := range f.Controls {
			if err := c.check(); err != nil {
				t.Errorf("%s %s: %v", f.Name, c.ID, err)
			}
			for _, test := range c.Tests {
				if err := docpages.TestExists("../..", test); err != nil {
					t.Errorf("%s %s: %v", f.Name, c.ID, err)
				}
			}
			for id := range strings.SplitSeq(c.ID, ", ") {
				if seen[id] {
					t.Errorf("%s has %s twice", f.Name, id)
				}
				seen[id] = true
			}
		}
	}
	if len(all) < 4 {
		t.Errorf("only %d frameworks", len(all))
	}
}

func TestPageIsGenerated(t *testing.T) {
	all, err := Frameworks()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(page, []byte(Page(all)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(written) != Page(all) {
		t.Error("docs/compliance.md is not made of controls/*.yaml; fix: go -C test test ./evidence -run Page -update")
	}
}

func TestIncompleteControlsAreFound(t *testing.T) {
	for name, c := range map[string]struct {
		control Control
		want    string
	}{
		"no id":              {Control{About: "a", Left: "b"}, "id and about"},
		"no answer":          {Control{ID: "1", About: "a"}, "nothing answers it"},
		"tests of nothing":   {Control{ID: "1", About: "a", Left: "b", Tests: []string{"c"}}, "it has neither"},
		"a claim by itself":  {Control{ID: "1", About: "a", Enforced: "b"}, "has a test"},
		"enforced":           {Control{ID: "1", About: "a", Enforced: "b", Tests: []string{"c"}}, ""},
		"enforced partially": {Control{ID: "1", About: "a", Enforced: "b", Left: "c"}, ""},
	} {
		err := c.control.check()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: err = %v, want it to contain %q", name, err, c.want)
		}
	}
	if err := docpages.TestExists("../..", "stack.TestNothing"); err == nil {
		t.Error("a test that does not exist is found")
	}
}
