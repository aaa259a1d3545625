package alerting

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/matcher/compat"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"doks-security/stack/field"
)

// maxSamples bounds how many combinations of labels are looked at.
const maxSamples = 20_000

// parsed are the matchers of a list, which is valid.
func parsed(lines []string) (all labels.Matchers) {
	for _, line := range lines {
		matchers, _ := compat.Matchers(line, "")
		all = append(all, matchers...)
	}
	return all
}

// criticalEvents are labels that critical events may have: what falcosidekick and Prometheus always set, and of each
// label in the matchers every value that is written there, another one, and none.
func criticalEvents(matchers labels.Matchers) []model.LabelSet {
	const other = "other"
	always := model.LabelSet{"severity": "critical", "cluster": other}
	var all []model.LabelSet
	for _, source := range []model.LabelSet{
		{"alertname": other, "source": "falco"}, {"alertname": "FalcoHighPriorityEvent"},
		{"alertname": "UnapprovedVirtualClusterStarted"},
	} {
		all = append(all, always.Merge(source))
	}
	values := map[string][]string{"rule": {other}}
	for _, m := range matchers {
		if _, fixed := all[0][model.LabelName(m.Name)]; fixed {
			continue
		}
		if len(values[m.Name]) == 0 {
			values[m.Name] = []string{"", other}
		}
		values[m.Name] = append(values[m.Name], m.Value)
		if m.Type == labels.MatchRegexp || m.Type == labels.MatchNotRegexp {
			values[m.Name] = append(values[m.Name], strings.Split(m.Value, "|")...)
		}
	}
	values["rule"] = slices.DeleteFunc(values["rule"], func(rule string) bool { return rule == "" })
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if len(all)*len(values[name]) > maxSamples {
			continue
		}
		var next []model.LabelSet
		for _, value := range slices.Compact(values[name]) {
			for _, event := range all {
				next = append(next, event.Merge(model.LabelSet{model.LabelName(name): model.LabelValue(value)}))
			}
		}
		all = next
	}
	return all
}

// receives are the receivers of an alert, by their index, as Alertmanager's routes choose them.
func (s Settings) receives(alert model.LabelSet) []int {
	var found []int
	for i, r := range s.Receivers {
		if r.Default || !parsed(r.Matchers).Matches(alert) {
			continue
		}
		if found = append(found, i); r.Stop {
			break
		}
	}
	if len(found) == 0 {
		for i, r := range s.Receivers {
			if r.Default {
				return []int{i}
			}
		}
	}
	return found
}

// validateReach refuses settings with which a critical event of Falco has no receiver: never, or at some time. Settings
// without any receiver are allowed.
func (s Settings) validateReach(errs *field.Errors) {
	var matchers labels.Matchers
	for _, r := range s.Receivers {
		matchers = append(matchers, parsed(r.Matchers)...)
	}
	looked := map[string]bool{}
	for _, event := range criticalEvents(matchers) {
		receivers := s.receives(event)
		if key := fmt.Sprint(receivers); looked[key] {
			continue
		} else {
			looked[key] = true
		}
		if len(receivers) == 0 {
			errs.Add("alerting.receivers", json.Number(`severity="critical" is lost: no receiver takes an event of Falco with `+
				shownLabels(event)), "a receiver for each critical event of Falco",
				"pulumi config set --path 'alerting.receivers[0].default' true for the receiver that gets what no other takes, "+
					"or add a receiver without matchers")
			return
		}
		var schedules []schedule
		var names []string
		for _, i := range receivers {
			schedules, names = append(schedules, s.schedule(s.Receivers[i])), append(names, s.Receivers[i].Name)
		}
		if at, silent := silence(schedules); silent {
			errs.Add("alerting.receivers", json.Number(fmt.Sprintf(
				`severity="critical" is lost on %s: %s is muted, and an event of Falco with %s has no other receiver`,
				shownTime(at), strings.Join(names, " and "), shownLabels(event))),
				"at each time a receiver for each critical event of Falco: it lasts 15 minutes, and is not sent later",
				"add a receiver without mute and active, or change the time intervals")
			return
		}
	}
}

// shownLabels are those of an event that matchers look at.
func shownLabels(event model.LabelSet) string {
	shown := event.Clone()
	for _, name := range []model.LabelName{"severity", "cluster", "alertname"} {
		delete(shown, name)
	}
	maps.DeleteFunc(shown, func(_ model.LabelName, value model.LabelValue) bool { return value == "" })
	return shown.String()
}

// mutes reports whether an inhibition rule's targets may be critical events, or the alert of the heartbeat.
func mutes(target labels.Matchers) bool {
	alerts := append(criticalEvents(target), model.LabelSet{"alertname": "Watchdog", "severity": "none"})
	return slices.ContainsFunc(alerts, func(alert model.LabelSet) bool { return target.Matches(alert) })
}

// validateInhibitRules refuses rules of extra that could hide what must not be.
func (s Settings) validateInhibitRules(errs *field.Errors) {
	for i, rule := range s.Extra.InhibitRules {
		var lines []string
		list, _ := rule["target_matchers"].([]any)
		for _, element := range list {
			lines = append(lines, fmt.Sprint(element))
		}
		if mutes(parsed(lines)) {
			errs.Add(fmt.Sprintf("alerting.extra.inhibit_rules[%d].target_matchers", i),
				json.Number(strings.Join(lines, ", ")),
				"no critical event of Falco (severity=\"critical\"), and not the heartbeat (alertname=\"Watchdog\")",
				`add 'rule=""' and 'alertname!="Watchdog"': events have a rule`)
		}
	}
}

// matchers checks a list of matchers.
func (c checker) matchers(path string, value any) {
	list, ok := value.([]any)
	if !ok {
		c.hidden(path, "a list of matchers", `write ['team="payments"']`)
		return
	}
	for i, element := range list {
		text, ok := element.(string)
		if !ok || !isMatcher(text) {
			Formats["matcher"].Refuse(fmt.Sprintf("%s[%d]", path, i), field.Plain(element), c.errs)
		}
	}
}
