package alerting

import (
	"fmt"
	"slices"
	"strings"

	"doks-security/values"
)

// Matchers of the alerts of Falco's events: falcosidekick's, those of Prometheus for when falcosidekick's way fails,
// and both.
const (
	fromFalcosidekick = `source="falco"`
	fromPrometheus    = `alertname=~"FalcoHighPriorityEvent|UnapprovedVirtualClusterStarted"`
)

var fromAny = []string{`rule!=""`, `alertname!="FalcoEventFlood"`}

// events is the name of a receiver in the routes of events. A name in settings has no slash.
func (r Receiver) events() string { return r.Name + "/events" }

// route sends a receiver the severities that it asks for. An event happens once and does not resolve: it goes to a
// receiver without resolved messages. A critical one elsewhere is its own group, notified at once and under
// its own key; others are one group a rule. Both alerts of an event are in one group: where Alertmanager forgot the one
// that inhibits the other, PagerDuty and Opsgenie know it by its key.
func (r Receiver) route() map[string]any {
	least := max(0, slices.Index(Severities, r.MinimumSeverity))
	return map[string]any{
		"matchers": []string{fmt.Sprintf("severity=~%q", strings.Join(Severities[least:], "|"))},
		"receiver": r.Name, "continue": true,
		"routes": []any{map[string]any{
			"matchers": fromAny, "receiver": r.events(), "group_by": []string{"cluster", "rule", "severity"},
			"routes": []any{map[string]any{
				"matchers": []string{`severity="critical"`}, "group_wait": "5s",
				"group_by": []string{"cluster", "rule", "severity", "hostname", "k8s_ns_name"},
			}},
		}},
	}
}

// configs are the receiver as Alertmanager has it, for alerts and for events.
func (r Receiver) configs(links values.AlertLinks) []any {
	alerts, events := r.config(links, true), r.config(links, false)
	alerts["name"], events["name"] = r.Name, r.events()
	return []any{alerts, events}
}

func (r Receiver) config(links values.AlertLinks, sendResolved bool) map[string]any {
	text := text(links)
	one := func(kind string, fields map[string]any) map[string]any {
		fields["send_resolved"] = sendResolved
		return map[string]any{kind + "_configs": []any{fields}}
	}
	switch {
	case r.Slack != nil:
		return one("slack", map[string]any{"api_url": r.Slack.URL, "channel": r.Slack.Channel,
			"title": title, "text": text})
	case r.PagerDuty != nil:
		return one("pagerduty", map[string]any{"routing_key": r.PagerDuty.RoutingKey, "description": title,
			"severity": `{{ .CommonLabels.severity }}`,
			// firing and resolved are Alertmanager's own details, with every alert.
			"details": map[string]any{"text": text, "firing": "", "resolved": ""}})
	case r.Opsgenie != nil:
		host := "https://api.opsgenie.com/"
		if r.Opsgenie.Region == "eu" {
			host = "https://api.eu.opsgenie.com/"
		}
		return one("opsgenie", map[string]any{"api_key": r.Opsgenie.APIKey, "api_url": host, "message": title,
			"description": text,
			"priority":    `{{ if eq .CommonLabels.severity "critical" }}P1{{ else }}P3{{ end }}`})
	case r.Webhook != nil:
		return one("webhook", map[string]any{"url": r.Webhook.URL, "max_alerts": maxWebhook})
	case r.Email != nil:
		fields := map[string]any{"to": r.Email.To, "from": r.Email.From, "smarthost": r.Email.Smarthost,
			"headers": map[string]any{"Subject": title}, "text": text, "html": ""}
		if r.Email.Username != "" {
			fields["auth_username"], fields["auth_password"] = r.Email.Username, r.Email.Password
		}
		return one("email", fields)
	}
	return map[string]any{}
}
