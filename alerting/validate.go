package alerting

import (
	"encoding/json"
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"unicode"

	"doks-security/stack/field"
)

// Interval is a heartbeat's: minutes or hours.
var Interval = regexp.MustCompile(`^[1-9][0-9]{0,2}(m|h)$`)

// OpsgenieRegions are Opsgenie's sites.
var OpsgenieRegions = []string{"us", "eu"}

var (
	pagerDutyKey = regexp.MustCompile(`^[A-Za-z0-9]{32}$`)
	opsgenieKey  = regexp.MustCompile(`^[A-Za-z0-9-]{1,255}$`)
	slackChannel = regexp.MustCompile(`^#[\p{L}\p{M}\p{N}_.-]{1,80}$`)
)

// Validate finds what is wrong. Alertmanager takes channels, addresses, keys and URLs for Go templates, and the operator
// replaces $(NAME) in its configuration: values that hold either are refused.
func (s Settings) Validate(errs *field.Errors) {
	names, destinations := map[string]bool{}, map[string]string{}
	for i, r := range s.Receivers {
		key := fmt.Sprintf("alerting.receivers[%d]", i)
		switch {
		case !field.Label.MatchString(r.Name) || r.Name == Nobody || r.Name == HeartbeatName:
			errs.Add(key+".name", r.Name, "lowercase letters, digits and hyphens; null and heartbeat are taken",
				"name it after the people it reaches")
		case names[r.Name]:
			errs.Add(key+".name", r.Name, "each name once", "rename one")
		}
		names[r.Name] = true
		if r.MinimumSeverity != "" {
			field.OneOf(key+".minimumSeverity", r.MinimumSeverity, Severities, errs)
		}
		r.validate(key, errs)
		r.Name, r.MinimumSeverity = "", ""
		destination, err := json.Marshal(r)
		if first, twice := destinations[string(destination)]; twice && err == nil {
			errs.Add(key, field.Hidden, "each channel once: "+first+" tells the same one everything twice",
				"remove one, and give the other the lower minimumSeverity")
		}
		destinations[string(destination)] = key
	}
	if h := s.Heartbeat; h != nil {
		field.CheckSecretURL("alerting.heartbeat.url", h.URL, errs)
		if h.Interval != "" && !Interval.MatchString(h.Interval) {
			errs.Add("alerting.heartbeat.interval", h.Interval, "minutes or hours: 5m, 1h",
				"pulumi config set --path 'alerting.heartbeat.interval' 5m")
		}
	}
	if u, ok := field.ParseURL(s.Runbooks); s.Runbooks != "" && (!ok || u.User != nil || u.RawQuery != "" || strings.Contains(s.Runbooks, "#")) {
		errs.Add("alerting.runbooks", s.Runbooks,
			"a URL that starts with https://, without a login, a query or a fragment: /<alert>.md is added",
			"pulumi config set --path 'alerting.runbooks' https://<where docs/runbooks is published>")
	}
}

func (r Receiver) validate(key string, errs *field.Errors) {
	var kinds []string
	if r.Slack != nil {
		kinds = append(kinds, "slack")
		field.CheckSecretURL(key+".slack.url", r.Slack.URL, errs)
		if !slackChannel.MatchString(r.Slack.Channel) {
			errs.Add(key+".slack.channel", r.Slack.Channel, "a channel: #alerts",
				"put it in quotes: YAML takes # for a comment")
		}
	}
	if r.PagerDuty != nil {
		kinds = append(kinds, "pagerduty")
		if !pagerDutyKey.MatchString(r.PagerDuty.RoutingKey) {
			field.AddSecret(key+".pagerduty.routingKey", r.PagerDuty.RoutingKey,
				"the 32 letters and digits of an Events API v2 integration", errs)
		}
	}
	if r.Opsgenie != nil {
		kinds = append(kinds, "opsgenie")
		if !opsgenieKey.MatchString(r.Opsgenie.APIKey) {
			field.AddSecret(key+".opsgenie.apiKey", r.Opsgenie.APIKey,
				"the key of an API integration: letters, digits and hyphens", errs)
		}
		if r.Opsgenie.Region != "" {
			field.OneOf(key+".opsgenie.region", r.Opsgenie.Region, OpsgenieRegions, errs)
		}
	}
	if r.Webhook != nil {
		kinds = append(kinds, "webhook")
		field.CheckSecretURL(key+".webhook.url", r.Webhook.URL, errs)
	}
	if r.Email != nil {
		kinds = append(kinds, "email")
		r.Email.validate(key+".email", errs)
	}
	if len(kinds) != 1 {
		errs.Add(key, json.Number(strings.Join(kinds, " and ")),
			"exactly one of slack, pagerduty, opsgenie, webhook, email", "make a receiver of its own of each")
	}
}

func (e Email) validate(key string, errs *field.Errors) {
	for name, address := range map[string]string{"to": e.To, "from": e.From} {
		_, err := mail.ParseAddress(address)
		if err != nil || strings.Contains(address, "{{") || field.Variable.MatchString(address) || strings.ContainsFunc(address, unicode.IsControl) {
			errs.Add(key+"."+name, address, "an address: alerts@example.org",
				"pulumi config set --path '"+key+"."+name+"' <address>")
		}
	}
	if !field.IsHostPort(e.Smarthost) {
		errs.Add(key+".smarthost", e.Smarthost,
			"the SMTP server: a host name or IP address, and a port from 1 to 65535, such as smtp.example.org:587",
			"pulumi config set --path '"+key+".smarthost' <host>:587")
	}
	if (e.Username == "") != (e.Password == "") {
		field.AddSecret(key+".password", e.Password, "a password with username, or neither", errs)
	}
	field.CheckLogin(key+".username", e.Username, errs)
	field.CheckLogin(key+".password", e.Password, errs)
}
