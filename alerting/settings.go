// Package alerting routes alerts to receivers: it makes Alertmanager's configuration of a stack's settings. It knows
// nothing of Pulumi.
package alerting

// Severities are those of every alert, from the lowest.
var Severities = []string{"info", "warning", "critical"}

// Settings are where notifications go. Tags are those of field.Setting.
type Settings struct {
	// Receivers of alerts. Without any, alerts are still evaluated, and shown in Grafana and Alertmanager.
	Receivers []Receiver `json:"receivers"`
	// Named times, for mute and active of receivers.
	TimeIntervals []TimeInterval `json:"timeIntervals"`
	// A dead man's switch: a service that is called as long as alerting works, and notifies when the calls stop.
	Heartbeat *Heartbeat `json:"heartbeat"`
	// The URL at which docs/runbooks is published. Not set: alerts link to paths in this repository.
	Runbooks string `json:"runbooks" format:"runbooks"`
	// Parts of Alertmanager's own configuration that are added to it, for what the other settings cannot say.
	Extra Extra `json:"extra"`
}

// Receiver is one channel: exactly one of its kinds.
type Receiver struct {
	// Its name in Alertmanager.
	Name string `json:"name" required:"true" format:"receiverName"`
	// The lowest severity that is sent.
	MinimumSeverity string `json:"minimumSeverity" default:"warning" format:"severity"`
	// Only alerts that match all of these, in Alertmanager's syntax: team="payments".
	Matchers []string `json:"matchers" format:"matcher"`
	// Receivers after it in the list do not get what it takes (continue: false in Alertmanager).
	Stop bool `json:"stop" default:"false"`
	// It gets what no other receiver takes, wherever it is in the list.
	Default bool `json:"default" default:"false"`
	// Labels that alerts of one message have in common, or "..." for all; severity is always one. Not set: alertname.
	GroupBy []string `json:"groupBy" format:"groupLabel"`
	// How long the first message of a group waits for more alerts; critical events wait 5s. Not set: 30s.
	GroupWait string `json:"groupWait" format:"wait"`
	// How long the next message of a group waits for more alerts. Not set: 5m.
	GroupInterval string `json:"groupInterval" format:"pause"`
	// How long until a message about alerts that still fire is repeated. Not set: 4h.
	RepeatInterval string `json:"repeatInterval" format:"pause"`
	// Names of timeIntervals in which it gets nothing.
	Mute []string `json:"mute"`
	// Names of timeIntervals: it gets something only in these.
	Active []string `json:"active"`
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
	// Any other kind, as Alertmanager's documentation has it: {telegram_configs: [{chat_id: 1, bot_token: ...}]}.
	Alertmanager Fragment `json:"alertmanager"`
}

// TimeInterval is a name for times.
type TimeInterval struct {
	// Its name.
	Name string `json:"name" required:"true" format:"label"`
	// Times as in Alertmanager's time_intervals: {weekdays: [saturday, sunday], location: Europe/Berlin}.
	Intervals []Fragment `json:"intervals"`
}

// Extra are parts of Alertmanager's configuration, with the keys of its documentation.
type Extra struct {
	// Receivers, without this project's messages.
	Receivers []Fragment `json:"receivers"`
	// Routes; an alert that one takes still goes to the receivers above.
	Routes []Fragment `json:"routes"`
	// Inhibition rules; none may inhibit critical events of Falco, or the heartbeat.
	InhibitRules []Fragment `json:"inhibit_rules"`
	// Named times, for routes.
	TimeIntervals []Fragment `json:"time_intervals"`
}

// Slack posts to a channel through an incoming webhook.
type Slack struct {
	// URL of an incoming webhook.
	URL string `json:"url" secret:"true" required:"true" format:"secretURL"`
	// The channel, by name or id: #alerts, C0123ABCD.
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
