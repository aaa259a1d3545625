package values

import (
	"fmt"
	"slices"
	"strings"
)

// Output is where falcosidekick delivers Falco's events.
type Output struct {
	Destination string // as the metric falcosecurity_falcosidekick_outputs_total has it
	// Replicas is how often each event is delivered: once to each replica.
	Replicas int
	// From is the lowest priority that is delivered, such as "error"; empty: every event.
	From string
}

// Priorities are Falco's, from the highest.
var Priorities = []string{"emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug"}

// Outputs are those of a profile that lose events silently when they do not answer: Alertmanager, the UI, and where
// events are forwarded to. The arguments are the lowest priorities that the two get; an empty forward: nowhere. others
// are those of the stack file.
func Outputs(profile string, namespaces Namespaces, alertmanagerFrom, forwardFrom string, others ...Output) (
	[]Output, error,
) {
	loaded, err := Load("falco", profile, namespaces)
	if err != nil {
		return nil, err
	}
	addresses, ok := At(loaded, "falcosidekick", "config", "alertmanager", "hostport").(string)
	if !ok {
		return nil, fmt.Errorf("values/falco: no falcosidekick.config.alertmanager.hostport for profile %q", profile)
	}
	outputs := []Output{
		{Destination: "alertmanager", Replicas: strings.Count(addresses, ",") + 1, From: alertmanagerFrom},
		{Destination: "webui", Replicas: 1},
	}
	if forwardFrom != "" {
		outputs = append(outputs, Output{Destination: "webhook", Replicas: 1, From: forwardFrom})
	}
	return append(outputs, others...), nil
}

// outputRules record how many deliveries the events that falcosidekick accepted lead to.
func outputRules(outputs []Output) (RuleGroup, error) {
	group := RuleGroup{Name: "falcosidekick-outputs", Without: WithoutRuntimeSecurity}
	for _, output := range outputs {
		lowest := len(Priorities) - 1
		if output.From != "" {
			if lowest = slices.Index(Priorities, output.From); lowest < 0 {
				return group, fmt.Errorf("output %s: priority %q is none of %v", output.Destination, output.From, Priorities)
			}
		}
		group.Rules = append(group.Rules, Rule{
			Record: "falcosidekick:deliveries:expected",
			Expr: fmt.Sprintf("%d * sum by (pod) (falcosecurity_falcosidekick_falco_events_total{priority_raw=~%q})",
				output.Replicas, strings.Join(Priorities[:lowest+1], "|")),
			Labels: map[string]string{"destination": output.Destination},
		})
	}
	return group, nil
}
