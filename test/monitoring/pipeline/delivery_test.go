package pipeline

import (
	"testing"
	"time"
)

// everybody is one receiver of each kind. Their addresses are replaced by the sink's.
const everybody = `
alerting:
  heartbeat: {url: {secure: a}, interval: 5m}
  receivers:
    - {name: team, slack: {url: {secure: a}, channel: "#alerts"}}
    - {name: oncall, minimumSeverity: critical, pagerduty: {routingKey: {secure: a}}}
    - {name: backup, minimumSeverity: critical, opsgenie: {apiKey: {secure: a}, region: eu}}
    - {name: siem, minimumSeverity: info, webhook: {url: {secure: a}}}
    - name: archive
      email:
        to: a@example.org
        from: b@example.org
        smarthost: smtp.example.org:587
        username: a
        password: {secure: a}
`

// render is the stack of a file of tests, with settings.
func render(t *testing.T, file, settings string) *Stack {
	t.Helper()
	s, err := Render(file, settings)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEveryEventReachesEachOutputOnce(t *testing.T) {
	t.Parallel()
	l, sink := newLab(t, "alertmanager", "falcosidekick")
	s := render(t, "dev", everybody)
	deliveries, err := Deliver(t.Context(), l, sink, s, 40*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range deliveries {
		want := Delivery{UI: 1}
		if i >= 4 { // runtimeSecurity.alertmanagerFrom: error
			want.Alertmanager = 1
		}
		if d.UI != want.UI || d.Alertmanager != want.Alertmanager {
			t.Errorf("%s: UI %d, Alertmanager %d; want %d, %d", d.Event.Priority,
				d.UI, d.Alertmanager, want.UI, want.Alertmanager)
		}
		for _, receiver := range s.Receivers() {
			if got := len(d.Notified[receiver]); got != want.Alertmanager {
				t.Errorf("%s: %d notifications of %s, want %d", d.Event.Priority, got, receiver, want.Alertmanager)
			}
		}
	}
}
