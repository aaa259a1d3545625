package alerting

import (
	"fmt"
	"slices"
	"time"

	"doks-security/stack/field"
	"doks-security/values"
)

// Names of receivers that are always, or may be, there.
const (
	NullReceiver  = "null"
	HeartbeatName = "heartbeat"
)

// EventLasts is how long Alertmanager keeps the alert of an event of falcosidekick, which gives it no end. It is longer
// than the 10 minutes for which Prometheus' alert of the same event fires, which it inhibits.
const EventLasts = 15 * time.Minute

// Config is Alertmanager's configuration. Links are where messages link to. It holds the receivers' secrets in plain
// text: keep it one.
func (s Settings) Config(links values.AlertLinks) (string, error) {
	var errs field.Errors
	s = s.plain(&errs)
	if err := errs.Err(); err != nil {
		return "", err
	}
	receivers := []any{map[string]any{"name": NullReceiver}}
	watchdog, err := s.watchdog()
	if err != nil {
		return "", err
	}
	routes := []any{watchdog, map[string]any{"matchers": []string{`alertname="InfoInhibitor"`}, "receiver": NullReceiver}}
	if s.Heartbeat != nil {
		receivers = append(receivers, map[string]any{"name": HeartbeatName, "webhook_configs": []any{
			map[string]any{"url": s.Heartbeat.URL, "send_resolved": false, "max_alerts": 1},
		}})
	}
	for _, r := range s.Receivers {
		receivers = append(receivers, r.configs(links)...)
	}
	for _, r := range s.Extra.Receivers {
		receivers = append(receivers, r)
	}
	inhibit := inhibitRules()
	for _, rule := range s.Extra.InhibitRules {
		inhibit = append(inhibit, rule)
	}
	config := Fragment{
		"global": map[string]any{"resolve_timeout": EventLasts.String()},
		"route": map[string]any{
			"receiver": NullReceiver, "group_by": groupOfAlerts,
			"group_wait": groupWait, "group_interval": groupInterval, "repeat_interval": repeatInterval,
			"routes": slices.Concat(routes, s.Extra.routes(), s.routes()),
		},
		"inhibit_rules": inhibit,
		"receivers":     receivers,
	}
	if times := s.timeIntervals(); len(times) > 0 {
		config["time_intervals"] = times
	}
	text, err := write(config)
	if err != nil {
		return "", fmt.Errorf("writing Alertmanager's configuration: %w", err)
	}
	return string(text), nil
}

// timeIntervals are the named times, as Alertmanager has them.
func (s Settings) timeIntervals() []any {
	var all []any
	for _, t := range s.TimeIntervals {
		all = append(all, map[string]any{"name": t.Name, "time_intervals": t.Intervals})
	}
	for _, t := range s.Extra.TimeIntervals {
		all = append(all, t)
	}
	return all
}

// heartbeatCheck is how often Alertmanager looks whether a heartbeat is due.
const heartbeatCheck = time.Minute

// watchdog routes the alert that always fires. It notifies no one; the heartbeat's service detects its absence.
func (s Settings) watchdog() (map[string]any, error) {
	route := map[string]any{"matchers": []string{`alertname="Watchdog"`}, "receiver": NullReceiver}
	if s.Heartbeat == nil {
		return route, nil
	}
	interval, err := time.ParseDuration(s.Heartbeat.Interval)
	if err != nil {
		return nil, fmt.Errorf("alerting.heartbeat.interval: %w", err)
	}
	route["receiver"], route["group_wait"], route["group_interval"] = HeartbeatName, "0s", heartbeatCheck.String()
	// Due half a check early: with the interval itself, one that is a millisecond younger would wait for the next check.
	route["repeat_interval"] = (interval - heartbeatCheck/2).String()
	return route, nil
}
