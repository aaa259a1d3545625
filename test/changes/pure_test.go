package changes

import (
	"maps"
	"path/filepath"
	"strings"
	"testing"
)

func TestSet(t *testing.T) {
	for _, c := range []struct {
		path string
		to   any
		want string // its YAML path
	}{
		{"a.b", 2, "a.b"},
		{"a.new.deep", 2, "a.new.deep"},
		{"a.list[0].x", 2, "a.list[0].x"},
		{"a.list[1]", "second", "a.list[1]"},
		{"c", "new", "c"},
	} {
		in := object{"a": object{"b": 1, "list": list{object{"x": 1}}}}
		set(in, c.path, c.to)
		if got, ok := get(in, c.want); !ok || got != c.to {
			t.Errorf("%s: %v", c.path, in)
		}
		set(in, c.path, nil)
		if got, ok := get(in, c.want); ok {
			t.Errorf("%s is still %v", c.path, got)
		}
	}
}

// A stack file is read as it was written, and values are found in it.
func TestStackFile(t *testing.T) {
	f := file(filepath.Join(t.TempDir(), "Pulumi.dev.yaml"))
	written := stackFile{"config": object{"doks-security:cluster": object{"tags": list{"first"}}}}
	written.set("cluster.name", "main")
	if err := f.write(written); err != nil {
		t.Fatal(err)
	}
	content, err := f.read()
	if err != nil || content.get("cluster.name") != "main" || content.get("cluster.tags[0]") != "first" {
		t.Errorf("%v, %v", content, err)
	}
}

const urn = "urn:pulumi:dev::doks-security::doks-security:index:Cluster$"

// Of a replacement's three steps one operation remains.
func TestOperations(t *testing.T) {
	event := func(op, resource string) string {
		return `{"resourcePreEvent": {"metadata": {"op": "` + op + `", "urn": "` + urn + resource + `"}}}` + "\n"
	}
	vpc, loki := "digitalocean:index/vpc:Vpc::vpc", "kubernetes:helm.sh/v3:Release::loki"
	done, err := read([]byte(event("same", "a:b:Stack::x") + event("create-replacement", vpc) + event("replace", vpc) +
		event("delete-replaced", vpc) + event("delete", vpc) + event("create", loki) + `{"summaryEvent": {}}`))
	if err != nil || !maps.Equal(done, operations{urn + vpc: "replace", urn + loki: "create"}) {
		t.Errorf("%v, %v", done, err)
	}
	if lost := done.lost(); len(lost) != 1 || !strings.Contains(lost[0], "Vpc") {
		t.Errorf("lost %q, want the VPC", lost)
	}
	if back := done.inverse(); back[urn+loki] != "delete" || back[urn+vpc] != "replace" {
		t.Errorf("the inverse is %v", back)
	}
}

// The page has what changes did, and keeps the rows of others.
func TestPageIsUpdated(t *testing.T) {
	first, second, third := All()[2], All()[3], All()[4]
	shown := page("", []Result{
		{Change: first, Refused: "a|b"},
		{Change: second, Done: operations{urn + "kubernetes:helm.sh/v3:Release::loki": "update"},
			Restarts: []string{"loki/loki"},
			Back:     &Result{Refused: "no"}},
	})
	shown = page(shown, []Result{{Change: second, Err: strings.NewReader("").UnreadByte()}})
	for _, want := range []string{
		row(first) + " refused: a\\|b | - |\n",
		row(second) + " updates Release `loki`; back: refused: no | `loki/loki` |\n",
		row(third) + " not rehearsed yet | |\n",
	} {
		if !strings.Contains(shown, want) {
			t.Errorf("the page does not contain %q:\n%s", want, shown)
		}
	}
}

func TestRestarted(t *testing.T) {
	before := map[string]workload{"loki/loki": {"loki", "1"}, "a/same": {"a", "1"}, "a/gone": {"a", "1"}}
	after := map[string]workload{"loki/loki": {"loki", "2"}, "a/same": {"a", "1"}, "a/new": {"a", "1"}}
	restarts := restarted(before, after)
	if !maps.Equal(restarts, map[string]string{"loki/loki": "loki"}) {
		t.Errorf("restarts %v", restarts)
	}
	if names := inReleases(restarts, operations{urn + "kubernetes:helm.sh/v3:Release::loki": "update"}); len(names) != 1 {
		t.Errorf("of the release: %q", names)
	}
	if names := inReleases(restarts, operations{urn + "kubernetes:helm.sh/v3:Release::alloy": "update"}); len(names) != 0 {
		t.Errorf("of another release: %q", names)
	}
}
