package ci

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestPost(t *testing.T) {
	const marker = "<!-- doks-security preview dev -->\n"
	bot, person := map[string]string{"type": "Bot"}, map[string]string{"type": "User"}
	for _, c := range []struct {
		name     string
		comments []*comment
		edited   int // id; 0: a new one
	}{
		{"the first", nil, 0},
		{"one is there", []*comment{{ID: 1, User: bot, Body: "hello"}, {ID: 2, User: bot, Body: marker + "old"}}, 2},
		{"of another stack", []*comment{{ID: 1, User: bot, Body: "<!-- doks-security preview prod -->\n"}}, 0},
		{"of another user", []*comment{{ID: 1, User: person, Body: marker + "quoted"}}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			now := (&github{Comments: c.comments}).open(t)
			file := filepath.Join(t.TempDir(), "comment.md")
			write(t, file, marker+"new\n")
			if out, code := run(t, project(t), "post", "7", file); code != 0 {
				t.Fatalf("ends with %d: %s", code, out)
			}
			found := 0
			for _, posted := range now().Comments {
				if posted.Body == marker+"new\n" {
					found++
					if c.edited != 0 && posted.ID != c.edited {
						t.Errorf("comment %d was edited, want %d", posted.ID, c.edited)
					}
				}
			}
			want := len(c.comments)
			if c.edited == 0 {
				want++
			}
			if found != 1 || len(now().Comments) != want {
				t.Errorf("%d comments, %d of them the new one; want %d and 1", len(now().Comments), found, want)
			}
		})
	}
	file := filepath.Join(t.TempDir(), "comment.md")
	write(t, file, "no marker\n")
	(&github{}).open(t)
	if out, code := run(t, project(t), "post", "7", file); code != 2 {
		t.Errorf("a text without a marker: ends with %d, %s", code, out)
	}
}

// What another workflow left becomes comments, of the commit it was made for only.
func TestPublish(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	artifacts := t.TempDir()
	for _, stack := range []string{"dev", "prod", "$(id)"} {
		for _, side := range []string{"base", "head"} {
			write(t, filepath.Join(artifacts, stack, side, "summary.json"), `{"stack": "`+stack+
				`", "kubernetes": "1.34", "nodes": 2}`)
			write(t, filepath.Join(artifacts, stack, side, "loki", "Pod_loki_loki.yaml"), side+": here\n")
		}
	}
	write(t, filepath.Join(artifacts, "dev", "pulumi.txt"), "Previewing update (dev):\nResources:\n    70 unchanged\n")
	if err := os.Symlink("/etc/hostname", filepath.Join(artifacts, "prod", "pulumi.txt")); err != nil {
		t.Fatal(err)
	}
	elsewhere := t.TempDir()
	write(t, filepath.Join(elsewhere, "summary.json"), `{"stack": "linked"}`)
	write(t, filepath.Join(elsewhere, "loki", "Pod_loki_loki.yaml"), "private: here\n")
	for _, side := range []string{"base", "head"} {
		if err := os.MkdirAll(filepath.Join(artifacts, "linked"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(elsewhere, filepath.Join(artifacts, "linked", side)); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("HEAD_BRANCH", "change")
	t.Setenv("HEAD_SHA", "c0ffee")
	t.Setenv("WHOLE", "elsewhere")
	publish := func(repository, sha string) []*comment {
		t.Setenv("HEAD_REPO", repository)
		now := (&github{Pulls: []pull{
			{Number: 6, Label: "another:change", Head: map[string]string{"sha": "c0ffee"}},
			{Number: 7, Label: strings.Split(repository, "/")[0] + ":change", Head: map[string]string{"sha": sha}},
		}}).open(t)
		if out, code := run(t, root, "publish", artifacts); code != 0 {
			t.Fatalf("ends with %d: %s", code, out)
		}
		return now().Comments
	}
	if got := publish("owner/name", "moved-on"); len(got) != 0 {
		t.Errorf("%d comments on a commit they are not about", len(got))
	}
	if out, code := run(t, root, "publish", filepath.Join(artifacts, "nothing")); code != 0 {
		t.Errorf("nothing to publish: ends with %d: %s", code, out)
	}
	got := publish("owner/name", "c0ffee")
	if len(got) != 2 {
		t.Fatalf("%d comments, want those of dev and prod", len(got))
	}
	for i, wants := range [][]string{
		{"<!-- doks-security preview dev -->", "70 unchanged", "-base: here\n+head: here\n", "The whole: elsewhere"},
		{"<!-- doks-security preview prod -->", "`pulumi preview` did not run", "-base: here\n+head: here\n"},
	} {
		for _, want := range wants {
			if !strings.Contains(got[i].Body, want) {
				t.Errorf("output does not contain %q:\n%s", want, got[i].Body)
			}
		}
	}
	for _, forks := range publish("someone/name", "c0ffee") {
		if strings.Contains(forks.Body, "70 unchanged") {
			t.Errorf("a fork made up what Pulumi says:\n%s", forks.Body)
		}
	}
}

func TestDeploying(t *testing.T) {
	t.Setenv("SINCE", "2026-01-05T04:23:00Z")
	for _, c := range []struct {
		name string
		runs []workRun
		code int
	}{
		{"no run yet", nil, 1},
		{"an old one", []workRun{{"completed", "2026-01-05T04:22:59Z", "old"}}, 1},
		{"one that waits for its approval", []workRun{{"waiting", "2026-01-04T10:00:00Z", "waits"}}, 1},
		{"one in progress", []workRun{{"completed", "2026-01-04T10:00:00Z", "old"},
			{"in_progress", "2026-01-05T04:00:00Z", "runs"}}, 0},
		{"one that ended meanwhile", []workRun{{"completed", "2026-01-05T04:31:00Z", "ended"}}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			(&github{Runs: c.runs}).open(t)
			out, code := run(t, project(t), "deploying")
			if code != c.code || code == 0 && !strings.Contains(out, "a deployment ran meanwhile: "+c.runs[len(c.runs)-1].URL) {
				t.Errorf("ends with %d and %q, want %d", code, out, c.code)
			}
		})
	}
}

func TestDriftIssue(t *testing.T) {
	open := func() []*issue {
		return []*issue{
			{Number: 3, Title: "Drift of dev", Label: "drift", Body: "old", State: "open"},
			{Number: 4, Title: "Drift of prod", Label: "drift", Body: "of prod", State: "open"},
			{Number: 5, Title: "Drift of dev", Label: "drift", Body: "long ago", State: "closed"},
		}
	}
	for _, c := range []struct {
		name, result string
		issues       []*issue
		said         string
		want         string // number, state and start of the body of those of dev
	}{
		{"drift", "3", nil, "~ a change\n~~~~~~~~~~\n@someone\n", "50 open The live resources of"},
		{"drift again", "3", open(), "~ a change\n", "3 open The live resources of"},
		{"drift of more than an issue holds", "3", nil, strings.Repeat("~ a change\n", 10_000),
			"50 open The live resources of"},
		{"no drift, as ever", "0", nil, "", ""},
		{"no drift any more", "0", open(), "", "3 closed old"},
		{"unknown result", "255", open(), "error", "3 open old"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("RUN", "https://example.org/run")
			now := (&github{Issues: c.issues}).open(t)
			dir := project(t)
			write(t, filepath.Join(dir, "build/drift/dev.txt"), c.said)
			if out, code := run(t, dir, "drift-issue", "dev", c.result); code != 0 {
				t.Fatalf("ends with %d: %s", code, out)
			}
			var got *issue
			for _, i := range now().Issues {
				switch {
				case i.Title == "Drift of prod" && (i.Body != "of prod" || i.State != "open"):
					t.Errorf("prod's issue became %v", i)
				case i.Title == "Drift of dev" && i.Body != "long ago":
					got = i
				}
			}
			if got == nil {
				if c.want != "" {
					t.Errorf("no issue, want %s", c.want)
				}
				return
			}
			number, rest, _ := strings.Cut(c.want, " ")
			state, body, _ := strings.Cut(rest, " ")
			if c.want == "" || number != strconv.Itoa(got.Number) || got.State != state || !strings.HasPrefix(got.Body, body) ||
				len(got.Body) > 65_536 {
				t.Errorf("issue %d, %s, %d bytes: %.80q; want %q", got.Number, got.State, len(got.Body), got.Body, c.want)
			}
			if c.result == "3" && (strings.Count(got.Body, "\n~~~~~~~~~~") != 2 || !strings.Contains(got.Body, "~ a change")) {
				t.Errorf("the text is not in one block:\n%.300s", got.Body)
			}
			if got.State == "closed" && !strings.Contains(got.Last, "https://example.org/run") {
				t.Errorf("closed with %q", got.Last)
			}
		})
	}
}
