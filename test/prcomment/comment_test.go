package prcomment

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// set writes a directory of manifests.
func set(t *testing.T, s Summary, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{SummaryFile: string(text)}
	for name, text := range files {
		all[name] = text
	}
	for name, text := range all {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func usd(amount float64) *float64 { return &amount }

var small = Summary{Stack: "dev", Kubernetes: "1.34", Nodes: 2, Room: Resources{2000, 4000}, Free: Resources{500, 1000},
	MonthlyCostUSD: usd(50)}

const output = `Previewing update (dev):
  pulumi:pulumi:Stack: (same)
        ~ kubernetes:helm.sh/v3:Release: (update)
          - old
          + new
Resources:
    ~ 1 to update
    70 unchanged
`

func TestComment(t *testing.T) {
	larger := small
	larger.Nodes, larger.Room, larger.Free, larger.MonthlyCostUSD = 3, Resources{3000, 6000},
		Resources{1500, 3000}, usd(74.5)
	standIn := small
	standIn.StandIns = true
	unknown := Summary{Stack: "dev", Kubernetes: "1.35", Notes: []string{"one"}}
	for _, c := range []struct {
		name            string
		was, is         Summary
		before, after   map[string]string
		pulumi, whole   string
		says, neverSays []string
	}{
		{"a change", small, larger,
			map[string]string{"loki/Pod_a.yaml": "a: 1\nb: 2\nhelm.sh/chart: loki-1\n", "loki/Pod_b.yaml": "x: 1\n",
				"program/Pod_c.yaml": "same: 1\n"},
			map[string]string{"loki/Pod_a.yaml": "a: 1\nb: 3\nhelm.sh/chart: loki-2\n", "falco/Pod_d.yaml": "new: 1\n",
				"program/Pod_c.yaml": "same: 1\n"},
			output, "[preview-dev](https://example.org/run)",
			[]string{
				"<!-- doks-security preview dev -->\n", "| cost a month | 50.00 USD | 74.50 USD |",
				"| difference |  | **+24.50 USD** |",
				"| nodes, at least | 2 | 3 |", "| memory left for more | 1000 MiB of 4000 MiB (25 %) | 3000 MiB of 6000 " +
					"MiB (50 %) |",
				"<code>pulumi preview --diff</code>: ~ 1 to update, 70 unchanged", "\n-           old\n", "\n+           new\n",
				"3 objects differ, 1 stay as they are.", "<code>loki</code>: +0 ~1 -1", "~ Pod_a.yaml\n", "-b: 2\n+b: 3\n",
				"- Pod_b.yaml", "<code>falco</code>: +1 ~0 -0",
				"The whole: [preview-dev](https://example.org/run)",
			}, []string{"helm.sh/chart", "left out", "WARNING"}},
		{"of a fork, without secrets", small, small, nil, nil, "", "",
			[]string{"`pulumi preview` did not run", "| difference |  | none |", "0 objects differ"}, []string{"The whole"}},
		{"a preview that failed", small, small, nil, nil, "error: 2 faults\n", "",
			[]string{"it did not end, see below", "error: 2 faults"}, nil},
		{"stand-ins on both sides", standIn, standIn, nil, nil, output, "",
			[]string{"**stand-ins** | **stand-ins**", "[!WARNING]", "with **stand-in charts**"}, nil},
		{"stand-ins on one side", small, standIn, nil, nil, output, "",
			[]string{"| charts | published | **stand-ins** |", "says nothing"}, nil},
		{"a new environment", Summary{Stack: "dev"}, standIn, nil,
			map[string]string{"b/Pod_b.yaml": "b: 1\n", "a/Pod_a.yaml": "long: text\n"}, output, "",
			[]string{"| Kubernetes | not there | `1.34` |", "| charts | not there | **stand-ins** |", "with **stand-in charts**",
				"<code>b</code>: +1 ~0 -0</summary>\n\n```diff\n+ Pod_b.yaml\n@@ -0,0 +1 @@\n+b: " +
					"1\n\n```\n\n</details>\n<details><summary><code>a</code>"},
			[]string{"says nothing"}},
		{"nothing is known", unknown, unknown, nil, nil, output, "",
			[]string{"| cost a month | not known", "| difference |  | not known |", "| nodes, at least | not known",
				"1 not verified"}, nil},
		{"a text that would end its fence", small, small, nil, map[string]string{"r/x.yaml": "```\n# not a heading\n````\n"},
			output, "",
			[]string{"`````diff\n+ x.yaml\n"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Comment(Input{Stack: "dev", Before: set(t, c.was, c.before), After: set(t, c.is, c.after),
				Pulumi: c.pulumi, Whole: c.whole})
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range c.says {
				if !strings.Contains(got, want) {
					t.Errorf("output does not contain %q:\n%s", want, got)
				}
			}
			for _, no := range c.neverSays {
				if strings.Contains(got, no) {
					t.Errorf("%q in\n%s", no, got)
				}
			}
		})
	}
}

// What is too long for GitHub is cut at a line, every fold is closed, and what is missing is named.
func TestLongComment(t *testing.T) {
	files := map[string]string{}
	for release := range 40 {
		for object := range 20 {
			files[fmt.Sprintf("release-%02d/Pod_%d.yaml", release, object)] = strings.Repeat("some: thing\n", 40)
		}
	}
	long := strings.Repeat("    ~ something that changes\n", 5000) + output
	got, err := Comment(Input{Stack: "dev", Before: set(t, small, nil), After: set(t, small, files), Pulumi: long,
		Whole: "elsewhere"})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) > Limit || len(got) < Limit-2*tail {
		t.Errorf("%d bytes, want at most %d and not far less", len(got), Limit)
	}
	if strings.Count(got, "<details>") != strings.Count(got, "</details>") || strings.Count(got, "\n```")%2 != 0 {
		t.Error("a fold or a fence stays open")
	}
	for _, want := range []string{"left out: the rest of Pulumi's diff, the rest of `release-", "The whole: elsewhere",
		"+ Pod_0.yaml", "~ 1 to update"} {
		if !strings.Contains(got, want) {
			t.Errorf("output does not contain %q:\n%s", want, got[len(got)-3000:])
		}
	}
}

// What a fork's code wrote must not show what else is on the machine.
func TestLinksAreRefused(t *testing.T) {
	good, bad := set(t, small, nil), set(t, small, nil)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(bad, "x.yaml")); err != nil {
		t.Fatal(err)
	}
	if got, err := Comment(Input{Stack: "dev", Before: good, After: bad}); err == nil ||
		!strings.Contains(err.Error(), "x.yaml is no regular file") {
		t.Errorf("error %v, comment %q", err, got)
	}
	if _, err := Comment(Input{Stack: "dev", Before: good, After: t.TempDir()}); err == nil ||
		!strings.Contains(err.Error(), SummaryFile) {
		t.Errorf("error %v, want one about the missing summary", err)
	}
}

// A summary of another program's code stays in its place of the table.
func TestHostileSummary(t *testing.T) {
	hostile := small
	hostile.Kubernetes = "1.34` | [click](https://example.org) <img src=x>\n# heading @everyone"
	got, err := Comment(Input{Stack: "dev", Before: set(t, small, nil),
		After: set(t, hostile, map[string]string{"<b>@x/y.yaml": "z\n"}), Pulumi: output})
	if err != nil {
		t.Fatal(err)
	}
	for _, no := range []string{"[click]", "<img", "\n# heading", "@everyone", "<b>"} {
		if strings.Contains(got, no) {
			t.Errorf("%q in\n%s", no, got)
		}
	}
}
