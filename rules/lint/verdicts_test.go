package lint

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The linter refuses what Falco refuses, and warns where Falco warns. Where it warns alone, the file says so.
func TestVerdicts(t *testing.T) {
	var ours []File
	for _, name := range []string{"10-doks-tuning.yaml", "20-virtual-clusters.yaml"} {
		text, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		ours = append(ours, File{Name: name, Text: string(text)})
	}
	verdicts, err := ReadVerdicts("testdata/verdicts")
	if err != nil {
		t.Fatal(err)
	}
	if len(verdicts) < 460 {
		t.Errorf("%d verdicts: where are the others?", len(verdicts))
	}
	for _, v := range verdicts {
		for _, falco := range Supported {
			t.Run(strings.TrimSuffix(filepath.Base(v.Source), ".yaml")+"/"+v.Name+"/"+falco.Version, func(t *testing.T) {
				user := File{Name: verdictFile, Text: v.Rules}
				_, problems := Load([]Falco{falco}, slices.Concat(StockNames(Stable), ours, []File{user})...)
				hold(t, v, falco, problems)
			})
		}
	}
}

func hold(t *testing.T, v Verdict, falco Falco, problems Problems) {
	want, err := v.Of(falco)
	if err != nil {
		t.Fatal(err)
	}
	if got := problems.Outcome(); got != want {
		t.Errorf("got %s, want %s\n%v\n%s", got, want, problems, v.Rules)
	}
	var stricter []string
	for _, p := range problems {
		if p.File != verdictFile {
			t.Errorf("the problem is not of the user's file: %v", p)
		}
		if p.Warning && !strings.HasPrefix(p.Name, "LOAD_") {
			stricter = append(stricter, p.Name)
		}
	}
	named := func(p Problem) bool { return p.Name == v.Warning }
	if want == Warns && !slices.ContainsFunc(problems, named) {
		t.Errorf("want a warning %s\n%v", v.Warning, problems)
	}
	if want != Refuses {
		for _, name := range stricter {
			if !slices.Contains(v.Stricter, name) {
				t.Errorf("stricter than Falco: %s\n%v\n%s", name, problems, v.Rules)
			}
		}
	}
}
