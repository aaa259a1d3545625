package monitoring

import (
	"slices"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/dispatch"

	"doks-security/alerting"
	"doks-security/stack/field"
)

func chat(name string) alerting.Receiver {
	return alerting.Receiver{Name: name, MinimumSeverity: "warning",
		Slack: &alerting.Slack{URL: "https://example.org/" + name, Channel: "C0123ABCD"}}
}

// routed has receivers with every option of routing.
var routed = func() alerting.Settings {
	rest, payments, night, all := chat("rest"), chat("payments"), chat("night"), chat("all")
	rest.Default, rest.MinimumSeverity = true, "critical"
	payments.Matchers, payments.Stop = []string{`team="payments"`}, true
	payments.GroupBy, payments.GroupWait = []string{"namespace", "alertname"}, "1m"
	payments.GroupInterval, payments.RepeatInterval = "10m", "1d"
	night.Matchers, night.Mute, night.Active = []string{`namespace=~"shop-.*"`}, []string{"weekends"}, []string{"nights"}
	night.Slack = nil
	night.Alertmanager = alerting.Fragment{
		"telegram_configs": []any{map[string]any{"chat_id": -1001234567890, "bot_token": "1:a", "message": "{{ .Status }}"}},
		"discord_configs":  []any{map[string]any{"webhook_url": "https://example.org/discord", "send_resolved": false}},
	}
	all.Matchers, all.MinimumSeverity = []string{`namespace="shop-a"`}, "info"
	return alerting.Settings{
		Receivers: []alerting.Receiver{rest, payments, night, all},
		TimeIntervals: []alerting.TimeInterval{
			{Name: "nights", Intervals: []alerting.Fragment{{"location": "Europe/Berlin",
				"times": []any{map[string]any{"start_time": "00:00", "end_time": "06:00"}}}}},
		},
		Extra: alerting.Extra{
			Receivers: []alerting.Fragment{{"name": "audit",
				"webhook_configs": []any{map[string]any{"url": "https://example.org/audit"}}}},
			Routes: []alerting.Fragment{{"receiver": "audit", "matchers": []any{`alertname=~"Kube.*"`},
				"group_by": []any{"namespace"}, "group_wait": "1m"}},
			InhibitRules: []alerting.Fragment{{"source_matchers": []any{`alertname="NodeDown"`},
				"target_matchers": []any{`alertname="PodDown"`, `rule=""`}, "equal": []any{"node"}}},
			TimeIntervals: []alerting.Fragment{{"name": "weekends",
				"time_intervals": []any{map[string]any{"weekdays": []any{"saturday", "sunday"}}}}},
		},
	}
}()

// allSettings has every setting. Those of everybody take what is lost with those of routed, where night is muted.
func allSettings() alerting.Settings {
	all := routed
	all.Heartbeat, all.Receivers = everybody.Heartbeat, slices.Concat(everybody.Receivers, routed.Receivers)
	return all
}

// found are routes of receivers; the null receiver counts if there is no other.
func found(routes []*dispatch.Route) []*dispatch.Route {
	others := slices.DeleteFunc(slices.Clone(routes),
		func(route *dispatch.Route) bool { return route.RouteOpts.Receiver == alerting.NullReceiver })
	if len(others) > 0 {
		return others
	}
	return routes
}

func TestRoutesByMatchers(t *testing.T) {
	noDefault := routed
	noDefault.Receivers = routed.Receivers[1:]
	for _, c := range []struct {
		name, alert string
		settings    alerting.Settings
		want        []string
	}{
		{"a team's", "alertname=A, severity=warning, team=payments", routed, []string{"payments"}},
		{"a team's, which stops", "alertname=A, severity=critical, team=payments, namespace=shop-a", routed,
			[]string{"payments"}},
		{"below the team's severity", "alertname=A, severity=info, team=payments, namespace=shop-a", routed, []string{"all"}},
		{"of two receivers", "alertname=A, severity=warning, namespace=shop-a", routed, []string{"night", "all"}},
		{"of no receiver", "alertname=A, severity=critical", routed, []string{"rest"}},
		{"of no receiver, below the default's severity", "alertname=A, severity=warning", routed, []string{"null"}},
		{"a critical event of no receiver", "alertname=R, rule=R, source=falco, severity=critical", routed,
			[]string{"rest/events"}},
		{"an event below the default's severity", "alertname=R, rule=R, source=falco, severity=warning", routed,
			[]string{"null"}},
		{"an event of two receivers", "alertname=R, rule=R, severity=critical, namespace=shop-a", routed,
			[]string{"night/events", "all/events"}},
		{"a flood", "alertname=FalcoEventFlood, rule=R, severity=critical", routed, []string{"rest"}},
		{"a route of extra", "alertname=KubeA, severity=critical", routed, []string{"audit", "rest"}},
		{"the heartbeat", "alertname=Watchdog, severity=critical", routed, []string{"null"}},
		{"without a default", "alertname=A, severity=critical", noDefault, []string{"null"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, route := range found(dispatch.NewRoute(load(t, c.settings).Route, nil).Match(set(c.alert))) {
				got = append(got, route.RouteOpts.Receiver)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("receivers %v, want %v", got, c.want)
			}
		})
	}
	var errs field.Errors
	if allSettings().Validate(&errs); len(errs) > 0 {
		t.Error(errs)
	}
}

// Each route has the groups and times of its receiver, whatever is above it.
func TestTimesOfRoutes(t *testing.T) {
	const wait, long, day = 30 * time.Second, 5 * time.Minute, 24 * time.Hour
	for _, c := range []struct {
		alert                  string
		wait, interval, repeat time.Duration
		group                  []string
		mute                   int
	}{
		{"alertname=A, severity=warning, team=payments", time.Minute, 2 * long, day,
			[]string{"alertname", "namespace", "severity"}, 0},
		{"alertname=R, rule=R, severity=warning, team=payments", time.Minute, 2 * long, day,
			[]string{"cluster", "rule", "severity"}, 0},
		{"alertname=R, rule=R, severity=critical, team=payments", 5 * time.Second, 2 * long, day,
			[]string{"cluster", "hostname", "k8s_ns_name", "rule", "severity"}, 0},
		{"alertname=A, severity=warning, namespace=shop-b", wait, long, day / 6,
			[]string{"alertname", "cluster", "severity"}, 1},
		{"alertname=R, rule=R, severity=critical, namespace=shop-b", 5 * time.Second, long, day / 6,
			[]string{"cluster", "hostname", "k8s_ns_name", "rule", "severity"}, 1},
		{"alertname=R, rule=R, severity=critical", 5 * time.Second, long, day / 6,
			[]string{"cluster", "hostname", "k8s_ns_name", "rule", "severity"}, 0},
	} {
		got := found(dispatch.NewRoute(load(t, routed).Route, nil).Match(set(c.alert)))[0].RouteOpts
		var group []string
		for label := range got.GroupBy {
			group = append(group, string(label))
		}
		slices.Sort(group)
		if got.GroupWait != c.wait || got.GroupInterval != c.interval || got.RepeatInterval != c.repeat ||
			!slices.Equal(group, c.group) || len(got.MuteTimeIntervals) != c.mute || len(got.ActiveTimeIntervals) != c.mute {
			t.Errorf("%s: %+v, groups by %v", c.alert, got, group)
		}
	}
}
