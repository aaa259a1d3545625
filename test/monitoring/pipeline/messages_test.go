package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// faster divides the durations of Alertmanager's routes in tests: groups wait 1 s and are looked at again after 10 s.
const faster = 30

// people read the messages of these receivers; siem's are JSON for programs.
var people = []string{"team", "oncall", "backup", "archive"}

func startAlertmanager(t *testing.T, l *Lab, sink *Sink) *Alertmanager {
	t.Helper()
	args := AlertmanagerArgs{Stack: render(t, "dev", everybody), Speed: faster}
	a, err := l.StartAlertmanager(t.Context(), sink, args)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// firing is an alert as Prometheus sends it.
func firing(description string, labels ...string) Alert {
	a := Alert{
		Labels: map[string]string{"cluster": "dev"}, Annotations: map[string]string{},
		StartsAt: time.Now(), EndsAt: time.Now().Add(time.Hour),
	}
	if description != "" {
		a.Annotations["description"] = description
	}
	for _, label := range labels {
		name, value, _ := strings.Cut(label, "=")
		a.Labels[name] = value
	}
	return a
}

func resolved(a Alert) Alert {
	a.EndsAt = time.Now()
	return a
}

func send(t *testing.T, a *Alertmanager, alerts ...Alert) {
	t.Helper()
	if err := a.Post(t.Context(), alerts...); err != nil {
		t.Fatal(err)
	}
}

// A flood makes one message of a bounded size, which says how many more there are and where to look. Alertmanager keeps
// 500 alerts of one name.
func TestFloodIsOneBoundedMessage(t *testing.T) {
	t.Parallel()
	l, sink := newLab(t, "alertmanager")
	a := startAlertmanager(t, l, sink)
	var events []Alert
	for i := range 2000 {
		e := firing(strings.Repeat("é", 3000), "alertname=Drop and execute", "rule=Drop and execute", "source=falco",
			"severity=critical", "hostname=node-a", "k8s_ns_name=shop", fmt.Sprint("evt_time=", i),
			"proc_cmdline="+strings.Repeat("x", 300))
		events = append(events, e)
	}
	for batch := range slices.Chunk(events, 200) {
		send(t, a, batch...)
	}
	const interval = 300 / faster * time.Second
	for _, receiver := range people {
		// The first message has the events so far, the next one all.
		messages := sink.Await(2, interval+5*time.Second, To(receiver))
		if len(messages) == 0 || len(messages) > 2 {
			t.Fatalf("%s has %d messages of one flood, want at most 2", receiver, len(messages))
		}
		last := messages[len(messages)-1]
		title, text, _ := last.Read()
		if !strings.HasPrefix(title, "[FIRING:500+] Drop and execute in shop on node-a (critical, dev)") {
			t.Errorf("%s: title %q", receiver, title)
		}
		if size := len(last.Body); size > 16<<10 {
			t.Errorf("%s: %d bytes", receiver, size)
		}
		for _, want := range []string{"and 495 more\n", "https://grafana.example.org/d/runtime-security?var-rule=Drop"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%s", receiver, want, text)
			}
		}
	}
	messages := sink.Await(2, interval+5*time.Second, To("siem"))
	last := messages[len(messages)-1].Body
	if !strings.Contains(last, `"truncatedAlerts":450`) || len(last) > 1<<20 {
		t.Errorf("the webhook gets %d bytes, or no truncatedAlerts", len(last))
	}
}

// A message says which alerts fire. Those that have resolved are counted; where none fires they are named, as resolved.
func TestFiringMessageNamesWhatFires(t *testing.T) {
	t.Parallel()
	l, sink := newLab(t, "alertmanager")
	a := startAlertmanager(t, l, sink)
	var pods []Alert
	for _, pod := range []string{"web-1", "web-2", "web-3"} {
		pods = append(pods, firing("Pod "+pod+" restarts.", "alertname=KubePodCrashLooping", "severity=critical", "pod="+pod))
	}
	send(t, a, pods...)
	check := func(n int, title string, text ...string) {
		t.Helper()
		for _, receiver := range people {
			messages := sink.Await(n, 20*time.Second, To(receiver))
			if len(messages) != n {
				t.Fatalf("%s has %d messages, want %d", receiver, len(messages), n)
			}
			gotTitle, gotText, _ := messages[n-1].Read()
			// PagerDuty resolves an incident by its key, and Opsgenie an alert: these messages have no text.
			if strings.HasPrefix(title, "[RESOLVED") && (receiver == "backup" || receiver == "oncall") {
				continue
			}
			all := "All alerts: https://grafana.example.org/alerting/groups?alertmanager=Alertmanager"
			want := strings.Join(append(text, all), "\n")
			if gotTitle != title || strings.TrimSpace(gotText) != want {
				t.Errorf("%s: %s\n%s\nwant %s\n%s", receiver, gotTitle, gotText, title, want)
			}
		}
	}
	check(1, "[FIRING:3] KubePodCrashLooping (critical, dev)",
		"Pod web-1 restarts.\n", "Pod web-2 restarts.\n", "Pod web-3 restarts.\n")
	send(t, a, resolved(pods[0]), resolved(pods[1]))
	check(2, "[FIRING:1] KubePodCrashLooping (critical, dev)", "Pod web-3 restarts.\n", "2 resolved")
	send(t, a, resolved(pods[2]))
	check(3, "[RESOLVED] KubePodCrashLooping (critical, dev)", "Resolved: Pod web-3 restarts.\n")
}

// Whatever an alert has and lacks: a message has a title, a severity, a text and a link.
func TestEveryMessageIsComplete(t *testing.T) {
	t.Parallel()
	l, sink := newLab(t, "alertmanager")
	a := startAlertmanager(t, l, sink)
	send(t, a,
		firing("Volume a.", "alertname=KubePersistentVolumeFillingUp", "severity=critical", "persistentvolumeclaim=a"),
		firing("Volume b.", "alertname=KubePersistentVolumeFillingUp", "severity=warning", "persistentvolumeclaim=b"),
		firing("", "alertname=NothingButAName", "severity=critical"),
	)
	for receiver, n := range map[string]int{"team": 3, "oncall": 2, "backup": 2, "archive": 3, "siem": 3} {
		messages := sink.Await(n, 10*time.Second, To(receiver))
		if len(messages) != n {
			t.Errorf("%s has %d messages, want %d", receiver, len(messages), n)
		}
		for _, m := range messages {
			if receiver == "siem" {
				continue
			}
			title, text, severity := m.Read()
			level := "warning"
			if strings.Contains(title, "(critical, dev)") {
				level = "critical"
			}
			if !strings.Contains(title, level+", dev)") {
				t.Errorf("%s: no severity in the title %q", receiver, title)
			}
			described := strings.Contains(text, "Volume") || strings.Contains(text, "NothingButAName")
			if !described || !strings.Contains(text, "https://") {
				t.Errorf("%s: no description or no link in %q", receiver, text)
			}
			if want := map[string]string{"oncall": level, "backup": "P1"}[receiver]; severity != want {
				t.Errorf("%s: severity %q, want %q", receiver, severity, want)
			}
		}
	}
}
