package pipeline

import (
	"os"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"doks-security/alerting"
)

// What alerts and dashboards read of these programs is what they export, once they have done what is counted.
func TestProgramsExportTheMetricsThatAlertsRead(t *testing.T) {
	t.Parallel()
	f, a, sink := startEvents(t)
	if err := f.Send(t.Context(), critical); err != nil {
		t.Fatal(err)
	}
	var alerts []Alert
	for n := range alerting.MaxOfOneName + 1 {
		alerts = append(alerts, burst(10*n)) // of one name
	}
	send(t, a, alerts...)
	sink.Await(1, 5*time.Second, nil)
	text, err := os.ReadFile("../metrics.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var catalog struct {
		Metrics map[string]struct{ Source string }
	}
	if err := yaml.Unmarshal(text, &catalog); err != nil {
		t.Fatal(err)
	}
	for program, p := range map[string]*Process{"falcosidekick": f.Process, "alertmanager": a.Process} {
		series, err := p.Series(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		exported := map[string]bool{}
		for one := range series {
			name, _, _ := strings.Cut(one, "{")
			exported[name] = true
		}
		read := 0
		for name, metric := range catalog.Metrics {
			if metric.Source != program {
				continue
			}
			if read++; !exported[name] {
				t.Errorf("%s does not export %s", program, name)
			}
		}
		if read == 0 {
			t.Errorf("no alert or dashboard reads a metric of %s", program)
		}
	}
}
