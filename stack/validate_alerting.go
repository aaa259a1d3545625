package stack

import (
	"encoding/json"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/alerting"
	"doks-security/stack/field"
)

var (
	pagerDutyKey = regexp.MustCompile(`^[A-Za-z0-9]{32}$`)
	minutes      = regexp.MustCompile(`^[1-9][0-9]{0,2}(m|h)$`)
)

// hidden stands for a value that may be a secret, in messages.
const hidden = "[may be secret]"

// decodeHidden reads a section that holds secrets: what a fault quotes of it is hidden.
func decodeHidden(section, text string, target any, faults *field.Errors) map[string]any {
	var own field.Errors
	given := decode(section, text, target, &own)
	for _, fault := range own {
		fault.Value = hidden
		*faults = append(*faults, fault)
	}
	return given
}

func validateAlerting(a alerting.Settings, faults *field.Errors) {
	names, destinations := map[string]bool{}, map[string]string{}
	for i, r := range a.Receivers {
		key := fmt.Sprintf("alerting.receivers[%d]", i)
		switch {
		case !label.MatchString(r.Name) || r.Name == alerting.Nobody || r.Name == alerting.HeartbeatName:
			faults.Add(key+".name", r.Name, "lowercase letters, digits and hyphens; null and heartbeat are taken", "name it after the people it reaches")
		case names[r.Name]:
			faults.Add(key+".name", r.Name, "each name once", "rename one")
		}
		names[r.Name] = true
		if r.MinimumSeverity != "" {
			oneOf(key+".minimumSeverity", r.MinimumSeverity, alerting.Severities, faults)
		}
		validateReceiver(key, r, faults)
		r.Name, r.MinimumSeverity = "", ""
		destination, err := json.Marshal(r)
		if first, twice := destinations[string(destination)]; twice && err == nil {
			faults.Add(key, hidden, "each channel once: "+first+" tells the same one everything twice", "remove one, and give the other the lower minimumSeverity")
		}
		destinations[string(destination)] = key
	}
	if a.Heartbeat != nil {
		webURL("alerting.heartbeat.url", a.Heartbeat.URL, faults)
		if a.Heartbeat.Interval != "" && !minutes.MatchString(a.Heartbeat.Interval) {
			faults.Add("alerting.heartbeat.interval", a.Heartbeat.Interval, "minutes or hours: 5m, 1h", "pulumi config set --path 'alerting.heartbeat.interval' 5m")
		}
	}
	if a.Runbooks != "" && !isWebURL(a.Runbooks) {
		faults.Add("alerting.runbooks", a.Runbooks, "a URL that starts with https://", "pulumi config set --path 'alerting.runbooks' https://<where docs/runbooks is published>")
	}
}

func validateReceiver(key string, r alerting.Receiver, faults *field.Errors) {
	var kinds []string
	if r.Slack != nil {
		kinds = append(kinds, "slack")
		webURL(key+".slack.url", r.Slack.URL, faults)
		if !strings.HasPrefix(r.Slack.Channel, "#") || len(r.Slack.Channel) < 2 {
			faults.Add(key+".slack.channel", r.Slack.Channel, "a channel: #alerts", "put it in quotes: YAML takes # for a comment")
		}
	}
	if r.PagerDuty != nil {
		kinds = append(kinds, "pagerduty")
		if !pagerDutyKey.MatchString(r.PagerDuty.RoutingKey) {
			secretFault(key+".pagerduty.routingKey", r.PagerDuty.RoutingKey, "the 32 letters and digits of an Events API v2 integration", faults)
		}
	}
	if r.Opsgenie != nil {
		kinds = append(kinds, "opsgenie")
		if r.Opsgenie.APIKey == "" {
			secretFault(key+".opsgenie.apiKey", "", "the key of an API integration", faults)
		}
		if r.Opsgenie.Region != "" {
			oneOf(key+".opsgenie.region", r.Opsgenie.Region, []string{"us", "eu"}, faults)
		}
	}
	if r.Webhook != nil {
		kinds = append(kinds, "webhook")
		webURL(key+".webhook.url", r.Webhook.URL, faults)
	}
	if r.Email != nil {
		kinds = append(kinds, "email")
		validateEmail(key+".email", *r.Email, faults)
	}
	if len(kinds) != 1 {
		faults.Add(key, json.Number(strings.Join(kinds, " and ")), "exactly one of slack, pagerduty, opsgenie, webhook, email", "make a receiver of its own of each")
	}
}

func validateEmail(key string, e alerting.Email, faults *field.Errors) {
	for field, address := range map[string]string{"to": e.To, "from": e.From} {
		if _, err := mail.ParseAddress(address); err != nil {
			faults.Add(key+"."+field, address, "an address: alerts@example.org", "pulumi config set --path '"+key+"."+field+"' <address>")
		}
	}
	if host, port, err := net.SplitHostPort(e.Smarthost); err != nil || host == "" || port == "" {
		faults.Add(key+".smarthost", e.Smarthost, "the SMTP server: smtp.example.org:587", "pulumi config set --path '"+key+".smarthost' <host>:587")
	}
	if (e.Username == "") != (e.Password == "") {
		secretFault(key+".password", e.Password, "a password with username, or neither", faults)
	}
}

// webURL refuses what is no https URL. The value is not shown: such URLs carry their key.
func webURL(key, value string, faults *field.Errors) {
	if !isWebURL(value) {
		secretFault(key, value, "a URL that starts with https://", faults)
	}
}

func isWebURL(value string) bool {
	u, err := url.Parse(value)
	return err == nil && u.Scheme == "https" && u.Host != ""
}

func secretFault(key, value, allowed string, faults *field.Errors) {
	shown := any(hidden)
	if value == "" {
		shown = nil
	}
	faults.Add(key, shown, allowed, "pulumi config set --secret --path '"+key+"' <value>")
}

// plainSecretFaults refuses receivers whose keys stand in the stack file in plain text: it is committed.
func plainSecretFaults(ctx *pulumi.Context, a alerting.Settings) field.Errors {
	holds := a.Heartbeat != nil || slices.ContainsFunc(a.Receivers, func(r alerting.Receiver) bool {
		return r.Email == nil || r.Email.Password != ""
	})
	if !holds || ctx.IsConfigSecret(Project+":alerting") {
		return nil
	}
	return field.Errors{{Key: "alerting", Value: hidden, Allowed: "URLs, keys and passwords encrypted: whoever reads the stack file could use them",
		Fix: "pulumi config set --secret --path '" + Project + ":alerting.receivers[0].slack.url' <url>, and so for each"}}
}
