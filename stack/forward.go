package stack

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"doks-security/components"
	"doks-security/stack/field"
)

// ForwardSettings send what this cluster knows to stores outside of it. Nothing set: nothing leaves.
type ForwardSettings struct {
	// A store that takes Prometheus remote write.
	Metrics *MetricsForward `json:"metrics"`
	// A store that takes Loki's push API: it gets the logs of all pods, in addition to this cluster's Loki.
	Logs *Store `json:"logs"`
	// A SIEM that takes Falco's events as JSON.
	Events *EventsForward `json:"events"`
}

// Store is one that Prometheus or Alloy writes to.
type Store struct {
	// URL that is written to, without a login, key or token: Helm values have it in plain text. For logs with its path,
	// such as https://logs.example.org/loki/api/v1/push.
	URL string `json:"url"`
	// User name at the store.
	Username string `json:"username"`
	// Password at the store.
	Password string `json:"password" secret:"true"`
	// A token at the store, instead of a user name and a password.
	BearerToken string `json:"bearerToken" secret:"true"`
	// Tenant at the store: the header X-Scope-OrgID of Mimir, Cortex and Loki.
	Tenant string `json:"tenant" format:"tenant"`
}

// MetricsForward is Prometheus' remote write, to any store that takes it.
type MetricsForward struct {
	Store
	// Other headers, without a secret: Helm values have them in plain text.
	Headers map[string]string `json:"headers" keys:"headerName" format:"headerValue"`
}

// EventsForward posts Falco's events as JSON to a SIEM.
type EventsForward struct {
	// URL that events are posted to; it usually carries the key.
	URL string `json:"url" secret:"true" required:"true" format:"secretURL"`
	// The lowest priority of Falco that is sent.
	MinimumPriority string `json:"minimumPriority" default:"notice" format:"priority"`
}

// validateOutputs refuses outputs that would deliver events twice.
func validateOutputs(s Settings, errs *field.Errors) {
	outputs := s.RuntimeSecurity.Outputs
	if _, set := outputs["webhook"]; set && s.Forward.Events != nil {
		errs.Add("runtimeSecurity.outputs.webhook", json.Number(field.Hidden),
			"forward.events or this: falcosidekick has one webhook", "remove one of them")
	}
	if _, set := outputs["talon"]; set && s.Response.Enabled {
		errs.Add("runtimeSecurity.outputs.talon", json.Number(field.Hidden),
			"response or this: falcosidekick has one Falco Talon", "remove one of them")
	}
	address, _ := outputs["loki"]["hostport"].(string)
	if u, err := url.Parse(address); err == nil && u.Hostname() != "" {
		host := u.Hostname() + "."
		if loki := "loki." + s.Namespaces.ByRole()[components.NamespaceLoki] + "."; strings.HasPrefix(host, loki) {
			errs.Add("runtimeSecurity.outputs.loki.hostport", json.Number(field.Hidden),
				"another Loki: Alloy sends Falco's events to this one, and each would be stored twice", "remove the output")
		}
	}
}

func validateForward(s Settings, errs *field.Errors) {
	validateOutputs(s, errs)
	if m := s.Forward.Metrics; m != nil {
		m.validate("forward.metrics", errs)
		validateHeaders("forward.metrics.headers", m.Headers, errs)
	}
	if l := s.Forward.Logs; l != nil {
		l.validate("forward.logs", errs)
	}
	if e := s.Forward.Events; e != nil {
		for i, r := range s.Alerting.Receivers {
			if r.Webhook != nil && r.Webhook.URL == e.URL {
				errs.Add("forward.events.url", field.Hidden,
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

func (s Store) login() components.StoreLogin {
	return components.StoreLogin{Username: s.Username, Password: s.Password, BearerToken: s.BearerToken}
}

// validate checks the address and the login; key is that of the store.
func (s Store) validate(key string, errs *field.Errors) {
	checkURL(key+".url", s.URL,
		"the store's address; a login belongs to "+key+".username and password, or bearerToken", errs)
	if (s.Username == "") != (s.Password == "") {
		field.AddSecret(key+".password", s.Password, "username and password, or neither", errs)
	}
	if s.BearerToken != "" && s.Username != "" {
		errs.Add(key+".bearerToken", field.Hidden, "username and password, or bearerToken", "remove one of them")
	}
	field.CheckLogin(key+".username", s.Username, errs)
	field.CheckLogin(key+".password", s.Password, errs)
	field.CheckLogin(key+".bearerToken", s.BearerToken, errs)
}

// secretHeader matches names of headers that carry credentials.
var secretHeader = regexp.MustCompile(`(?i)auth|token|secret|pass|key|cookie|credential|signature`)

// takenHeaders are those that Prometheus sets itself, and refuses in its configuration:
// https://prometheus.io/docs/prometheus/latest/configuration/configuration/#remote_write
var takenHeaders = []string{"connection", "content-encoding", "content-length", "content-type", "host", "keep-alive",
	"user-agent", "x-amz-content-sha256", "x-amz-date", "x-prometheus-remote-write-version", "x-scope-orgid"}

func validateHeaders(key string, headers map[string]string, errs *field.Errors) {
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		switch at := key + "." + name; {
		case secretHeader.MatchString(name):
			errs.Add(at, json.Number(field.Hidden), "a header without a secret: Helm values have it in plain text",
				"use forward.metrics.bearerToken, or username and password")
		case slices.Contains(takenHeaders, strings.ToLower(name)):
			errs.Add(at, headers[name], "a header that Prometheus does not set itself",
				"remove it; X-Scope-OrgID is forward.metrics.tenant")
		}
	}
}

func (f ForwardSettings) metrics() *components.RemoteWrite {
	if f.Metrics == nil {
		return nil
	}
	return &components.RemoteWrite{
		URL: f.Metrics.URL, Login: f.Metrics.login(), Tenant: f.Metrics.Tenant, Headers: f.Metrics.Headers,
	}
}

func (f ForwardSettings) logs() *components.LogsForward {
	if f.Logs == nil {
		return nil
	}
	return &components.LogsForward{URL: f.Logs.URL, Login: f.Logs.login(), Tenant: f.Logs.Tenant}
}

func (f ForwardSettings) events() *components.EventsForward {
	if f.Events == nil {
		return nil
	}
	return &components.EventsForward{URL: f.Events.URL, MinimumPriority: f.Events.MinimumPriority}
}
