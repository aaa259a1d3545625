package stack

import (
	"fmt"
	"slices"

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
	URL      string `json:"url"` // written in plain text: without a login, key or token
	Username string `json:"username"`
	Password string `json:"password" secret:"true"`
}

// EventsForward posts Falco's events as JSON to a SIEM.
type EventsForward struct {
	URL             string `json:"url" secret:"true"` // it usually carries the key
	MinimumPriority string `json:"minimumPriority"`   // default: notice
}

func validateForward(s Settings, faults *field.Errors) {
	if m := s.Forward.Metrics; m != nil {
		checkURL("forward.metrics.url", m.URL,
			"the store's address; a login belongs to forward.metrics.username and password", faults)
		if (m.Username == "") != (m.Password == "") {
			field.AddSecret("forward.metrics.password", m.Password, "username and password, or neither", faults)
		}
		field.CheckLogin("forward.metrics.username", m.Username, faults)
		field.CheckLogin("forward.metrics.password", m.Password, faults)
	}
	if e := s.Forward.Events; e != nil {
		field.CheckSecretURL("forward.events.url", e.URL, faults)
		if e.MinimumPriority != "" {
			oneOf("forward.events.minimumPriority", e.MinimumPriority, priorities, faults)
		}
		for i, r := range s.Alerting.Receivers {
			if r.Webhook != nil && r.Webhook.URL == e.URL {
				faults.Add("forward.events.url", field.Hidden,
					fmt.Sprintf("another URL than alerting.receivers[%d].webhook.url: it would be told each event twice", i), "remove one of them")
			}
		}
	}
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
