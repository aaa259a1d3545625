package alerting

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Names of receivers that are always, or may be, there.
const (
	Nobody        = "null"
	HeartbeatName = "heartbeat"
)

// What a person reads. The links are those of values/<release>/alerts.yaml; an event from falcosidekick has a description
// only.
const (
	title = `[{{ .Status | toUpper }}{{ if eq .Status "firing" }}:{{ .Alerts.Firing | len }}{{ end }}] {{ .CommonLabels.alertname }}` +
		` ({{ .CommonLabels.severity }}, {{ .CommonLabels.cluster }})`
	text = `{{ range .Alerts }}{{ .Annotations.description }}` +
		`{{ with .Annotations.runbook_url }}` + "\n" + `Runbook: {{ . }}{{ end }}` +
		`{{ with .Annotations.dashboard_url }}` + "\n" + `Dashboard: {{ . }}{{ end }}` + "\n" + `{{ end }}`
)

// Config is Alertmanager's configuration. It holds the receivers' secrets in plain text: keep it one.
func (s Settings) Config() (string, error) {
	receivers := []any{map[string]any{"name": Nobody}}
	routes := []any{s.watchdog(), map[string]any{"matchers": []string{`alertname="InfoInhibitor"`}, "receiver": Nobody}}
	if s.Heartbeat != nil {
		receivers = append(receivers, map[string]any{"name": HeartbeatName, "webhook_configs": []any{
			map[string]any{"url": s.Heartbeat.URL, "send_resolved": false},
		}})
	}
	for _, r := range s.Receivers {
		receivers = append(receivers, r.config())
		routes = append(routes, map[string]any{"matchers": []string{r.matcher()}, "receiver": r.Name, "continue": true})
	}
	config, err := yaml.Marshal(map[string]any{
		// How long an event without an end lives; falcosidekick gives its own one.
		"global": map[string]any{"resolve_timeout": "5m"},
		"route": map[string]any{
			"receiver": Nobody, "group_by": []string{"cluster", "alertname"},
			"group_wait": "30s", "group_interval": "5m", "repeat_interval": "4h",
			"routes": routes,
		},
		"inhibit_rules": inhibitRules(),
		"receivers":     receivers,
	})
	if err != nil {
		return "", fmt.Errorf("writing Alertmanager's configuration: %w", err)
	}
	return string(config), nil
}

// watchdog routes the alert that always fires. Nobody wants to read it; the heartbeat's receiver misses it.
func (s Settings) watchdog() map[string]any {
	route := map[string]any{"matchers": []string{`alertname="Watchdog"`}, "receiver": Nobody}
	if s.Heartbeat != nil {
		route["receiver"] = HeartbeatName
		route["group_wait"], route["group_interval"], route["repeat_interval"] = "0s", "1m", s.Heartbeat.Interval
	}
	return route
}

// inhibitRules keep one channel from telling one thing twice.
func inhibitRules() []any {
	rule := func(source, target []string, equal ...string) any {
		return map[string]any{"source_matchers": source, "target_matchers": target, "equal": equal}
	}
	return []any{
		rule([]string{`severity="critical"`}, []string{`severity=~"warning|info"`}, "cluster", "namespace", "alertname"),
		rule([]string{`severity="warning"`}, []string{`severity="info"`}, "cluster", "namespace", "alertname"),
		// kube-prometheus-stack's: what is only information is told beside something worse, or not at all.
		rule([]string{`alertname="InfoInhibitor"`}, []string{`severity="info"`, `alertname!="FalcoReloaded"`}, "cluster", "namespace"),
		// falcosidekick told the event itself, with its details: Prometheus' alert of it is for when that failed.
		rule([]string{`source="falco"`}, []string{`alertname=~"FalcoHighPriorityEvent|UnapprovedVirtualClusterStarted"`},
			"cluster", "rule", "hostname"),
		rule([]string{`alertname="UnapprovedVirtualClusterStarted"`}, []string{`alertname="FalcoHighPriorityEvent"`},
			"cluster", "rule", "hostname", "k8s_ns_name", "k8s_pod_name"),
	}
}

// matcher selects the severities a receiver is told.
func (r Receiver) matcher() string {
	least := max(0, slices.Index(Severities, r.MinimumSeverity))
	return fmt.Sprintf("severity=~%q", strings.Join(Severities[least:], "|"))
}

// config is the receiver as Alertmanager has it.
func (r Receiver) config() map[string]any {
	config := map[string]any{"name": r.Name}
	one := func(kind string, fields map[string]any) {
		fields["send_resolved"] = true
		config[kind+"_configs"] = []any{fields}
	}
	switch {
	case r.Slack != nil:
		one("slack", map[string]any{"api_url": r.Slack.URL, "channel": r.Slack.Channel, "title": title, "text": text})
	case r.PagerDuty != nil:
		one("pagerduty", map[string]any{"routing_key": r.PagerDuty.RoutingKey, "description": title,
			"severity": `{{ .CommonLabels.severity }}`, "details": map[string]any{"text": text}})
	case r.Opsgenie != nil:
		host := "https://api.opsgenie.com/"
		if r.Opsgenie.Region == "eu" {
			host = "https://api.eu.opsgenie.com/"
		}
		one("opsgenie", map[string]any{"api_key": r.Opsgenie.APIKey, "api_url": host, "message": title, "description": text,
			"priority": `{{ if eq .CommonLabels.severity "critical" }}P1{{ else }}P3{{ end }}`})
	case r.Webhook != nil:
		one("webhook", map[string]any{"url": r.Webhook.URL})
	case r.Email != nil:
		fields := map[string]any{"to": r.Email.To, "from": r.Email.From, "smarthost": r.Email.Smarthost,
			"headers": map[string]any{"Subject": title}, "text": text, "html": ""}
		if r.Email.Username != "" {
			fields["auth_username"], fields["auth_password"] = r.Email.Username, r.Email.Password
		}
		one("email", fields)
	}
	return config
}
