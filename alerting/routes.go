package alerting

import (
	"fmt"
	"slices"
	"strings"
)

// Matchers of the alerts of Falco's events: falcosidekick's, those of Prometheus for when falcosidekick's way fails,
// and both.
const (
	fromFalcosidekick = `source="falco"`
	fromPrometheus    = `alertname=~"FalcoHighPriorityEvent|UnapprovedVirtualClusterStarted"`
	critical          = `severity="critical"`
)

var fromAny = []string{`rule!=""`, `alertname!="FalcoEventFlood"`}

// Groups: a message has one severity, and a critical alert does not wait for the group of a warning.
var (
	groupOfAlerts   = []string{"cluster", "alertname", "severity"}
	groupOfEvents   = []string{"cluster", "rule", "severity"}
	groupOfCritical = []string{"cluster", "rule", "severity", "hostname", "k8s_ns_name"}
)

// Times of the routes, unless a receiver sets others.
const (
	groupWait      = "30s"
	criticalWait   = "5s"
	groupInterval  = "5m"
	repeatInterval = "4h"
)

// routes are those of all receivers. Each receiver's route lets Alertmanager read on, unless it stops. With a default
// receiver they are below its routes, which take an alert where none of those does.
func (s Settings) routes() []any {
	var routes []any
	for _, r := range s.Receivers {
		if !r.Default {
			routes = append(routes, r.route())
		}
	}
	for _, r := range s.Receivers {
		if r.Default {
			return r.fallback(routes)
		}
	}
	return routes
}

// severities matches those that a receiver asks for.
func (r Receiver) severities() string {
	least := max(0, slices.Index(Severities, r.MinimumSeverity))
	return strings.Join(Severities[least:], "|")
}

// route sends a receiver the severities that it asks for. An event happens once and does not resolve: it goes to a
// receiver without resolved messages. A critical one elsewhere is a group of its own, notified at once and under
// its own key; others are one group a rule. Both alerts of an event are in one group: where Alertmanager forgot the one
// that inhibits the other, PagerDuty and Opsgenie know it by its key.
func (r Receiver) route() map[string]any {
	route := r.timed(map[string]any{
		"matchers": append([]string{fmt.Sprintf("severity=~%q", r.severities())}, r.Matchers...),
		"receiver": r.Name, "continue": !r.Stop, "group_by": r.group(),
	})
	events := r.timed(map[string]any{"matchers": fromAny, "receiver": r.events(), "group_by": groupOfEvents})
	events["routes"] = []any{r.timed(map[string]any{
		"matchers": []string{critical}, "group_wait": criticalWait, "group_by": groupOfCritical,
	})}
	route["routes"] = []any{events}
	return route
}

// fallback are the routes of the default receiver, above those of the others: of critical events, other events, and
// other alerts. Severities below its own reach no receiver.
func (r Receiver) fallback(others []any) []any {
	below := map[string]any{"matchers": []string{fmt.Sprintf("severity!~%q", r.severities())},
		"receiver": NullReceiver, "continue": true}
	routes := append([]any{below}, others...)
	return []any{
		r.timed(map[string]any{"matchers": append([]string{critical}, fromAny...), "receiver": r.events(),
			"group_by": groupOfCritical, "group_wait": criticalWait, "routes": routes}),
		r.timed(map[string]any{"matchers": fromAny, "receiver": r.events(), "group_by": groupOfEvents, "routes": routes}),
		r.timed(map[string]any{"receiver": r.Name, "group_by": r.group(), "routes": routes}),
	}
}

// group are the labels by which a receiver's alerts are grouped.
func (r Receiver) group() []string {
	switch {
	case len(r.GroupBy) == 0:
		return groupOfAlerts
	case slices.Contains(r.GroupBy, "severity") || slices.Contains(r.GroupBy, "..."):
		return r.GroupBy
	}
	return append(slices.Clone(r.GroupBy), "severity")
}

// timed adds the receiver's times to one of its routes, in full: a route has the times of the one above it, which may
// be another receiver's, but for the time intervals, which it does not have.
func (r Receiver) timed(route map[string]any) map[string]any {
	for key, times := range map[string]struct{ set, standard string }{
		"group_wait": {r.GroupWait, groupWait}, "group_interval": {r.GroupInterval, groupInterval},
		"repeat_interval": {r.RepeatInterval, repeatInterval},
	} {
		switch _, fixed := route[key]; {
		case fixed:
		case times.set != "":
			route[key] = times.set
		default:
			route[key] = times.standard
		}
	}
	if len(r.Mute) > 0 {
		route["mute_time_intervals"] = r.Mute
	}
	if len(r.Active) > 0 {
		route["active_time_intervals"] = r.Active
	}
	return route
}
