package alerting

import (
	"strings"
	"testing"

	"doks-security/stack/field"
)

func hook(name string) Receiver {
	return Receiver{Name: name, MinimumSeverity: "critical", Webhook: &Webhook{URL: "https://example.org/" + name}}
}

// A critical event of Falco has a receiver at all times, or the settings are refused.
func TestCriticalEventsHaveAReceiver(t *testing.T) {
	of := func(name string, change func(*Receiver)) Receiver {
		r := hook(name)
		change(&r)
		return r
	}
	matching := func(name string, matchers ...string) Receiver {
		return of(name, func(r *Receiver) { r.Matchers = matchers })
	}
	muted := func(name string, times ...string) Receiver { return of(name, func(r *Receiver) { r.Mute = times }) }
	active := func(name string, times ...string) Receiver { return of(name, func(r *Receiver) { r.Active = times }) }
	stopping := func(r Receiver) Receiver { r.Stop = true; return r }
	fallback := func(r Receiver) Receiver { r.Default = true; return r }
	for _, c := range []struct {
		name      string
		receivers []Receiver
		lost      string // empty: none is
	}{
		{"no receivers", nil, ""},
		{"one for all", []Receiver{hook("a")}, ""},
		{"by severity", []Receiver{matching("a", `severity="critical"`)}, ""},
		{"of a lower severity alone", []Receiver{matching("a", `severity="warning"`)}, "no receiver takes"},
		{"of a team", []Receiver{matching("a", `team="payments"`)}, "no receiver takes"},
		{"of a team, and a default", []Receiver{matching("a", `team="payments"`), fallback(hook("b"))}, ""},
		{"a default in front", []Receiver{fallback(hook("b")), matching("a", `team="payments"`)}, ""},
		{"both parts", []Receiver{matching("a", `k8s_ns_name=~"shop-.*"`), matching("b", `k8s_ns_name!~"shop-.*"`)}, ""},
		{"a gap between parts", []Receiver{matching("a", `k8s_ns_name=~"shop|pay"`), matching("b", `k8s_ns_name!~"shop"`),
			matching("c", `team="payments"`)}, ""},
		{"a gap in a value", []Receiver{matching("a", `k8s_ns_name="shop"`), matching("b", `k8s_ns_name!~"shop|pay"`)},
			`k8s_ns_name="pay"`},
		{"falcosidekick's alone", []Receiver{matching("a", `source="falco"`)}, "no receiver takes"},
		{"any rule", []Receiver{matching("a", `rule=~".+"`)}, ""},
		{"muted at weekends", []Receiver{muted("a", "weekends")}, "Saturday"},
		{"another is not muted", []Receiver{muted("a", "weekends"), hook("b")}, ""},
		{"two shifts", []Receiver{active("a", "days"), muted("b", "days")}, ""},
		{"a gap between shifts", []Receiver{active("a", "days"), active("b", "nights")}, "17:00 UTC"}, // 18:00 in Berlin
		{"muted, and the next does not get it", []Receiver{stopping(muted("a", "weekends")), hook("b")}, "Saturday"},
		{"the default is muted", []Receiver{fallback(muted("a", "weekends"))}, "Saturday"},
		{"the default does not take what is muted", []Receiver{muted("a", "weekends"), fallback(hook("b"))}, "Saturday"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := Settings{Receivers: c.receivers, TimeIntervals: []TimeInterval{
				{"weekends", []Fragment{{"weekdays": []string{"saturday", "sunday"}}}},
				{"days", []Fragment{{"location": "Europe/Berlin",
					"times": []Fragment{{"start_time": "08:00", "end_time": "18:00"}}}}},
				{"nights", []Fragment{{"location": "Europe/Berlin", "times": []Fragment{
					{"start_time": "00:00", "end_time": "08:00"}, {"start_time": "18:30", "end_time": "24:00"}}}}},
			}}
			var errs field.Errors
			s.Validate(&errs)
			if got := errs.Error(); (c.lost == "") != (len(errs) == 0) || !strings.Contains(got, c.lost) {
				t.Errorf("%s, want %q", got, c.lost)
			}
		})
	}
}

// What an inhibition rule of extra must not hide.
func TestInhibitionRulesOfExtra(t *testing.T) {
	for target, refused := range map[string]bool{
		`severity="critical"`:                  true,
		`severity=~".*"`:                       true,
		`source="falco"`:                       true,
		`alertname="FalcoHighPriorityEvent"`:   true,
		`k8s_ns_name="shop"`:                   true,
		`alertname="Watchdog"`:                 true,
		`alertname="KubePodNotReady"`:          false,
		`severity="warning"`:                   false,
		`severity="critical",rule=""`:          false,
		`namespace="shop",alertname=~"Kube.*"`: false,
	} {
		s := Settings{Extra: Extra{InhibitRules: []Fragment{{"source_matchers": []string{`alertname="A"`},
			"target_matchers": []string{target}}}}}
		var errs field.Errors
		if s.Validate(&errs); (len(errs) > 0) != refused {
			t.Errorf("%s: refused %v, want %v", target, errs, refused)
		}
	}
}
