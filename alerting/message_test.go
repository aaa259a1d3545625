package alerting

import (
	"strings"
	"testing"

	"doks-security/values"
)

// A message links to what is deployed only.
func TestLinksOfMessages(t *testing.T) {
	const grafana = "https://grafana.example.org"
	for _, c := range []struct {
		name            string
		links           values.AlertLinks
		alerts, runtime bool
	}{
		{"all parts", values.AlertLinks{Grafana: grafana}, true, true},
		{"without Falco", values.AlertLinks{Grafana: grafana, NoDashboards: true}, true, false},
		{"without Grafana", values.AlertLinks{Grafana: grafana, NoGrafana: true, NoDashboards: true}, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := text(c.links)
			if strings.Contains(got, "All alerts: "+grafana) != c.alerts ||
				strings.Contains(got, "/d/runtime-security") != c.runtime || !strings.Contains(got, "FalcoHighPriorityEvent") {
				t.Errorf("message\n%s", got)
			}
		})
	}
}
