package values

import (
	"slices"
	"testing"
)

func TestOutputs(t *testing.T) {
	for _, c := range []struct {
		name, profile, alertmanagerFrom, forwardFrom string
		want                                         []Output
	}{
		{"dev", "dev", "error", "", []Output{{"alertmanager", 1, "error"}, {"webui", 1, ""}}},
		{"three Alertmanagers, forwarded", "prod", "warning", "notice",
			[]Output{{"alertmanager", 3, "warning"}, {"webui", 1, ""}, {"webhook", 1, "notice"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Outputs(c.profile, DefaultNamespaces(), c.alertmanagerFrom, c.forwardFrom)
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("got %v, %v, want %v", got, err, c.want)
			}
		})
	}
}

func TestOutputRules(t *testing.T) {
	for _, c := range []struct {
		output Output
		want   string
	}{
		{Output{"alertmanager", 3, "critical"},
			`3 * sum by (pod) (falcosecurity_falcosidekick_falco_events_total{priority_raw=~"emergency|alert|critical"})`},
		{Output{"webui", 1, ""}, `1 * sum by (pod) (falcosecurity_falcosidekick_falco_events_total{` +
			`priority_raw=~"emergency|alert|critical|error|warning|notice|informational|debug"})`},
	} {
		group, err := outputRules([]Output{c.output})
		if err != nil {
			t.Fatal(err)
		}
		if rule := group.Rules[0]; rule.Expr != c.want || rule.Labels["destination"] != c.output.Destination {
			t.Errorf("%s: %s, want %s", rule.Labels["destination"], rule.Expr, c.want)
		}
	}
	if _, err := outputRules([]Output{{"webui", 1, "loud"}}); err == nil {
		t.Error("a priority that Falco has not was accepted")
	}
}
