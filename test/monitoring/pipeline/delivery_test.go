package pipeline

import (
	"strings"
	"testing"
	"time"

	"doks-security/alerting"
)

// everybody is one receiver of each kind. Their addresses are replaced by the sink's.
var everybody = alerting.Settings{
	Heartbeat: &alerting.Heartbeat{URL: "https://example.org/heartbeat", Interval: "5m"},
	Receivers: []alerting.Receiver{
		{Name: "team", MinimumSeverity: "warning", Slack: &alerting.Slack{URL: "https://example.org/a", Channel: "#alerts"}},
		{Name: "oncall", MinimumSeverity: "critical", PagerDuty: &alerting.PagerDuty{RoutingKey: strings.Repeat("a", 32)}},
		{Name: "backup", MinimumSeverity: "critical", Opsgenie: &alerting.Opsgenie{APIKey: "key", Region: "eu"}},
		{Name: "siem", MinimumSeverity: "info", Webhook: &alerting.Webhook{URL: "https://example.org/b"}},
		{Name: "archive", MinimumSeverity: "warning", Email: &alerting.Email{
			To: "a@example.org", From: "b@example.org", Smarthost: "smtp.example.org:587", Username: "a", Password: "b",
		}},
	},
}

func TestEveryEventReachesEachOutputOnce(t *testing.T) {
	t.Parallel()
	l, sink := newLab(t, "alertmanager", "falcosidekick")
	deliveries, err := Deliver(t.Context(), l, sink, everybody, 40*time.Second)
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
		for _, r := range everybody.Receivers {
			if got := len(d.Notified[r.Name]); got != want.Alertmanager {
				t.Errorf("%s: %d notifications of %s, want %d", d.Event.Priority, got, r.Name, want.Alertmanager)
			}
		}
	}
}
