package pipeline

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// startEvents are an Alertmanager, and a falcosidekick that sends to it.
func startEvents(t *testing.T) (*Falcosidekick, *Alertmanager, *Sink) {
	t.Helper()
	l, sink := newLab(t, "alertmanager", "falcosidekick")
	a := startAlertmanager(t, l, sink)
	args := FalcosidekickArgs{Stack: render(t, "dev", everybody), Alertmanagers: []string{a.URL}}
	f, err := l.StartFalcosidekick(t.Context(), args)
	if err != nil {
		t.Fatal(err)
	}
	return f, a, sink
}

// An event is no state that ends: receivers get no message when Alertmanager forgets it. One that was delayed for
// longer than that is notified as well.
func TestEventsDoNotResolve(t *testing.T) {
	t.Parallel()
	f, a, sink := startEvents(t)
	before := time.Now()
	delayed := Event{Rule: "Drop and execute", Priority: "Critical", Time: time.Now().Add(-time.Hour)}
	if err := f.Send(t.Context(), delayed); err != nil {
		t.Fatal(err)
	}
	for _, m := range sink.Await(5, 5*time.Second, nil) {
		if !strings.Contains(m.Body, "Drop and execute") || strings.Contains(m.Body, "RESOLVED") {
			t.Errorf("%s: %s", m.Receiver, m.Body)
		}
	}
	alerts, err := a.Alerts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(alerts) != 1 {
		t.Fatalf("%d alerts of one event", len(alerts))
	}
	if e := alerts[0]; e.StartsAt.Before(before.Add(-time.Second)) || !e.EndsAt.After(e.StartsAt) {
		t.Errorf("the event arrived after %s; its alert is from %s to %s", before, e.StartsAt, e.EndsAt)
	}
	const lasts, interval = 15 * 60 / faster * time.Second, 5 * 60 / faster * time.Second
	if messages := sink.Await(6, lasts+2*interval, nil); len(messages) != 5 {
		t.Errorf("%d messages of one event, want 5: one for each receiver\n%+v", len(messages), messages)
	}
}

// A critical event on another node, or in another namespace, does not wait for the group of the first, and has a key of
// its own: PagerDuty opens another incident. So does what Prometheus says of events that falcosidekick could not send.
func TestCriticalEventElsewhereIsNotifiedAtOnce(t *testing.T) {
	t.Parallel()
	f, a, sink := startEvents(t)
	keys := map[string]bool{}
	next := func(what string, send func() error) {
		t.Helper()
		start, n := time.Now(), len(keys)+1
		if err := send(); err != nil {
			t.Fatal(err)
		}
		messages := sink.Await(n, 3*time.Second, To("oncall"))
		if len(messages) != n {
			t.Fatalf("%s: %d messages after %s, want %d", what, len(messages), time.Since(start), n)
		}
		key := incident(t, messages[n-1])
		if keys[key] = true; len(keys) != n {
			t.Errorf("%s has the key of another: %s", what, key)
		}
	}
	event := func(e Event) func() error {
		e.Rule, e.Priority = "Drop and execute", "Critical"
		return func() error { return f.Send(t.Context(), e) }
	}
	next("the first", event(Event{}))
	next("one on another node", event(Event{Hostname: "node-b"}))
	next("one in another namespace", event(Event{Namespace: "bank"}))
	next("one that only Prometheus knows", func() error {
		return a.Post(t.Context(), firing("Read file in bank", "alertname=FalcoHighPriorityEvent", "severity=critical",
			"rule=Read file", "hostname=node-a", "k8s_ns_name=bank"))
	})
	next("another that only Prometheus knows", func() error {
		return a.Post(t.Context(), firing("Read file in bank", "alertname=FalcoHighPriorityEvent", "severity=critical",
			"rule=Read file", "hostname=node-b", "k8s_ns_name=bank"))
	})
}

// incident is the key by which PagerDuty and Opsgenie know that they have an incident already.
func incident(t *testing.T, m Message) string {
	t.Helper()
	var body struct {
		PagerDuty string `json:"dedup_key"`
		Opsgenie  string `json:"alias"`
	}
	if err := json.Unmarshal([]byte(m.Body), &body); err != nil || body.PagerDuty+body.Opsgenie == "" {
		t.Fatalf("%v: no key in %s", err, m.Body)
	}
	return body.PagerDuty + body.Opsgenie
}

// After a restart Alertmanager knows what it has sent, but neither alerts nor what they inhibit. Prometheus' alerts
// come again, and are not notified again. Its alert of an event that falcosidekick sent before is: an event that was
// lost with the memory must not be silent. It has the event's key, so that it pages once.
func TestRestart(t *testing.T) {
	t.Parallel()
	f, a, sink := startEvents(t)
	alert := firing("Pod web-1 restarts.", "alertname=KubePodCrashLooping", "severity=critical", "pod=web-1")
	send(t, a, alert)
	if err := f.Send(t.Context(), Event{Rule: "Drop and execute", Priority: "Critical"}); err != nil {
		t.Fatal(err)
	}
	for _, receiver := range []string{"oncall", "backup", "team"} {
		if got := len(sink.Await(2, 5*time.Second, To(receiver))); got != 2 {
			t.Fatalf("%s has %d messages, want 2", receiver, got)
		}
	}
	time.Sleep(time.Second) // it notes what it has sent after the receiver has answered
	if err := a.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	send(t, a, alert, firing("Drop and execute in shop", "alertname=FalcoHighPriorityEvent", "severity=critical",
		"rule=Drop and execute", "hostname=node-a", "k8s_ns_name=shop"))
	for _, receiver := range []string{"oncall", "backup"} {
		messages := sink.Await(4, 15*time.Second, To(receiver))
		keys := map[string]int{}
		for _, m := range messages {
			keys[incident(t, m)]++
		}
		if len(messages) != 3 || len(keys) != 2 {
			t.Errorf("%s has %d messages with the keys %v, want the alert once, and the event twice with one key",
				receiver, len(messages), keys)
		}
	}
}
