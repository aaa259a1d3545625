package pipeline

import (
	"strings"
	"testing"
	"time"
)

// startFallback is a falcosidekick that reaches Alertmanager or not, and a Prometheus that scrapes it every 2 seconds.
func startFallback(t *testing.T, reaches bool) (*Falcosidekick, *Sink) {
	t.Helper()
	l, sink := newLab(t, "alertmanager", "falcosidekick", "prometheus")
	a := startAlertmanager(t, l, sink)
	f, err := l.StartWatched(t.Context(), render(t, "dev", everybody), a, reaches, 2*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	return f, sink
}

var critical = Event{Rule: "Drop and execute", Priority: "Critical"}

// Where falcosidekick does not reach Alertmanager, Prometheus notifies of a critical event, and of the failure.
func TestPrometheusNotifiesOfWhatFalcosidekickCannotSend(t *testing.T) {
	t.Parallel()
	f, sink := startFallback(t, false)
	if err := f.Send(t.Context(), critical); err != nil {
		t.Fatal(err)
	}
	var titles []string
	for _, m := range sink.Await(2, 30*time.Second, To("team")) {
		title, _, _ := m.Read()
		titles = append(titles, title)
	}
	got := strings.Join(titles, "\n")
	for _, want := range []string{
		"[FIRING:1] Drop and execute in shop on node-a (critical, dev)",
		"[FIRING:1] FalcosidekickOutputErrors (warning, dev)",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

// Where falcosidekick has sent the event, Prometheus' alert of it is muted.
func TestPrometheusIsSilentAboutWhatFalcosidekickSent(t *testing.T) {
	t.Parallel()
	f, sink := startFallback(t, true)
	if err := f.Send(t.Context(), critical); err != nil {
		t.Fatal(err)
	}
	about := func(m Message) bool { return m.Receiver == "team" && strings.Contains(m.Body, critical.Rule) }
	if messages := sink.Await(2, 20*time.Second, about); len(messages) != 1 {
		t.Errorf("%d messages of one event, want 1: %+v", len(messages), messages)
	}
}
