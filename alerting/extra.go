package alerting

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"doks-security/stack/field"
)

// checkKnown refuses a name that is not among others.
func checkKnown(key, name string, known map[string]bool, errs *field.Errors) {
	if known[name] {
		return
	}
	allowed := strings.Join(slices.Sorted(maps.Keys(known)), ", ")
	if allowed == "" {
		allowed = "none: there are no time intervals"
	}
	errs.Add(key, name, allowed, "correct it, or declare it")
}

// validateExtra checks parts of Alertmanager's own configuration. names are those of the receivers so far.
func (s Settings) validateExtra(names, times map[string]bool, errs *field.Errors) {
	c := checker{errs}
	receivers := map[string]bool{NullReceiver: true}
	if s.Heartbeat != nil {
		receivers[HeartbeatName] = true
	}
	for name := range names {
		receivers[name], receivers[name+"/events"] = true, true
	}
	for i, receiver := range s.Extra.Receivers {
		key := fmt.Sprintf("alerting.extra.receivers[%d]", i)
		c.object(key, "Receiver", receiver)
		name, ok := receiver["name"].(string)
		if !ok {
			continue
		}
		if format := Formats["receiverName"]; !format.Allows(name) {
			format.Refuse(key+".name", name, errs)
			continue
		}
		if receivers[name] {
			errs.Add(key+".name", name, "each name once", "rename one")
		}
		receivers[name] = true
	}
	for i, route := range s.Extra.Routes {
		key := fmt.Sprintf("alerting.extra.routes[%d]", i)
		c.object(key, "Route", route)
		checkRoute(key, route, receivers, times, errs)
		if route["continue"] == false {
			errs.Add(key+".continue", false, "true: a route of extra takes nothing from receivers", "remove it")
		}
	}
	for i, rule := range s.Extra.InhibitRules {
		key := fmt.Sprintf("alerting.extra.inhibit_rules[%d]", i)
		c.object(key, "InhibitRule", rule)
		checkLabels(key+".equal", rule["equal"], errs)
	}
	if len(*errs) == 0 {
		s.validateInhibitRules(errs)
	}
}

// checkRoute checks what a route and those below it name.
func checkRoute(key string, route map[string]any, receivers, times map[string]bool, errs *field.Errors) {
	if name, ok := route["receiver"].(string); ok {
		checkKnown(key+".receiver", name, receivers, errs)
	}
	for _, list := range []string{"mute_time_intervals", "active_time_intervals"} {
		names, _ := route[list].([]any)
		for i, name := range names {
			checkKnown(fmt.Sprintf("%s.%s[%d]", key, list, i), fmt.Sprint(name), times, errs)
		}
	}
	checkLabels(key+".group_by", route["group_by"], errs)
	for _, pause := range []string{"group_interval", "repeat_interval"} {
		if text, ok := route[pause].(string); ok && !Formats["pause"].Allows(text) {
			Formats["pause"].Refuse(key+"."+pause, text, errs)
		}
	}
	below, _ := route["routes"].([]any)
	for i, element := range below {
		if route, ok := element.(map[string]any); ok {
			checkRoute(fmt.Sprintf("%s.routes[%d]", key, i), route, receivers, times, errs)
		}
	}
}

// checkLabels checks a list of names of labels.
func checkLabels(key string, value any, errs *field.Errors) {
	list, _ := value.([]any)
	seen := map[any]bool{}
	for i, element := range list {
		name, ok := element.(string)
		if key := fmt.Sprintf("%s[%d]", key, i); ok && (!Formats["groupLabel"].Allows(name) || seen[name] ||
			name == "..." && len(list) > 1) {
			errs.Add(key, name, `a label's name, each once, or "..." alone`, "correct it, or remove it")
		}
		seen[element] = true
	}
}

// routes are those of extra. Alertmanager reads on behind each: an alert that one takes still goes to the receivers.
func (e Extra) routes() []any {
	var all []any
	for _, route := range e.Routes {
		open := maps.Clone(route)
		open["continue"] = true
		all = append(all, map[string]any(open))
	}
	return all
}

// EachSecret calls found for every secret in parts of Alertmanager's own configuration that is not encrypted, by its
// path. value is the section alerting as a stack file has it, and path its name. Secrets are fields that Alertmanager
// hides, and URLs with a login or a key.
func EachSecret(value any, path string, found func(path string, value any)) {
	section, _ := value.(map[string]any)
	receivers, _ := section["receivers"].([]any)
	for i, element := range receivers {
		receiver, _ := element.(map[string]any)
		eachSecret(receiver["alertmanager"], channels, fmt.Sprintf("%s.receivers[%d].alertmanager", path, i), found)
	}
	extra, _ := section["extra"].(map[string]any)
	eachSecret(extra["receivers"], listOf+"Receiver", path+".extra.receivers", found)
}

func eachSecret(value any, kind, path string, found func(path string, value any)) {
	switch v := value.(type) {
	case map[string]any:
		if field.Encrypted(v) {
			return
		}
		element, _ := strings.CutPrefix(kind, mapOf)
		for key, inner := range v {
			declared := element
			if fields, ok := original.Types[kind]; ok {
				declared = fields[key]
			}
			eachSecret(inner, declared, path+"."+key, found)
		}
	case []any:
		element, _ := strings.CutPrefix(kind, listOf)
		for i, inner := range v {
			eachSecret(inner, element, fmt.Sprintf("%s[%d]", path, i), found)
		}
	case string:
		if kind == "secret" || kind == "secretURL" || hasCredentials(v) {
			found(path, v)
		}
	}
}
