// Package alerting routes alerts to receivers: it makes Alertmanager's configuration of a stack's settings. It knows
// nothing of Pulumi.
package alerting

// Severities are those of every alert, from the lowest.
var Severities = []string{"info", "warning", "critical"}

// Settings are where notifications go. Tags are those of field.Setting.
type Settings struct {
	// Receivers of alerts. Without any, alerts are still evaluated, and shown in Grafana and Alertmanager.
	Receivers []Receiver `json:"receivers"`
	// A dead man's switch: a service that is called as long as alerting works, and notifies when the calls stop.
	Heartbeat *Heartbeat `json:"heartbeat"`
	// The URL at which docs/runbooks is published. Not set: alerts link to paths in this repository.
	Runbooks string `json:"runbooks" format:"runbooks"`
}

// Receiver is one channel: exactly one of its kinds.
type Receiver struct {
	// Its name in Alertmanager.
	Name string `json:"name" required:"true" format:"receiverName"`
	// The lowest severity that is sent.
	MinimumSeverity string `json:"minimumSeverity" default:"warning" format:"severity"`
	// A Slack channel.
	Slack *Slack `json:"slack"`
	// A PagerDuty service.
	PagerDuty *PagerDuty `json:"pagerduty"`
	// An Opsgenie team.
	Opsgenie *Opsgenie `json:"opsgenie"`
	// Any service that takes Alertmanager's JSON.
	Webhook *Webhook `json:"webhook"`
	// An address, through an SMTP server with TLS.
	Email *Email `json:"email"`
}

// Slack posts to a channel through an incoming webhook.
type Slack struct {
	// URL of an incoming webhook.
	URL string `json:"url" secret:"true" required:"true" format:"secretURL"`
	// The channel: #alerts.
	Channel string `json:"channel" required:"true" format:"slackChannel"`
}

// PagerDuty opens an incident through the Events API v2.
type PagerDuty struct {
	// Key of an Events API v2 integration.
	RoutingKey string `json:"routingKey" secret:"true" required:"true" format:"pagerDutyKey"`
}

// Opsgenie opens an alert.
type Opsgenie struct {
	// Key of an API integration.
	APIKey string `json:"apiKey" secret:"true" required:"true" format:"opsgenieKey"`
	// Opsgenie's site.
	Region string `json:"region" default:"us" enum:"us,eu"`
}

// Webhook posts Alertmanager's JSON to any URL.
type Webhook struct {
	// URL that alerts are posted to.
	URL string `json:"url" secret:"true" required:"true" format:"secretURL"`
}

// Email is sent through an SMTP server, with TLS.
type Email struct {
	// The address alerts are sent to.
	To string `json:"to" required:"true" format:"mailbox"`
	// The sender's address.
	From string `json:"from" required:"true" format:"mailbox"`
	// The SMTP server: host:port.
	Smarthost string `json:"smarthost" required:"true" format:"smarthost"`
	// User name at the SMTP server.
	Username string `json:"username"`
	// Password at the SMTP server.
	Password string `json:"password" secret:"true"`
}

// Heartbeat is a URL that expects to be posted to.
type Heartbeat struct {
	// URL of the service that is called.
	URL string `json:"url" secret:"true" required:"true" format:"secretURL"`
	// Time between two calls.
	Interval string `json:"interval" default:"5m" format:"interval"`
}
