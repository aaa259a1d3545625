package alerting

import (
	"encoding/json"
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"doks-security/stack/field"
)

// Formats are those of the settings' tags. Alertmanager takes channels, addresses, keys and URLs for Go templates, and
// the operator replaces $(NAME) in its configuration: values that hold either are refused.
var Formats = field.Formats{
	"receiverName": {Pattern: field.Label,
		Valid:   func(name string) bool { return name != NullReceiver && name != HeartbeatName },
		Allowed: "lowercase letters, digits and hyphens; null and heartbeat are taken",
		Fix:     "name it after the people it reaches"},
	"severity": {Enum: Severities, Example: Severities[0]},
	"slackChannel": {Valid: regexp.MustCompile(`^#[\p{L}\p{M}\p{N}_.-]{1,80}$`).MatchString,
		Allowed: "a channel: #alerts", Fix: "put it in quotes: YAML takes # for a comment"},
	"pagerDutyKey": {Valid: regexp.MustCompile(`^[A-Za-z0-9]{32}$`).MatchString,
		Allowed: "the 32 letters and digits of an Events API v2 integration"},
	"opsgenieKey": {Valid: regexp.MustCompile(`^[A-Za-z0-9-]{1,255}$`).MatchString,
		Allowed: "the key of an API integration: letters, digits and hyphens"},
	"mailbox": {Valid: isMailbox, Allowed: "an address: alerts@example.org", Example: "<address>"},
	"smarthost": {Valid: field.IsHostPort, Example: "<host>:587",
		Allowed: "the SMTP server: a host name or IP address, and a port from 1 to 65535, such as smtp.example.org:587"},
	"interval": {Pattern: regexp.MustCompile(`^[1-9][0-9]{0,2}(m|h)$`),
		Allowed: "minutes or hours: 5m, 1h", Example: "5m"},
	"runbooks": {Valid: isRunbooks, Example: "https://<where docs/runbooks is published>",
		Allowed: "a URL that starts with https://, without a login, a query or a fragment: /<alert>.md is added"},
}

func isMailbox(address string) bool {
	_, err := mail.ParseAddress(address)
	return err == nil && !strings.Contains(address, "{{") && !field.Variable.MatchString(address) &&
		!strings.ContainsFunc(address, unicode.IsControl)
}

func isRunbooks(value string) bool {
	u, ok := field.ParseURL(value)
	return ok && u.User == nil && u.RawQuery == "" && !strings.Contains(value, "#")
}

// Validate finds what is wrong between settings: each alone is as its tags say.
func (s Settings) Validate(errs *field.Errors) {
	names, destinations := map[string]bool{}, map[string]string{}
	for i, r := range s.Receivers {
		key := fmt.Sprintf("alerting.receivers[%d]", i)
		if names[r.Name] {
			errs.Add(key+".name", r.Name, "each name once", "rename one")
		}
		names[r.Name] = true
		r.validate(key, errs)
		r.Name, r.MinimumSeverity = "", ""
		destination, err := json.Marshal(r)
		if first, twice := destinations[string(destination)]; twice && err == nil {
			errs.Add(key, field.Hidden, "each destination once: "+first+" already uses this one",
				"remove one, and give the other the lower minimumSeverity")
		}
		destinations[string(destination)] = key
	}
}

func (r Receiver) validate(key string, errs *field.Errors) {
	var kinds []string
	for kind, set := range map[string]bool{
		"slack": r.Slack != nil, "pagerduty": r.PagerDuty != nil, "opsgenie": r.Opsgenie != nil,
		"webhook": r.Webhook != nil, "email": r.Email != nil,
	} {
		if set {
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	if len(kinds) != 1 {
		errs.Add(key, json.Number(strings.Join(kinds, " and ")),
			"exactly one of slack, pagerduty, opsgenie, webhook, email", "write a receiver for each")
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
