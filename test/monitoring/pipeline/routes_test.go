package pipeline

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAmtoolAcceptsTheConfiguration(t *testing.T) {
	t.Parallel()
	l, _ := newLab(t, "amtool")
	amtool, err := l.File(t.Context(), "amtool")
	if err != nil {
		t.Fatal(err)
	}
	for name, settings := range map[string]string{
		"everybody": everybody, "no receivers": "", "by matchers": byMatchers,
	} {
		config, err := render(t, "dev", settings).alertmanagerConfig()
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

// byMatchers has a receiver of a team, in a chat of Telegram, one in Discord for the rest, and a muted one. Its extra
// route gets a copy.
const byMatchers = `
alerting:
  timeIntervals:
    - {name: always, intervals: [{times: [{start_time: "00:00", end_time: "24:00"}]}]}
  receivers:
    - {name: rest, default: true, alertmanager: {discord_configs: [{webhook_url: {secure: a}}]}}
    - name: muted
      minimumSeverity: info
      matchers: ['namespace="a"', 'rule=""']
      mute: [always]
      webhook: {url: {secure: a}}
    - name: payments
      matchers: ['team="payments"']
      stop: true
      groupBy: [namespace]
      groupWait: 20s
      alertmanager: {telegram_configs: [{chat_id: -1001234567890, bot_token: {secure: a}}]}
    - {name: next, matchers: ['team=~".+"'], webhook: {url: {secure: a}}}
  extra:
    receivers: [{name: audit, webhook_configs: [{url: {secure: a}}]}]
    routes: [{receiver: audit, matchers: ['team="payments"'], group_wait: 20s}]
    inhibit_rules:
      - {source_matchers: ['alertname="NodeDown"'], target_matchers: ['alertname="PodDown"', 'rule=""'], equal: [node]}
    time_intervals: [{name: always-too, time_intervals: [{times: [{start_time: "00:00", end_time: "24:00"}]}]}]
`

// A team's alert is posted to the team's chat, and to no receiver behind it; what no receiver takes goes to the default
// one; a muted receiver gets nothing.
func TestAlertsByMatchers(t *testing.T) {
	t.Parallel()
	l, sink := newLab(t, "alertmanager")
	args := AlertmanagerArgs{Stack: render(t, "dev", byMatchers), Speed: faster}
	a, err := l.StartAlertmanager(t.Context(), sink, args)
	if err != nil {
		t.Fatal(err)
	}
	send(t, a,
		firing("Payments <fail> & retry.", "alertname=PaymentsFail", "severity=critical", "team=payments", "namespace=pay"),
		firing("Another.", "alertname=Another", "severity=warning", "namespace=b"),
		firing("Muted.", "alertname=Muted", "severity=warning", "namespace=a"),
		firing("A shell.", "alertname=Shell", "rule=Shell", "source=falco", "severity=critical", "hostname=n"),
	)
	for receiver, want := range map[string][]string{
		"payments": {"[FIRING:1] PaymentsFail (critical, dev): Payments &lt;fail&gt; &amp; retry."}, // Telegram's HTML
		"rest":     {"[FIRING:1] Another (warning, dev): Another.", "[FIRING:1] Shell on n (critical, dev): A shell."},
	} {
		var got []string
		for _, m := range sink.Await(len(want), 10*time.Second, To(receiver)) {
			title, text, _ := m.Read()
			first, _, _ := strings.Cut(text, "\n")
			got = append(got, title+": "+first)
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", receiver, got, want)
		}
	}
	if got := sink.Await(1, 5*time.Second, To("audit")); len(got) != 1 || !strings.Contains(got[0].Body, "PaymentsFail") {
		t.Errorf("the route of extra has %d messages, want 1", len(got))
	}
	for _, receiver := range []string{"muted", "next"} {
		if got := sink.Messages(To(receiver)); len(got) > 0 {
			t.Errorf("%s gets %q", receiver, got[0].Body)
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
