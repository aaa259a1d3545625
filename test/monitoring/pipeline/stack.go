package pipeline

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"gopkg.in/yaml.v3"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"doks-security/test/program"
	"doks-security/values"
)

// Stack is what the program makes of a stack file: the values of its releases, and the objects next to them.
type Stack struct{ *program.Installation }

// always are the settings that the stacks of the pipeline have in common: what messages link to, and the label cluster.
const always = `
cluster: {name: dev}
alerting: {runbooks: "https://example.org/runbooks"}
`

// rendered are the stacks so far, by file and settings: tests share them.
var rendered sync.Map

// Render runs the program with one of the stack files of tests (dev, staging or prod), with settings over it: YAML as
// below config in a stack file, without the project's name. {secure: ...} is an encrypted value.
func Render(file, settings string) (*Stack, error) {
	run, _ := rendered.LoadOrStore(file+"\n"+settings, sync.OnceValues(func() (*Stack, error) {
		over := map[string]any{"exposure": program.Gateway()}
		for _, text := range []string{always, settings} {
			var more map[string]any
			if err := yaml.Unmarshal([]byte(text), &more); err != nil {
				return nil, err
			}
			over = values.Merge(over, more)
		}
		root, err := projectRoot()
		if err != nil {
			return nil, err
		}
		installation, err := program.Run(root, program.Fixture(file, over))
		return &Stack{installation}, err
	}))
	return run.(func() (*Stack, error))()
}

// projectRoot is the directory of Pulumi.yaml, this one or one above.
func projectRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "Pulumi.yaml")); err == nil {
			return dir, nil
		}
	}
	return "", fmt.Errorf("no directory above has a Pulumi.yaml; run this within the project")
}

// Values are those of a release, by its folder in values/, or of an addon, by its chart.
func (s *Stack) Values(folder string) (map[string]any, error) {
	pins, err := values.Charts()
	if err != nil {
		return nil, err
	}
	for _, release := range s.Releases {
		if release.Chart.Name == cmp.Or(pins[folder].Name, folder) {
			return release.Values, nil
		}
	}
	return nil, fmt.Errorf("the stack has no release %s", folder)
}

// at is a value of a release. It must be there, and have that type.
func at[T any](s *Stack, folder string, path ...string) (T, error) {
	var none T
	all, err := s.Values(folder)
	if err != nil {
		return none, err
	}
	value, ok := values.At(all, path...).(T)
	if !ok {
		return none, fmt.Errorf("release %s: %v is %v, want a %T", folder, path, values.At(all, path...), none)
	}
	return value, nil
}

// object is the one of a kind and name that the program creates.
func (s *Stack) object(kind, name string) (*unstructured.Unstructured, error) {
	for _, o := range s.Objects {
		if o.GetKind() == kind && o.GetName() == name {
			return o, nil
		}
	}
	return nil, fmt.Errorf("the program creates no %s %s", kind, name)
}

// alertmanagerConfig is Alertmanager's configuration, which a Secret has.
func (s *Stack) alertmanagerConfig() (string, error) {
	secret, err := s.object("Secret", "alertmanager-config")
	if err != nil {
		return "", err
	}
	text, _, err := unstructured.NestedString(secret.Object, "stringData", "alertmanager.yaml")
	return text, err
}

// rules are the groups of all PrometheusRules.
func (s *Stack) rules() ([]any, error) {
	var groups []any
	for _, o := range s.Objects {
		if o.GetKind() != "PrometheusRule" {
			continue
		}
		of, _, err := unstructured.NestedSlice(o.Object, "spec", "groups")
		if err != nil {
			return nil, err
		}
		groups = append(groups, of...)
	}
	return groups, nil
}

// Receivers are the names of the receivers of alerts.
func (s *Stack) Receivers() []string {
	var names []string
	for _, r := range s.Settings.Alerting.Receivers {
		names = append(names, r.Name)
	}
	return names
}
