package changes

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

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

var update = flag.Bool("update", false, "write what TestChanges shows to docs/changing-settings.md")

const docs = "../../docs/changing-settings.md"

// Every setting of the schema has a row, and every row is of a setting.
func TestEverySettingHasARow(t *testing.T) {
	settings, err := Settings("../..")
	if err != nil || len(settings) < 80 {
		t.Fatalf("%d settings, %v", len(settings), err)
	}
	rows, names := map[string]bool{}, map[string]bool{}
	for _, c := range All() {
		rows[c.Setting] = true
		if names[c.name()] {
			t.Errorf("%s is there twice", c.name())
		}
		names[c.name()] = true
		if !slices.Contains(settings, c.Setting) {
			t.Errorf("the schema has no %s", c.Setting)
		}
		if text(c.from()) == text(c.To) {
			t.Errorf("%s does not change", c.name())
		}
	}
	for _, s := range settings {
		if !rows[s] {
			t.Errorf("%s has no row", s)
		}
	}
}

// The page has the rows, and no others.
func TestPage(t *testing.T) {
	content, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(content), head) {
		t.Error("docs/changing-settings.md begins otherwise; `make settings-table` writes it")
	}
	for _, c := range All() {
		if !strings.Contains(string(content), "\n"+row(c)) {
			t.Errorf("docs/changing-settings.md does not have %q; `make settings-table` writes it", row(c))
		}
	}
	if rows := strings.Count(string(content), "\n| `"); rows != len(All()) {
		t.Errorf("docs/changing-settings.md has %d rows, there are %d; `make settings-table` writes it", rows, len(All()))
	}
}

// The rows of inTests say what happens; make settings-table makes all changes. SETTING=<regular expression> chooses
// others.
func TestChanges(t *testing.T) {
	cli := rehearsetest.CLI(t)
	page, err := filepath.Abs(docs) // a session changes the directory
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(page)
	if err != nil && !*update {
		t.Fatal(err)
	}
	chosen := slices.DeleteFunc(All(), func(c Change) bool {
		if pattern := os.Getenv("SETTING"); pattern != "" {
			return !regexp.MustCompile(pattern).MatchString(c.Setting)
		}
		return !slices.Contains(inTests, c.Setting)
	})
	rehearsetest.Scratch(t)
	var printed strings.Builder
	runner, err := New(rehearse.Options{Root: "../..", Program: stack.Deploy, CLI: cli, Out: &printed})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := runner.Close(); err != nil {
			t.Error(err)
		}
	})
	made, started := 0, time.Now()
	err = runner.Run(t.Context(), chosen, func(r Result) {
		made++
		t.Logf("after %s: %s%s", time.Since(started).Round(time.Second), row(r.Change), r.shown())
		if r.Err != nil {
			t.Errorf("%s: %v", r.name(), r.Err)
		} else if *update {
			if err := UpdatePage(page, []Result{r}); err != nil {
				t.Error(err)
			}
		} else if line := row(r.Change) + r.shown(); !strings.Contains(string(content), "\n"+line) {
			t.Errorf("docs/changing-settings.md does not have\n%s; `make settings-table NAME=%s` writes it", line, r.Setting)
		}
	})
	if err != nil || made != len(chosen) {
		t.Errorf("%d of %d changes: %v", made, len(chosen), err)
	}
	if t.Failed() {
		t.Log(printed.String())
	}
}
