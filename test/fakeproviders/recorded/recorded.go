package recorded

import (
	"context"
	"flag"
	"os"
	"testing"

	"github.com/pmezard/go-difflib/difflib"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"gopkg.in/yaml.v3"

	"doks-security/test/fakeproviders"
)

var record = flag.Bool("record", false, "make the calls of the tables with the published plugin, and keep its answers")

// Test holds a stand-in against the answers of dir. With -record it makes the answers, with the plugin that PULUMI_HOME
// (or the home directory) has.
func Test(t *testing.T, dir string, p *fakeproviders.Provider, open func(t *testing.T) World) {
	tables, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	published := ""
	if *record {
		if published, err = findPlugin(p.Package, p.PackageVersion); err != nil {
			t.Fatal(err)
		}
	}
	for name, table := range tables {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, dir, name, table, p, published, open)
		})
	}
}

func test(t *testing.T, dir, name string, table *Table, p *fakeproviders.Provider, published string,
	open func(t *testing.T) World) {
	all := make([]Answers, len(table.Cases))
	t.Run("cases", func(t *testing.T) {
		var want []Answers
		if published == "" {
			if err := decode(answersFile(dir, name), &want); err != nil {
				t.Fatal(err)
			}
		}
		for i, c := range table.Cases {
			t.Run(c.Name, func(t *testing.T) {
				t.Parallel()
				answers := ask(t, table, c, p, published, open)
				all[i] = Answers{Case: c.Name, Answers: answers}
				if published == "" {
					compare(t, find(want, c.Name), answers)
				}
			})
		}
	})
	if published == "" || t.Failed() {
		return
	}
	content, err := encode(all)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(answersFile(dir, name), content, 0o644); err != nil {
		t.Fatal(err)
	}
}

func find(all []Answers, name string) []Answer {
	for _, a := range all {
		if a.Case == name {
			return a.Answers
		}
	}
	return nil
}

// ask runs a case in its own world.
func ask(t *testing.T, table *Table, c Case, p *fakeproviders.Provider, published string,
	open func(t *testing.T) World) []Answer {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	world := open(t)
	defer func() {
		if err := world.Close(); err != nil {
			t.Error(err)
		}
	}()
	dial := func() (plugin.Provider, func() error, error) { return connect(ctx, p, published, world.Env()) }
	answers, err := run(ctx, dial, published != "", world, table, c)
	if err != nil {
		t.Fatal(err)
	}
	return answers
}

// compare reports every answer that differs from the recorded one.
func compare(t *testing.T, want, got []Answer) {
	if len(want) != len(got) {
		for _, a := range got {
			t.Log(plain(t, a))
		}
		t.Fatalf("%d answers, recorded are %d; record them again: go test -run %s -record", len(got), len(want), t.Name())
	}
	for i := range want {
		wanted, is := plain(t, want[i]), plain(t, got[i])
		if wanted == is {
			continue
		}
		diff, _ := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{
			A: difflib.SplitLines(wanted), B: difflib.SplitLines(is), FromFile: "published", ToFile: "stand-in", Context: 2,
		})
		t.Errorf("answer %d (%s):\n%s", i+1, want[i].Step, diff)
	}
}

// plain renders an answer with all numbers alike.
func plain(t *testing.T, a Answer) string {
	content, err := encode(a)
	if err != nil {
		t.Fatal(err)
	}
	var again any
	if err := yaml.Unmarshal(content, &again); err != nil {
		t.Fatal(err)
	}
	if content, err = encode(numbers(again)); err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func numbers(v any) any {
	switch v := v.(type) {
	case int:
		return float64(v)
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = numbers(v[key])
		}
	}
	return v
}
