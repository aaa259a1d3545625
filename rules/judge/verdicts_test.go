package judge

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// verdict is what real Falcos say of a file that a user puts behind Falco's own rules and ours.
type verdictCase struct {
	Name string
	// Falco is loads, warns or refuses, or one of them for each release.
	Falco yaml.Node
	// Warning is the name of Falco's warning.
	Warning string
	// Stricter are the linter's own warnings, where Falco says nothing.
	Stricter []string
	Rules    string
}

func (v verdictCase) of(t *testing.T, falco Falco) string {
	if v.Falco.Kind == yaml.ScalarNode {
		return v.Falco.Value
	}
	var byRelease map[string]string
	if err := v.Falco.Decode(&byRelease); err != nil || byRelease[falco.Version] == "" {
		t.Fatalf("%s: no verdict of Falco %s (%v)", v.Name, falco.Version, err)
	}
	return byRelease[falco.Version]
}

// The linter refuses what Falco refuses, and warns where Falco warns. Where it warns alone, the file says so.
func TestVerdicts(t *testing.T) {
	files, err := filepath.Glob("testdata/verdicts/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var ours []File
	for _, name := range []string{"10-doks-tuning.yaml", "20-virtual-clusters.yaml"} {
		text, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		ours = append(ours, File{Name: name, Text: string(text)})
	}
	count := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var cases []verdictCase
		if err := yaml.Unmarshal(text, &cases); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, c := range cases {
			for _, falco := range Supported {
				count++
				t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml")+"/"+c.Name+"/"+falco.Version, func(t *testing.T) {
					_, problems := Load([]Falco{falco}, slices.Concat(StockNames(Stable), ours, []File{{Name: "user.yaml", Text: c.Rules}})...)
					c.hold(t, falco, problems)
				})
			}
		}
	}
	if count < 2*309 {
		t.Errorf("%d verdicts: where are the others?", count)
	}
}

func (v verdictCase) hold(t *testing.T, falco Falco, problems Problems) {
	want := v.of(t, falco)
	got := "loads"
	var stricter []string
	for _, p := range problems {
		if p.File != "user.yaml" {
			t.Errorf("the problem is not of the user's file: %v", p)
		}
		switch {
		case !p.Warning:
			got = "refuses"
		case !strings.HasPrefix(p.Name, "LOAD_"):
			stricter = append(stricter, p.Name)
		case got == "loads":
			got = "warns"
		}
	}
	if got != want {
		t.Errorf("got %s, want %s\n%v\n%s", got, want, problems, v.Rules)
	}
	named := func(p Problem) bool { return p.Name == v.Warning }
	if want == "warns" && !slices.ContainsFunc(problems, named) {
		t.Errorf("want a warning %s\n%v", v.Warning, problems)
	}
	if want != "refuses" {
		for _, name := range stricter {
			if !slices.Contains(v.Stricter, name) {
				t.Errorf("stricter than Falco: %s\n%v\n%s", name, problems, v.Rules)
			}
		}
	}
}
