package alerting

import (
	"fmt"
	"time"

	"gopkg.in/yaml.v3"

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
		routes = append(routes, r.route())
	}
	config, err := yaml.Marshal(map[string]any{
		"global": map[string]any{"resolve_timeout": EventLasts.String()},
		"route": map[string]any{
			// By severity as well: a message has one, and a critical alert does not wait for the group of a warning.
			"receiver": NullReceiver, "group_by": []string{"cluster", "alertname", "severity"},
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
