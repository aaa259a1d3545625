package monitoring

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	amalert "github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/eventrecorder"
	"github.com/prometheus/alertmanager/inhibit"
	"github.com/prometheus/alertmanager/provider/mem"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"

	"doks-security/alerting"
	"doks-security/values"
)

// everybody is one receiver of each kind.
var everybody = alerting.Settings{
	Heartbeat: &alerting.Heartbeat{URL: "https://example.org/heartbeat", Interval: "10m"},
	Receivers: []alerting.Receiver{
		{Name: "team", MinimumSeverity: "warning",
			Slack: &alerting.Slack{URL: "https://example.org/slack", Channel: "#alerts"}},
		{Name: "oncall", MinimumSeverity: "critical",
			PagerDuty: &alerting.PagerDuty{RoutingKey: "0123456789abcdef0123456789abcdef"}},
		{Name: "backup", MinimumSeverity: "critical", Opsgenie: &alerting.Opsgenie{APIKey: "key", Region: "eu"}},
		{Name: "siem", MinimumSeverity: "info", Webhook: &alerting.Webhook{URL: "https://example.org/siem"}},
		{Name: "archive", MinimumSeverity: "warning", Email: &alerting.Email{
			To: "a@example.org", From: "b@example.org", Smarthost: "smtp.example.org:587", Username: "a", Password: "b",
		}},
	},
}

var links = values.AlertLinks{Grafana: "https://grafana.example.org", Runbooks: "https://example.org/runbooks"}

// load reads what alerting writes as Alertmanager does.
func load(t *testing.T, s alerting.Settings) *config.Config {
	t.Helper()
	text, err := s.Config(links)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := config.Load(text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return loaded
}

// set reads a=b, c=d as labels.
func set(text string) model.LabelSet {
	labels := model.LabelSet{"cluster": "prod"}
	for _, pair := range strings.Split(text, ", ") {
		name, value, _ := strings.Cut(pair, "=")
		labels[model.LabelName(name)] = model.LabelValue(value)
	}
	return labels
}

func TestRoutes(t *testing.T) {
	for _, c := range []struct {
		name, alert string
		settings    alerting.Settings
		notified    []string
	}{
		{"critical", "alertname=FalcoBlind, severity=critical", everybody,
			[]string{"team", "oncall", "backup", "siem", "archive"}},
		{"warning", "alertname=FalcoSyscallDrops, severity=warning", everybody, []string{"team", "siem", "archive"}},
		{"info", "alertname=FalcoReloaded, severity=info", everybody, []string{"siem"}},
		{"an event from falcosidekick", "alertname=Read file, rule=Read file, source=falco, severity=warning", everybody,
			[]string{"team/events", "siem/events", "archive/events"}},
		{"a critical event that only Prometheus knows",
			"alertname=FalcoHighPriorityEvent, rule=Read file, severity=critical", everybody,
			[]string{"team/events", "oncall/events", "backup/events", "siem/events", "archive/events"}},
		{"a flood of a rule, which ends", "alertname=FalcoEventFlood, rule=Read file, severity=warning", everybody,
			[]string{"team", "siem", "archive"}},
		{"the dead man's switch", "alertname=Watchdog, severity=none", everybody, []string{"heartbeat"}},
		{"a helper of the chart", "alertname=InfoInhibitor, severity=none", everybody, []string{"null"}},
		{"no severity", "alertname=Other", everybody, []string{"null"}},
		{"no receiver configured", "alertname=FalcoBlind, severity=critical", alerting.Settings{}, []string{"null"}},
		{"no heartbeat configured", "alertname=Watchdog, severity=none", alerting.Settings{}, []string{"null"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var notified []string
			for _, route := range dispatch.NewRoute(load(t, c.settings).Route, nil).Match(set(c.alert)) {
				notified = append(notified, route.RouteOpts.Receiver)
			}
			if !slices.Equal(notified, c.notified) {
				t.Errorf("notified are %v, want %v", notified, c.notified)
			}
		})
	}
}

// Every alert of ours reaches a receiver that wants everything: none is dropped.
func TestEveryAlertReachesAReceiver(t *testing.T) {
	route := dispatch.NewRoute(load(t, everybody).Route, nil)
	for _, metrics := range []string{"native", "falco-exporter"} {
		groups, err := values.Alerts(metrics, values.DefaultNamespaces(), nil, values.AlertLinks{})
		if err != nil {
			t.Fatal(err)
		}
		for _, group := range groups {
			for _, rule := range group.Rules {
				if rule.Alert == "" {
					continue
				}
				labels := set("alertname=" + rule.Alert + ", severity=" + rule.Labels["severity"])
				if !slices.ContainsFunc(route.Match(labels),
					func(r *dispatch.Route) bool { return strings.HasPrefix(r.RouteOpts.Receiver, "siem") }) {
					t.Errorf("%s reaches no receiver", rule.Alert)
				}
			}
		}
	}
}

func TestDeadMansSwitchIsPrompt(t *testing.T) {
	route := dispatch.NewRoute(load(t, everybody).Route, nil).Match(set("alertname=Watchdog"))[0].RouteOpts
	if route.GroupWait != 0 || route.GroupInterval > time.Minute || route.RepeatInterval != 9*time.Minute+30*time.Second {
		t.Errorf("waits %s, groups for %s, repeats after %s", route.GroupWait, route.GroupInterval, route.RepeatInterval)
	}
}

// A route to nowhere, a receiver twice: Alertmanager's loader is what finds them.
func TestBrokenRoutesAreFound(t *testing.T) {
	text, err := everybody.Config(links)
	if err != nil {
		t.Fatal(err)
	}
	for name, broken := range map[string]string{
		"undefined receiver":      strings.Replace(text, "receiver: team", "receiver: taem", 1),
		"not unique":              strings.Replace(text, "name: oncall", "name: team", 1),
		"bad matcher format":      strings.Replace(text, `alertname="Watchdog"`, `alertname Watchdog`, 1),
		"field reciever not foun": strings.Replace(text, "receiver: siem", "reciever: siem", 1),
	} {
		if _, err := config.Load(broken); broken == text || err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// Each event is delivered once per channel: a firing alert inhibits less severe ones.
func TestInhibition(t *testing.T) {
	event := "alertname=Drop and execute, rule=Drop and execute, source=falco, hostname=a, severity=critical, " +
		"k8s_ns_name=shop, proc_pid=17"
	for _, c := range []struct {
		name, firing, alert string
		muted               bool
	}{
		{"Prometheus' alert of an event that falcosidekick sent", event,
			"alertname=FalcoHighPriorityEvent, rule=Drop and execute, hostname=a, k8s_ns_name=shop, severity=critical", true},
		{"another rule's", event, "alertname=FalcoHighPriorityEvent, rule=Read file, hostname=a, severity=critical", false},
		{"the same rule's on another node", event,
			"alertname=FalcoHighPriorityEvent, rule=Drop and execute, hostname=b, severity=critical", false},
		{"another cluster's", event, "cluster=dev, alertname=FalcoHighPriorityEvent, rule=Drop and execute, hostname=a, " +
			"severity=critical", false},
		{"other alerts about the node", event, "alertname=FalcoBlind, hostname=a, severity=critical", false},
		{"the event itself", event, event, false},
		{"a virtual cluster that falcosidekick sent", "alertname=V, rule=V, source=falco, hostname=a, severity=warning",
			"alertname=UnapprovedVirtualClusterStarted, rule=V, hostname=a, severity=warning", true},
		{"a virtual cluster still running", "alertname=UnapprovedVirtualClusterStarted, rule=V, hostname=a, severity=warning",
			"alertname=UnapprovedVirtualClusterRunning, namespace=shop, severity=warning", false},
		{"a virtual cluster of high priority", "alertname=UnapprovedVirtualClusterStarted, rule=V, hostname=a, " +
			"severity=warning", "alertname=FalcoHighPriorityEvent, rule=V, hostname=a, severity=critical", true},
		{"a warning with the same alert, critical", "alertname=A, namespace=n, severity=critical",
			"alertname=A, namespace=n, severity=warning", true},
		{"a warning about another node", "alertname=A, namespace=n, instance=a, severity=critical",
			"alertname=A, namespace=n, instance=b, severity=warning", false},
		{"the same outage", "alertname=LokiDown, severity=critical",
			"alertname=TargetDown, job=loki/loki, severity=warning", true},
		{"another outage", "alertname=LokiDown, severity=critical",
			"alertname=TargetDown, job=coredns, severity=warning", false},
		{"a warning in another namespace", "alertname=A, namespace=n, severity=critical",
			"alertname=A, namespace=m, severity=warning", false},
		{"mere information", "alertname=InfoInhibitor, namespace=n, severity=none",
			"alertname=B, namespace=n, severity=info", true},
		{"a reload, which has no namespace", "alertname=InfoInhibitor, severity=none",
			"alertname=FalcoReloaded, node=a, severity=info", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := inhibited(t, set(c.firing), set(c.alert)); got != c.muted {
				t.Errorf("muted %v, want %v", got, c.muted)
			}
		})
	}
}

// inhibited asks Alertmanager's inhibitor about one alert while another fires.
func inhibited(t *testing.T, firing, alert model.LabelSet) bool {
	t.Helper()
	logger := promslog.NewNopLogger()
	alerts, err := mem.NewAlerts(t.Context(), time.Hour, 0, nil, logger, eventrecorder.NopRecorder(),
		prometheus.NewRegistry(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer alerts.Close()
	now := time.Now()
	one := &amalert.Alert{Alert: model.Alert{Labels: firing, StartsAt: now, EndsAt: now.Add(time.Hour)}, UpdatedAt: now}
	if err := alerts.Put(context.Background(), one); err != nil {
		t.Fatal(err)
	}
	inhibitor := inhibit.NewInhibitor(alerts, load(t, everybody).InhibitRules, logger, eventrecorder.NopRecorder())
	go inhibitor.Run()
	defer inhibitor.Stop()
	inhibitor.WaitForLoading()
	return inhibitor.Mutes(t.Context(), alert)
}

// What a person reads names the alert, the cluster, and where to go on.
func TestMessages(t *testing.T) {
	templates, err := template.FromGlobs(nil)
	if err != nil {
		t.Fatal(err)
	}
	templates.ExternalURL = &url.URL{Scheme: "https", Host: "alertmanager.example.org"}
	slack := receiver(t, load(t, everybody), "team").SlackConfigs[0]
	now := time.Now()
	data := templates.Data("team", nil, nil, "", &amalert.Alert{Alert: model.Alert{
		Labels: set("alertname=FalcoBlind, severity=critical"), StartsAt: now, EndsAt: now.Add(time.Hour),
		Annotations: model.LabelSet{"description": "No events.", "runbook_url": "https://example.org/FalcoBlind.md",
			"dashboard_url": "https://example.org/d/a"},
	}})
	for text, want := range map[string]string{
		slack.Title: "[FIRING:1] FalcoBlind (critical, prod)",
		slack.Text: "No events.\nRunbook: https://example.org/FalcoBlind.md\nDashboard: https://example.org/d/a\n\n" +
			"All alerts: https://grafana.example.org/alerting/groups?alertmanager=Alertmanager\n",
	} {
		got, err := templates.ExecuteTextString(text, data)
		if err != nil || got != want {
			t.Errorf("%q, %v; want %q", got, err, want)
		}
	}
}

// falcosidekick sends to every replica: they share which notifications were sent, not the alerts they inhibit by.
func TestFalcosidekickNotifiesEveryAlertmanager(t *testing.T) {
	for _, profile := range values.Profiles {
		stack, err := values.Load("kube-prometheus-stack", profile, values.DefaultNamespaces())
		if err != nil {
			t.Fatal(err)
		}
		falco, err := values.Load("falco", profile, values.DefaultNamespaces())
		if err != nil {
			t.Fatal(err)
		}
		replicas := values.At(stack, "alertmanager", "alertmanagerSpec", "replicas").(int)
		output := values.At(falco, "falcosidekick", "config", "alertmanager").(map[string]any)
		hosts := strings.Split(output["hostport"].(string), ",")
		if len(hosts) != replicas {
			t.Errorf("%s: %d addresses for %d replicas", profile, len(hosts), replicas)
		}
		for i, host := range hosts {
			if want := fmt.Sprintf("alertmanager-%d.alertmanager-operated.", i); replicas > 1 && !strings.Contains(host, want) {
				t.Errorf("%s: %s is not replica %d", profile, host, i)
			}
		}
		// FalcoHighPriorityEvent looks back 10 minutes, and must end before the alert that inhibits it.
		if lasts := time.Duration(load(t, everybody).Global.ResolveTimeout); output["expireafter"] != nil ||
			lasts <= 10*time.Minute {
			t.Errorf("%s: an event's alert ends after %s, or with expireafter %v", profile, lasts, output["expireafter"])
		}
	}
}
