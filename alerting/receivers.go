package alerting

import (
	"maps"
	"strings"

	"doks-security/values"
)

// events is the name of a receiver in the routes of events. A name in settings has no slash.
func (r Receiver) events() string { return r.Name + "/events" }

// configs are the receiver as Alertmanager has it, for alerts and for events.
func (r Receiver) configs(links values.AlertLinks) []any {
	alerts, events := r.config(links, true), r.config(links, false)
	alerts["name"], events["name"] = r.Name, r.events()
	return []any{alerts, events}
}

// config is what Alertmanager knows of the receiver's kinds: what is set, and this project's messages.
func (r Receiver) config(links values.AlertLinks, resolved bool) map[string]any {
	texts, config := messages(links), map[string]any{}
	for kind, entries := range r.kinds() {
		var list []any
		for _, element := range entries {
			entry, _ := element.(map[string]any)
			complete := merged(entry, texts[strings.TrimSuffix(kind, "_configs")])
			if _, given := entry["send_resolved"]; !given || !resolved {
				complete["send_resolved"] = resolved
			}
			list = append(list, complete)
		}
		config[kind] = list
	}
	return config
}

// merged is an object with the keys of another that it lacks.
func merged(object, defaults map[string]any) map[string]any {
	all := maps.Clone(defaults)
	if all == nil {
		all = map[string]any{}
	}
	for key, value := range object {
		inner, isObject := value.(map[string]any)
		if standard, ok := defaults[key].(map[string]any); ok && isObject {
			value = merged(inner, standard)
		}
		all[key] = value
	}
	return all
}

// kinds are the receiver's entries of Alertmanager's configuration, by their key.
func (r Receiver) kinds() map[string][]any {
	one := func(kind string, fields map[string]any) map[string][]any { return map[string][]any{kind: {fields}} }
	switch {
	case r.Slack != nil:
		return one("slack_configs", map[string]any{"api_url": r.Slack.URL, "channel": r.Slack.Channel})
	case r.PagerDuty != nil:
		return one("pagerduty_configs", map[string]any{"routing_key": r.PagerDuty.RoutingKey})
	case r.Opsgenie != nil:
		host := "https://api.opsgenie.com/"
		if r.Opsgenie.Region == "eu" {
			host = "https://api.eu.opsgenie.com/"
		}
		return one("opsgenie_configs", map[string]any{"api_key": r.Opsgenie.APIKey, "api_url": host})
	case r.Webhook != nil:
		return one("webhook_configs", map[string]any{"url": r.Webhook.URL})
	case r.Email != nil:
		fields := map[string]any{"to": r.Email.To, "from": r.Email.From, "smarthost": r.Email.Smarthost}
		if r.Email.Username != "" {
			fields["auth_username"], fields["auth_password"] = r.Email.Username, r.Email.Password
		}
		return one("email_configs", fields)
	}
	all := map[string][]any{}
	for kind, value := range r.Alertmanager {
		all[kind], _ = value.([]any)
	}
	return all
}

// messages are the texts of each kind of receiver, for the fields that are not set. Kinds without one of a bounded
// length get a bounded number of alerts.
func messages(links values.AlertLinks) map[string]map[string]any {
	text, both := text(links), title+"\n\n"+text(links)
	level := func(critical, other string) string {
		return `{{ if eq .CommonLabels.severity "critical" }}` + critical + `{{ else }}` + other + `{{ end }}`
	}
	return map[string]map[string]any{
		"discord":    {"title": title, "message": text},
		"email":      {"headers": map[string]any{"Subject": title}, "text": text, "html": ""},
		"incidentio": {"max_alerts": maxWebhook},
		"jira":       {"summary": title, "description": text},
		"mattermost": {"title": title, "text": text, "fallback": title},
		"msteams":    {"title": title, "summary": title, "text": text},
		"msteamsv2":  {"title": title, "text": text},
		"opsgenie":   {"message": title, "description": text, "priority": level("P1", "P3")},
		"pagerduty": {"description": title, "severity": `{{ .CommonLabels.severity }}`,
			// firing and resolved are Alertmanager's own details, with every alert.
			"details": map[string]any{"text": text, "firing": "", "resolved": ""}},
		// An emergency is repeated until it is acknowledged.
		"pushover": {"title": title, "message": text,
			"priority": level(`{{ if eq .Status "firing" }}2{{ else }}0{{ end }}`, "0")},
		"rocketchat": {"title": title, "text": text},
		"slack":      {"title": title, "text": text},
		"sns":        {"subject": title, "message": text},
		"telegram":   {"message": both},
		"victorops":  {"entity_display_name": title, "state_message": text, "message_type": level("CRITICAL", "WARNING")},
		"webex":      {"message": both},
		"webhook":    {"max_alerts": maxWebhook},
		"wechat":     {"message": both},
	}
}
