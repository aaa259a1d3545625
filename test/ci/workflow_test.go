package ci

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// people is the condition under which a job may meet secrets on a pull request that has not been reviewed yet.
const people = "github.event.pull_request.user.type == 'User'"

// forks is the condition under which a job may meet secrets on a pull request.
const forks = "github.event.pull_request.head.repo.full_name == github.repository"

// workflow is what is checked of a file.
type workflow struct {
	On          map[string]any `yaml:"on"`
	Permissions map[string]any `yaml:"permissions"`
	Jobs        map[string]job `yaml:"jobs"`
}

type job struct {
	If          string            `yaml:"if"`
	Permissions map[string]string `yaml:"permissions"`
	Environment any               `yaml:"environment"`
	Minutes     int               `yaml:"timeout-minutes"`
	Uses        string            `yaml:"uses"`
	Needs       oneOrMore         `yaml:"needs"`
	Concurrency struct {
		Group  string `yaml:"group"`
		Cancel any    `yaml:"cancel-in-progress"`
	} `yaml:"concurrency"`
	Steps []struct {
		Uses string         `yaml:"uses"`
		Run  string         `yaml:"run"`
		With map[string]any `yaml:"with"`
	} `yaml:"steps"`
}

// oneOrMore is a string, or a list of strings.
type oneOrMore []string

func (o *oneOrMore) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		*o = oneOrMore{node.Value}
		return nil
	}
	return node.Decode((*[]string)(o))
}

// needs reports whether a job runs only after one that calls the workflow.
func (w workflow) needs(name, called string) bool {
	return slices.ContainsFunc(w.Jobs[name].Needs, func(other string) bool {
		return w.Jobs[other].Uses == called || w.needs(other, called)
	})
}

func workflows(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("../../.github/workflows/*.yml")
	if err != nil || len(files) < 5 {
		t.Fatalf("workflows %q, %v", files, err)
	}
	texts := map[string][]byte{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[file] = text
	}
	return texts
}

// errors are what a workflow must not do.
func errs(text []byte) ([]string, error) {
	var w workflow
	if err := yaml.Unmarshal(text, &w); err != nil {
		return nil, err
	}
	var all []string
	if w.Permissions == nil || len(w.Permissions) > 0 {
		all = append(all, "it does not begin without permissions")
	}
	if _, target := w.On["pull_request_target"]; target {
		all = append(all, "pull_request_target")
	}
	_, onPull := w.On["pull_request"]
	_, onRun := w.On["workflow_run"]
	var jobs struct {
		Jobs map[string]yaml.Node `yaml:"jobs"`
	}
	if err := yaml.Unmarshal(text, &jobs); err != nil {
		return nil, err
	}
	for name, j := range w.Jobs {
		node := jobs.Jobs[name]
		source, err := yaml.Marshal(&node)
		if err != nil {
			return nil, err
		}
		secrets := bytes.Contains(source, []byte("secrets.")) || bytes.Contains(source, []byte("secrets:")) ||
			j.Environment != nil
		add := func(problem string) { all = append(all, name+": "+problem) }
		if j.Permissions == nil {
			add("no permissions")
		}
		if j.Minutes == 0 && j.Uses == "" {
			add("no timeout")
		}
		if onPull && secrets && !strings.Contains(j.If, forks) {
			add("secrets on a fork")
		}
		if onPull && secrets && !strings.Contains(j.If, people) {
			add("secrets for a bot's change")
		}
		if j.Uses == "./.github/workflows/up.yml" && !w.needs(name, "./.github/workflows/test.yml") {
			add("a deployment that does not wait for the tests")
		}
		if onRun && secrets {
			add("secrets together with what another run left")
		}
		for permission, access := range j.Permissions {
			if onPull && access == "write" {
				add("may write " + permission + " for a change's own code")
			}
		}
		for _, s := range j.Steps {
			if strings.Contains(s.Run, "${{") {
				add("an expression in a script: " + s.Run)
			}
			if strings.HasPrefix(s.Uses, "actions/checkout@") &&
				(s.With["persist-credentials"] != false || s.With["ref"] != nil || s.With["repository"] != nil) {
				add("a checkout that keeps its credentials, or of something else")
			}
			if strings.Contains(s.Run, "pulumi up") && j.Concurrency.Cancel != false {
				add("an update that may be cancelled half way")
			}
		}
	}
	slices.Sort(all)
	return all, nil
}
