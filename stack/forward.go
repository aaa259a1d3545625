package stack

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/components"
	"doks-security/stack/field"
)

// ForwardSettings send what this cluster knows to stores outside of it. Nothing set: nothing leaves.
type ForwardSettings struct {
	Metrics *MetricsForward `json:"metrics"`
	Events  *EventsForward  `json:"events"`
}

// MetricsForward is Prometheus' remote write, to any store that takes it.
type MetricsForward struct {
	URL      string `json:"url"`
	Username string `json:"username"`
	Password string `json:"password"` // secret
}

// EventsForward posts Falco's events as JSON to a SIEM.
type EventsForward struct {
	URL             string `json:"url"`             // secret: it usually carries the key
	MinimumPriority string `json:"minimumPriority"` // default: notice
}

func validateForward(s Settings, faults *field.Errors) {
	if m := s.Forward.Metrics; m != nil {
		webURL("forward.metrics.url", m.URL, faults)
		if (m.Username == "") != (m.Password == "") {
			secretFault("forward.metrics.password", m.Password, "username and password, or neither", faults)
		}
	}
	if e := s.Forward.Events; e != nil {
		webURL("forward.events.url", e.URL, faults)
		if e.MinimumPriority != "" {
			oneOf("forward.events.minimumPriority", e.MinimumPriority, priorities, faults)
		}
		for i, r := range s.Alerting.Receivers {
			if r.Webhook != nil && r.Webhook.URL == e.URL {
				faults.Add("forward.events.url", hidden, fmt.Sprintf("another URL than alerting.receivers[%d].webhook.url: it would be told each event twice", i), "remove one of them")
			}
		}
	}
}

// plainForwardFaults refuses keys in plain text.
func plainForwardFaults(ctx *pulumi.Context, f ForwardSettings) field.Errors {
	holds := f.Events != nil || f.Metrics != nil && f.Metrics.Password != ""
	if !holds || ctx.IsConfigSecret(Project+":forward") {
		return nil
	}
	return field.Errors{{Key: "forward", Value: hidden, Allowed: "URLs and passwords encrypted: whoever reads the stack file could use them",
		Fix: "pulumi config set --secret --path '" + Project + ":forward.events.url' <url>, and so for each"}}
}

func (f ForwardSettings) metrics() *components.RemoteWrite {
	if f.Metrics == nil {
		return nil
	}
	return &components.RemoteWrite{URL: f.Metrics.URL, Username: f.Metrics.Username, Password: f.Metrics.Password}
}

func (f ForwardSettings) events() *components.EventsForward {
	if f.Events == nil {
		return nil
	}
	priority := f.Events.MinimumPriority
	if !slices.Contains(priorities, priority) {
		priority = "notice"
	}
	return &components.EventsForward{URL: f.Events.URL, MinimumPriority: priority}
}
