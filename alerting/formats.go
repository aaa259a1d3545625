package alerting

import (
	"net/mail"
	"regexp"
	"strings"
	"unicode"

	"github.com/prometheus/alertmanager/matcher/compat"
	"github.com/prometheus/common/model"

	"doks-security/stack/field"
)

// Formats are those of the settings' tags. Alertmanager takes channels, addresses, keys and URLs for Go templates, and
// the operator replaces $(NAME) in its configuration: values that hold either are refused.
var Formats = field.Formats{
	"receiverName": {Pattern: field.Label,
		Valid:   func(name string) bool { return name != NullReceiver && name != HeartbeatName },
		Allowed: "lowercase letters, digits and hyphens; null and heartbeat are taken",
		Fix:     "choose a name that says which people it reaches"},
	"severity": {Enum: Severities, Example: Severities[0]},
	"matcher": {Valid: isMatcher, Fix: `write it in single quotes: 'team="payments"'`,
		Allowed: `a label, one of = != =~ !~, and a value or regular expression in double quotes: namespace=~"shop-.*"`},
	"groupLabel": {Pattern: regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*|\.\.\.)$`),
		Allowed: `a label's name, or "..." for all labels`, Fix: "correct it"},
	"wait":  {Valid: isPeriod(0), Allowed: "a duration: 30s, 5m, 1h", Example: "30s"},
	"pause": {Valid: isPeriod(1), Allowed: "a duration above zero: 30s, 5m, 4h", Example: "5m"},
	"slackChannel": {Valid: regexp.MustCompile(`^(#[\p{L}\p{M}\p{N}_.-]{1,80}|[CG][A-Z0-9]{7,20})$`).MatchString,
		Allowed: "a channel, by name or id: #alerts, C0123ABCD", Fix: "put a name in quotes: YAML takes # for a comment"},
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
		Allowed: "a URL that starts with https://, without a login, a query or a fragment: /<group>.md#<alert> is added"},
}

// isMatcher asks Alertmanager's parser, in the mode of prometheus-operator, which reads the configuration first.
func isMatcher(text string) bool {
	matchers, err := compat.Matchers(text, "")
	return err == nil && len(matchers) > 0 && isText(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

// isText reports whether a string arrives in Alertmanager as it is written.
func isText(text string) bool {
	return !field.Variable.MatchString(text) &&
		!strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' })
}

// isPeriod reports whether a string is a duration of Prometheus, of at least so many nanoseconds.
func isPeriod(least model.Duration) func(string) bool {
	return func(text string) bool {
		period, err := model.ParseDuration(text)
		return err == nil && period >= least
	}
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
