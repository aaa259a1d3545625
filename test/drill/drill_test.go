package drill

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"doks-security/stack"
	"doks-security/test/rehearse"
	"doks-security/test/rehearse/rehearsetest"
)

func TestMain(m *testing.M) {
	if code, ok := Main(os.Args); ok {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// The drills of inTests; make drill runs all. DRILL=<regular expression> chooses others.
func TestDrills(t *testing.T) {
	cli := rehearsetest.CLI(t)
	chosen := regexp.MustCompile(os.Getenv("DRILL"))
	left := slices.DeleteFunc(All(), func(d Drill) bool {
		if os.Getenv("DRILL") != "" {
			return !chosen.MatchString(d.Name)
		}
		return inTests[d.Name] != ownTest
	})
	rehearsetest.Scratch(t)
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	runner := New(rehearse.Options{Root: root, Program: stack.Deploy, CLI: cli})
	t.Cleanup(func() {
		if err := runner.Close(); err != nil {
			t.Error(err)
		}
	})
	for len(left) > 0 {
		var d Drill
		d, left = runner.Next(left)
		t.Run(d.Name, func(t *testing.T) {
			result := runner.Run(t.Context(), d)
			t.Logf("%s in %s\nmessages: %s\nrecovery: %s", result.Status(), result.Took,
				strings.Join(result.Messages, "\n          "),
				strings.Join(result.Recovery, "\n          "))
			switch {
			case result.Skipped != "":
				t.Skip(result.Skipped)
			case result.Failed():
				t.Errorf("%v\n%s", result.Err, result.Printed)
			}
		})
	}
}

// What the page calls tested is run by a test.
func TestTestedDrillsHaveTests(t *testing.T) {
	files, err := filepath.Glob("../rehearse/*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var sources strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sources.Write(text)
	}
	for name, test := range inTests {
		if !slices.ContainsFunc(All(), func(d Drill) bool { return d.Name == name }) {
			t.Errorf("there is no drill %s", name)
		}
		function, subtest, isCase := strings.Cut(test, "/")
		_, body, exists := strings.Cut(sources.String(), "\nfunc "+function+"(")
		body, _, _ = strings.Cut(body, "\n}\n")
		if test != ownTest && (!exists || isCase && !strings.Contains(body, `{"`+subtest+`",`)) {
			t.Errorf("%s: package rehearse has no test %s", name, test)
		}
	}
}

// Every drill is in docs/drills.md with its description, and the page has no other.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/drills.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, "| `") {
			rows++
		}
	}
	names := map[string]bool{}
	for _, d := range All() {
		if names[d.Name] || !regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`).MatchString(d.Name) ||
			!strings.HasSuffix(d.What, ".") {
			t.Errorf("%q: %q: want a unique name in lower case, and one sentence", d.Name, d.What)
		}
		names[d.Name] = true
		if !strings.Contains(string(page), "\n"+row(d)) {
			t.Errorf("docs/drills.md does not have %q; `make drill` writes it", row(d))
		}
	}
	if rows != len(names) {
		t.Errorf("docs/drills.md has %d drills, there are %d; `make drill` writes it", rows, len(names))
	}
}
