// Package alerting decides who is told of an alert: it makes Alertmanager's configuration of a stack's settings. It knows
// nothing of Pulumi.
package alerting

// Severities are those of every alert, from the lowest.
var Severities = []string{"info", "warning", "critical"}

// Settings say who is told. Without receivers alerts are still evaluated, and shown in Grafana and Alertmanager.
type Settings struct {
	Receivers []Receiver `json:"receivers"`
	// Heartbeat is told every few minutes that alerting works, and calls somebody when it is not: a dead man's switch.
	Heartbeat *Heartbeat `json:"heartbeat"`
	// Runbooks is the address docs/runbooks is published at; empty: links are paths in this repository.
	Runbooks string `json:"runbooks"`
}

// Receiver is one channel: exactly one of its kinds.
type Receiver struct {
	Name            string     `json:"name"`
	MinimumSeverity string     `json:"minimumSeverity"` // default: warning
	Slack           *Slack     `json:"slack"`
	PagerDuty       *PagerDuty `json:"pagerduty"`
	Opsgenie        *Opsgenie  `json:"opsgenie"`
	Webhook         *Webhook   `json:"webhook"`
	Email           *Email     `json:"email"`
}

// Slack posts to a channel through an incoming webhook.
type Slack struct {
	URL     string `json:"url" secret:"true"`
	Channel string `json:"channel"`
}

// PagerDuty opens an incident through the Events API v2.
type PagerDuty struct {
	RoutingKey string `json:"routingKey" secret:"true"`
}

// Opsgenie opens an alert.
type Opsgenie struct {
	APIKey string `json:"apiKey" secret:"true"`
	Region string `json:"region"` // us (default) or eu
}

// Webhook posts Alertmanager's JSON to any URL.
type Webhook struct {
	URL string `json:"url" secret:"true"`
}

// Email is sent through an SMTP server, with TLS.
type Email struct {
	To        string `json:"to"`
	From      string `json:"from"`
	Smarthost string `json:"smarthost"` // host:port
	Username  string `json:"username"`
	Password  string `json:"password" secret:"true"`
}

// Heartbeat is a URL that expects to be posted to.
type Heartbeat struct {
	URL      string `json:"url" secret:"true"`
	Interval string `json:"interval"` // default: 5m
}
