package alerting

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"doks-security/stack/field"
)

// Validate finds what is wrong between settings, and in parts of Alertmanager's own configuration: each other setting
// alone is as its tags say.
func (s Settings) Validate(errs *field.Errors) {
	var found field.Errors
	s = s.plain(&found)
	names, destinations, fallback := map[string]bool{}, map[string]string{}, ""
	times := s.validateTimeIntervals(&found)
	for i, r := range s.Receivers {
		key := fmt.Sprintf("alerting.receivers[%d]", i)
		if names[r.Name] {
			found.Add(key+".name", r.Name, "each name once", "rename one")
		}
		if field.Label.MatchString(r.Name) {
			names[r.Name] = true
		}
		r.validate(key, times, &found)
		switch {
		case r.Default && fallback != "":
			found.Add(key+".default", true, "one receiver: "+fallback+" is the default one", "remove one of them")
		case r.Default:
			fallback = key
		}
		r.Name, r.MinimumSeverity = "", ""
		destination, err := json.Marshal(r)
		if first, twice := destinations[string(destination)]; twice && err == nil {
			found.Add(key, field.Hidden, "each destination once: "+first+" already uses this one",
				"remove one, and give the other the lower minimumSeverity")
		}
		destinations[string(destination)] = key
	}
	s.validateExtra(names, times, &found)
	if len(found) == 0 && len(*errs) == 0 && len(s.Receivers) > 0 {
		s.validateReach(&found)
	}
	*errs = append(*errs, found...)
}

// plain are the settings with fragments as if they were read from a file.
func (s Settings) plain(errs *field.Errors) Settings {
	read := func(key string, f Fragment) Fragment {
		if f == nil {
			return nil
		}
		read, err := f.plain()
		if err != nil {
			errs.Add(key, field.Hidden, "values that can be written as JSON", err.Error())
		}
		return read
	}
	list := func(key string, all []Fragment) []Fragment {
		all = slices.Clone(all)
		for i := range all {
			all[i] = read(fmt.Sprintf("%s[%d]", key, i), all[i])
		}
		return all
	}
	s.Receivers, s.TimeIntervals = slices.Clone(s.Receivers), slices.Clone(s.TimeIntervals)
	for i := range s.Receivers {
		r := &s.Receivers[i]
		r.Alertmanager = read(fmt.Sprintf("alerting.receivers[%d].alertmanager", i), r.Alertmanager)
	}
	for i := range s.TimeIntervals {
		t := &s.TimeIntervals[i]
		t.Intervals = list(fmt.Sprintf("alerting.timeIntervals[%d].intervals", i), t.Intervals)
	}
	e := &s.Extra
	e.Receivers, e.Routes = list("alerting.extra.receivers", e.Receivers), list("alerting.extra.routes", e.Routes)
	e.InhibitRules = list("alerting.extra.inhibit_rules", e.InhibitRules)
	e.TimeIntervals = list("alerting.extra.time_intervals", e.TimeIntervals)
	return s
}

// validateTimeIntervals returns the names of all time intervals.
func (s Settings) validateTimeIntervals(errs *field.Errors) map[string]bool {
	names := map[string]bool{}
	once := func(key, name string) {
		if names[name] {
			errs.Add(key, name, "each name once", "rename one")
		}
		names[name] = true
	}
	for i, t := range s.TimeIntervals {
		key := fmt.Sprintf("alerting.timeIntervals[%d]", i)
		if field.Label.MatchString(t.Name) { // or it is refused already
			once(key+".name", t.Name)
		}
		if len(t.Intervals) == 0 {
			errs.Add(key+".intervals", nil, "at least one interval", "intervals: [{weekdays: [saturday, sunday]}]")
		}
		for j, interval := range t.Intervals {
			checker{errs}.timeInterval(fmt.Sprintf("%s.intervals[%d]", key, j), map[string]any(interval))
		}
	}
	for i, t := range s.Extra.TimeIntervals {
		key := fmt.Sprintf("alerting.extra.time_intervals[%d]", i)
		checker{errs}.object(key, "TimeInterval", t)
		if name, ok := t["name"].(string); ok && field.Label.MatchString(name) {
			once(key+".name", name)
		} else if ok && name != "" {
			errs.Add(key+".name", name, field.Common["label"].AllowedText(), "rename it")
		}
	}
	return names
}

func (r Receiver) validate(key string, times map[string]bool, errs *field.Errors) {
	var kinds []string
	for kind, set := range map[string]bool{
		"slack": r.Slack != nil, "pagerduty": r.PagerDuty != nil, "opsgenie": r.Opsgenie != nil,
		"webhook": r.Webhook != nil, "email": r.Email != nil, "alertmanager": len(r.Alertmanager) > 0,
	} {
		if set {
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	if len(kinds) != 1 {
		errs.Add(key, json.Number(strings.Join(kinds, " and ")),
			"exactly one of slack, pagerduty, opsgenie, webhook, email, alertmanager", "write a receiver for each")
	}
	checker{errs}.object(key+".alertmanager", channels, r.Alertmanager)
	for kind, value := range r.Alertmanager {
		if list, ok := value.([]any); ok && len(list) == 0 {
			errs.Add(key+".alertmanager."+kind, json.Number("[]"), "at least one entry", "add one, or remove the key")
		}
	}
	if r.Default && (len(r.Matchers) > 0 || r.Stop) {
		errs.Add(key+".default", true, "no matchers and no stop: it gets what no other receiver takes",
			"remove matchers and stop, or default")
	}
	all := slices.Contains(r.GroupBy, "...")
	if len(r.GroupBy) > 1 && all || len(slices.Compact(slices.Sorted(slices.Values(r.GroupBy)))) != len(r.GroupBy) {
		errs.Add(key+".groupBy", json.Number(strings.Join(r.GroupBy, ", ")), `each label once, or "..." alone`, "remove one")
	}
	for setting, names := range map[string][]string{"mute": r.Mute, "active": r.Active} {
		for i, name := range names {
			checkKnown(fmt.Sprintf("%s.%s[%d]", key, setting, i), name, times, errs)
		}
	}
	if e := r.Email; e != nil {
		key := key + ".email"
		if (e.Username == "") != (e.Password == "") {
			field.AddSecret(key+".password", e.Password, "a password with username, or neither", errs)
		}
		field.CheckLogin(key+".username", e.Username, errs)
		field.CheckLogin(key+".password", e.Password, errs)
	}
}
