package stack

import (
	"fmt"

	"doks-security/components"
	"doks-security/stack/field"
)

// ForwardSettings send what this cluster knows to stores outside of it. Nothing set: nothing leaves.
type ForwardSettings struct {
	// A store that takes Prometheus remote write.
	Metrics *MetricsForward `json:"metrics"`
	// A SIEM that takes Falco's events as JSON.
	Events *EventsForward `json:"events"`
}

// MetricsForward is Prometheus' remote write, to any store that takes it.
type MetricsForward struct {
	// URL of the store, without a login, key or token: Helm values have it in plain text.
	URL string `json:"url"`
	// User name at the store.
	Username string `json:"username"`
	// Password at the store.
	Password string `json:"password" secret:"true"`
}

// EventsForward posts Falco's events as JSON to a SIEM.
type EventsForward struct {
	// URL that events are posted to; it usually carries the key.
	URL string `json:"url" secret:"true" required:"true" format:"secretURL"`
	// The lowest priority of Falco that is sent.
	MinimumPriority string `json:"minimumPriority" default:"notice" format:"priority"`
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
		for i, r := range s.Alerting.Receivers {
			if r.Webhook != nil && r.Webhook.URL == e.URL {
				faults.Add("forward.events.url", field.Hidden,
					fmt.Sprintf("another URL than alerting.receivers[%d].webhook.url: each event would be delivered twice", i),
					"remove one of them")
			}
		}
	}
}

// eventsFrom is the lowest priority that is forwarded; empty: none is.
func (f ForwardSettings) eventsFrom() string {
	if f.Events == nil {
		return ""
	}
	return f.Events.MinimumPriority
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
	return &components.EventsForward{URL: f.Events.URL, MinimumPriority: f.Events.MinimumPriority}
}
