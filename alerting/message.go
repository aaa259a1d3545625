package alerting

import (
	"fmt"
	"strconv"
	"strings"

	"doks-security/values"
)

// MaxOfOneName is how many alerts of one name Alertmanager keeps (--alerts.per-alertname-limit). A message of as many
// says that there may be more.
const MaxOfOneName = 500

// Bounds of a message: a flood of thousands of alerts makes one of a few kilobytes.
const (
	maxShown = 5 // alerts whose description is in a text
	// maxText is the longest description, in characters. Falco's output has the whole command line in it.
	maxText = 500
	// maxWebhook is the number of alerts in a webhook's JSON, about 1.4 kB each; truncatedAlerts counts those left out.
	maxWebhook = 50
)

// title is one line: what fires, how severe, in which cluster. Groups have one severity (routes), so it is always
// there; a group of several alert names is named by its labels. A critical event's group is of one namespace and node.
var title = `[{{ .Status | toUpper }}{{ if eq .Status "firing" }}:{{ .Alerts.Firing | len }}` + full + `{{ end }}]` +
	` {{ or .GroupLabels.rule .CommonLabels.alertname (join ", " .GroupLabels.Values) }}` +
	`{{ with .GroupLabels.k8s_ns_name }} in {{ . }}{{ end }}` +
	`{{ with .GroupLabels.hostname }} on {{ . }}{{ end }} ({{ .CommonLabels.severity }}, {{ .CommonLabels.cluster }})`

// full is a plus behind the number of alerts that fire, where Alertmanager keeps no more of them.
var full = fmt.Sprintf(`{{ if ge (len .Alerts.Firing) %d }}+{{ end }}`, MaxOfOneName)

// text is what a person reads: alerts that fire with their links, how many more there are, and where all are. Resolved
// ones are counted, and described only when nothing fires.
func text(links values.AlertLinks) string {
	all := ""
	if !links.NoGrafana {
		// Grafana shows what Alertmanager has: its data source is named Alertmanager in kube-prometheus-stack.
		all = `All alerts: ` + literal(links.Grafana+"/alerting/groups?alertmanager=Alertmanager") + "\n"
	}
	return `{{ if .Alerts.Firing }}` + list(".Alerts.Firing", "", links) +
		`{{ with .Alerts.Resolved }}{{ len . }} resolved` + "\n" + `{{ end }}` +
		`{{ else }}` + list(".Alerts.Resolved", "Resolved: ", links) + `{{ end }}` + all
}

// list describes the first alerts of a list, each with a prefix, and counts the others.
func list(alerts, prefix string, links values.AlertLinks) string {
	dashboard := ""
	if !links.NoDashboards {
		dashboard = "\n" + `Dashboard: ` + literal(links.Grafana+"/d/runtime-security?var-rule=") +
			`{{ .Labels.rule | urlquery }}` + `{{ with .Labels.hostname }}{{ "&" }}var-node={{ . | urlquery }}{{ end }}`
	}
	one := prefix + fmt.Sprintf(`{{ reReplaceAll "(?s)^(.{%d}).+$" "${1}…" `, maxText) +
		`(or .Annotations.description .Annotations.summary .Annotations.message .Labels.alertname) }}` +
		`{{ with .Annotations.runbook_url }}` + "\n" + `Runbook: {{ . }}{{ end }}` +
		`{{ with .Annotations.dashboard_url }}` + "\n" + `Dashboard: {{ . }}{{ end }}` +
		// falcosidekick's alerts have no links.
		`{{ if eq .Labels.source "falco" }}` + "\n" + `Runbook: ` + literal(links.Runbooks+"/FalcoHighPriorityEvent.md") +
		dashboard + `{{ end }}` + "\n\n"
	return fmt.Sprintf(`{{ range $i, $alert := %s }}{{ if lt $i %d }}%s{{ end }}{{ end }}`, alerts, maxShown, one) +
		fmt.Sprintf(`{{ if gt (len %[1]s) %[2]d }}and {{ len (slice %[1]s %[2]d) }} more`+"\n"+`{{ end }}`, alerts, maxShown)
}

// literal is a text that holds no template, whatever is in it.
func literal(text string) string {
	if !strings.Contains(text, "{{") {
		return text
	}
	return "{{ " + strconv.Quote(text) + " }}"
}
