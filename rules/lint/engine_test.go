package lint

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// stub puts a program in the place of another on an otherwise empty PATH.
func stub(t *testing.T, name, script string) {
	t.Helper()
	dir := t.TempDir()
	if name != "" {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
}

func TestFindEngine(t *testing.T) {
	for _, c := range []struct {
		stub, script, command string
		engines               []string
		reason                string
	}{
		{"falco", "", "", []string{"falco"}, ""},
		{"docker", "exit 0", "", []string{"falco:0.43.1", "falco:0.44.1"}, ""},
		{"docker", "exit 1", "", nil, "no falco on the PATH, and no Docker that runs"},
		{"", "", "", nil, "no falco on the PATH, and no docker"},
		{"other", "", "other -c falco.yaml", []string{"other"}, ""},
		{"falco", "", "other", nil, `no Falco: exec: "other": executable file not found in $PATH`},
		{"docker", "exit 0", "docker:mirror/falco:0.44.1", []string{"falco:0.44.1"}, ""},
		{"docker", "exit 1", "docker:mirror/falco:0.44.1", nil, "no Docker that runs"},
	} {
		stub(t, c.stub, c.script)
		engines, err := FindEngines(context.Background(), c.command)
		var names []string
		for _, engine := range engines {
			names = append(names, filepath.Base(engine.Name))
		}
		if !slices.Equal(names, c.engines) || (c.reason == "") != (err == nil) || (err != nil && err.Error() != c.reason) {
			t.Errorf("%s %q: %v (%v), want %v (%s)", c.stub, c.command, names, err, c.engines, c.reason)
		}
	}
}

// Docker gets the files read-only, and Falco their names inside of the container.
func TestEngineInDocker(t *testing.T) {
	stub(t, "docker", `test "$1" = info && exit 0
test "$1 $2 $3" = "run --rm -v" -a -s "${4%:/linted:ro}/000-a.yaml" || exit 9
test "$6 $7 $8 $9" = "falco -o json_output=true -V" || exit 9
shift 9; test "$1" = /linted/000-a.yaml || exit 9
echo '{"falco_load_results":[{"name":"/linted/a.yaml","successful":true}]}'`)
	engines, err := FindEngines(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, engine := range engines {
		if problems, err := engine.Validate(context.Background(), []File{{Name: "a.yaml", Text: "- a"}}); err != nil ||
			len(problems) > 0 {
			t.Errorf("%s: %v, %v", engine.Name, err, problems)
		}
	}
}

func TestEngineVerdicts(t *testing.T) {
	fine := `{"name":"/tmp/a.yaml","successful":true,"errors":[],"warnings":[]}`
	for _, c := range []struct{ name, script, problems, failure string }{
		{"loads", `echo 'Wed: Falco 0.44.1'; echo '{"falco_load_results":[` + fine + `,` + fine + `]}'`, "", ""},
		{"a warning with exit code 0", `echo '{"falco_load_results":[` + fine +
			`,{"name":"/tmp/b.yaml","successful":true,"errors":[],"warnings":` +
			`[{"code":"LOAD_NO_EVTTYPE","message":"no event type","context":{"locations":[{"position":{"line":6,` +
			`"column":4}}]}}]}]}'`,
			"b.yaml:7:5: warning: falco: no event type [LOAD_NO_EVTTYPE]", ""},
		{"an error", `echo '{"falco_load_results":[` + fine +
			`,{"name":"/tmp/b.yaml","successful":false,"warnings":[],"errors":[{"code":"LOAD_ERR_VALIDATE",` +
			`"message":"Undefined macro"}]}]}'; exit 1`,
			"b.yaml: falco: LOAD_ERR_VALIDATE: Undefined macro", ""},
		{"no success, no error", `echo '{"falco_load_results":[` + fine +
			`,{"name":"/tmp/b.yaml","successful":false}]}'; exit 1`, "b.yaml: falco: does not load", ""},
		{"a plugin that is not loaded", `echo "Error: Plugin requirement not satisfied, must load one of: json" >&2; exit 1`,
			"b.yaml: falco: Plugin requirement not satisfied, must load one of: json", ""},
		{"ends while it reads", `echo "Wed Nov 25 22:00:00 2026: Validating rules file(s):
Wed Nov 25 22:00:00 2026:    /tmp/b.yaml
Wed Nov 25 22:00:00 2026: Runtime error: unknown multivalue transformer. Exiting." >&2; exit 1`,
			"b.yaml: falco: ends with exit status 1: Runtime error: unknown multivalue transformer. Exiting.", ""},
		{"crashes", `echo "Wed Nov 25 22:00:00 2026: Validating rules file(s):
Wed Nov 25 22:00:00 2026:    /tmp/b.yaml" >&2; kill -SEGV $$`,
			"b.yaml: falco: ends with signal: segmentation fault", ""},
		{"one file only", `echo '{"falco_load_results":[` + fine + `]}'`, "", "a verdict on 1 files, want 2"},
		{"no verdict", `echo broken >&2; exit 1`, "", "no verdict: exit status 1\nbroken"},
	} {
		t.Run(c.name, func(t *testing.T) {
			stub(t, "falco", `test "$1" = -o -a "$3" = -V -a -s "$4" -a "$5" = -V -a -s "$6" || exit 9`+"\n"+c.script)
			engines, err := FindEngines(context.Background(), "")
			if err != nil {
				t.Fatal(err)
			}
			problems, err := engines[0].Validate(context.Background(),
				[]File{{Name: "a.yaml", Text: "- a"}, {Name: "b.yaml", Text: "- b"}})
			if c.failure == "" && (err != nil || problems.Error() != c.problems) {
				t.Errorf("%v\n%v\nwant %q", err, problems, c.problems)
			}
			if c.failure != "" && (err == nil || !strings.Contains(err.Error(), c.failure)) {
				t.Errorf("%v, want %q", err, c.failure)
			}
		})
	}
}

func TestFetchStock(t *testing.T) {
	text, downloads := "- pinned\n", 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		downloads++
		if r.URL.Path != "/pinned.yaml" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, text)
	}))
	defer server.Close()
	ctx, dir := context.Background(), filepath.Join(t.TempDir(), "cache")
	pinned := Stock{Name: "pinned.yaml", URL: server.URL + "/pinned.yaml",
		SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte(text)))}
	for range 2 { // the second time it is kept
		if file, err := pinned.Fetch(ctx, dir); err != nil || file.Text != text || !file.Stock {
			t.Errorf("%v, %v", file, err)
		}
	}
	if downloads != 1 {
		t.Errorf("%d downloads, want 1", downloads)
	}
	changed := Stock{Name: "changed.yaml", URL: pinned.URL, SHA256: strings.Repeat("0", 64)}
	if _, err := changed.Fetch(ctx, dir); err == nil ||
		!strings.Contains(err.Error(), "changed.yaml: sha256 "+pinned.SHA256+", want 0000") {
		t.Errorf("another digest is no error: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "changed.yaml")); err == nil {
		t.Error("a file with another digest is kept")
	}
	missing := Stock{Name: "missing.yaml", URL: server.URL + "/missing.yaml", SHA256: pinned.SHA256}
	if _, err := missing.Fetch(ctx, dir); err == nil || !strings.Contains(err.Error(), "404 Not Found") {
		t.Errorf("a file that is not there is no error: %v", err)
	}
}
