package pipeline

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"doks-security/alerting"
)

func TestAmtoolAcceptsTheConfiguration(t *testing.T) {
	t.Parallel()
	l, _ := newLab(t, "amtool")
	amtool, err := l.File(t.Context(), "amtool")
	if err != nil {
		t.Fatal(err)
	}
	for name, settings := range map[string]alerting.Settings{"everybody": everybody, "no receivers": {}} {
		config, err := settings.Config(links)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "alertmanager.yaml")
		if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), amtool, "check-config", file).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s\n%s", name, err, out, config)
		}
	}
}

// What says less about the same thing is muted; the same alert about something else is not.
func TestInhibitionByTheProgram(t *testing.T) {
	t.Parallel()
	l, sink := newLab(t, "alertmanager")
	a := startAlertmanager(t, l, sink)
	disk := func(description, severity, instance string) Alert {
		return firing(description, "alertname=NodeFilesystemAlmostOutOfSpace", "severity="+severity, "instance="+instance,
			"namespace=node-agents", "device=vda")
	}
	down := func(description, job string) Alert {
		return firing(description, "alertname=TargetDown", "severity=warning", "namespace=a", "job="+job)
	}
	send(t, a, disk("", "critical", "a"), firing("", "alertname=LokiDown", "severity=critical"))
	sink.Await(2, 5*time.Second, To("siem"))
	send(t, a, disk("muted: node a", "warning", "a"), disk("shown: node b", "warning", "b"),
		down("muted: Loki", "loki/loki"), down("shown: DNS", "coredns"))
	var got []string
	for _, m := range sink.Await(5, 5*time.Second, To("team")) {
		title, _, _ := m.Read()
		got = append(got, title)
		for _, muted := range []string{"muted: node a", "muted: Loki"} {
			if strings.Contains(m.Body, muted) {
				t.Errorf("%q is notified", muted)
			}
		}
	}
	if len(got) != 4 {
		t.Errorf("notified are %q, want two critical alerts, and the warnings about node b and DNS", got)
	}
}

// The service that expects the heartbeat knows its interval: none comes late.
func TestHeartbeatIsOnTime(t *testing.T) {
	t.Parallel()
	l, sink := newLab(t, "alertmanager")
	a := startAlertmanager(t, l, sink)
	const interval, check = 5 * 60 / faster * time.Second, 60 / faster * time.Second
	var beats []Message
	for len(beats) < 5 { // as Prometheus, which sends it again and again
		send(t, a, firing("", "alertname=Watchdog", "severity=none"))
		n := len(beats)
		if beats = sink.Await(n+1, interval+check+time.Second, To("heartbeat")); len(beats) == n {
			t.Fatalf("no heartbeat within %s after %d", interval+check+time.Second, n)
		}
		if n == 0 {
			continue
		}
		if after := beats[n].At.Sub(beats[n-1].At); after > interval+check*3/4 || after < interval-check*3/4 {
			t.Errorf("heartbeat %d comes %s after the one before, want %s", n, after, interval)
		}
	}
}
