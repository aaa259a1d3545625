package components

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// Actions of a ResponseRule.
const (
	ActionLabel     = "label"     // sets SuspiciousLabel
	ActionIsolate   = "isolate"   // sets IsolatedLabel: no connections from and to the pod, until it is removed
	ActionTerminate = "terminate" // deletes the pod, which its controller replaces
)

// ResponseRule is an action, and the events that lead to it: of one of the rules, in one of the namespaces, of at least
// the priority. What is empty matches every event.
type ResponseRule struct {
	Action          string
	Rules           []string
	Namespaces      []string
	MinimumPriority string
}

// actions are Talon's, with the verbs on pods that they need in addition to get. Update is for a pod without labels.
var actions = []struct {
	name, actionner string
	verbs           []string
	parameters      map[string]any
}{
	{ActionLabel, "kubernetes:label", []string{"patch", "update"},
		map[string]any{"labels": map[string]string{SuspiciousLabel: "true"}}},
	{ActionIsolate, "kubernetes:label", []string{"patch", "update"},
		map[string]any{"labels": map[string]string{IsolatedLabel: "true"}}},
	{ActionTerminate, "kubernetes:terminate", []string{"delete"}, map[string]any{"grace_period_seconds": 5}},
}

// ResponseActions are the names of all actions.
func ResponseActions() []string {
	var names []string
	for _, a := range actions {
		names = append(names, a.name)
	}
	return names
}

type talonRule struct {
	Rule    string        `yaml:"rule"`
	Match   talonMatch    `yaml:"match"`
	DryRun  string        `yaml:"dry_run"` // "true" or "false": Talon reads a string
	Actions []talonAction `yaml:"actions"`
}

// talonMatch is of all fields; the elements of a list are alternatives, those of one of OutputFields all required.
type talonMatch struct {
	Source       string   `yaml:"source"`
	Rules        []string `yaml:"rules,omitempty"`
	Priority     string   `yaml:"priority,omitempty"`
	OutputFields []string `yaml:"output_fields"`
}

type talonAction struct {
	Action     string         `yaml:"action"`
	Actionner  string         `yaml:"actionner"`
	Parameters map[string]any `yaml:"parameters"`
}

// TalonRules are the rules as Talon reads them (internal/rules of github.com/falcosecurity/falco-talon). Each excludes
// the namespaces in which nothing is done.
func TalonRules(args *ResponseArgs) (string, error) {
	// Talon compares a field that is null, as of a process of the node, with <nil>: such an event would match, and have
	// no action.
	excluded := []string{"k8s.pod.name!=<nil>"}
	for _, namespace := range args.Never {
		excluded = append(excluded, "k8s.ns.name!="+namespace)
	}
	never := strings.Join(excluded, ",")
	var all []talonRule
	for i, r := range args.Rules {
		rule := talonRule{Rule: fmt.Sprintf("response.rules[%d]", i), DryRun: fmt.Sprint(args.DryRun), Match: talonMatch{
			Source: "syscall", Rules: r.Rules, OutputFields: []string{},
		}}
		if args.DryRun {
			rule.Rule += " (dry run)" // in metrics: ResponseActionMissing expects no action of it
		}
		if r.MinimumPriority != "" {
			rule.Match.Priority = ">=" + r.MinimumPriority
		}
		for _, namespace := range r.Namespaces {
			rule.Match.OutputFields = append(rule.Match.OutputFields, "k8s.ns.name="+namespace+","+never)
		}
		if len(r.Namespaces) == 0 {
			rule.Match.OutputFields = append(rule.Match.OutputFields, never)
		}
		for _, a := range actions {
			if a.name == r.Action {
				rule.Actions = append(rule.Actions, talonAction{a.name, a.actionner, a.parameters})
			}
		}
		all = append(all, rule)
	}
	text, err := yaml.Marshal(all)
	return string(text), err
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
