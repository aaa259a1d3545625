package values

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// allAlerts are the alerts of both kinds of metrics, by name.
func allAlerts(t *testing.T) map[string]Rule {
	t.Helper()
	alerts := map[string]Rule{}
	for _, metrics := range []string{"native", "falco-exporter"} {
		groups, err := Alerts(metrics, DefaultNamespaces(), map[string][]string{"team-a": nil},
			AlertLinks{Grafana: "https://grafana.example.org", Runbooks: "https://example.org/runbooks"})
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]string{}
		for name, group := range groups {
			for _, rule := range group.Rules {
				if rule.Alert == "" {
					continue
				}
				if other, twice := seen[rule.Alert]; twice {
					t.Errorf("%s is in the groups %s and %s", rule.Alert, other, name)
				}
				seen[rule.Alert] = name
				alerts[rule.Alert] = rule
			}
		}
	}
	return alerts
}

func TestAlertsHaveAnnotations(t *testing.T) {
	alerts := allAlerts(t)
	if len(alerts) < 18 {
		t.Errorf("%d alerts, want at least 18", len(alerts))
	}
	for name, rule := range alerts {
		if !slices.Contains([]string{"info", "warning", "critical"}, rule.Labels["severity"]) {
			t.Errorf("%s: severity %q", name, rule.Labels["severity"])
		}
		for _, key := range []string{"summary", "description"} {
			if rule.Annotations[key] == "" {
				t.Errorf("%s has no %s", name, key)
			}
		}
		if got, want := rule.Annotations["runbook_url"], "https://example.org/runbooks/"+name+".md"; got != want {
			t.Errorf("%s: runbook_url %q, want %q", name, got, want)
		}
		if !strings.HasPrefix(rule.Annotations["dashboard_url"], "https://grafana.example.org/d/") {
			t.Errorf("%s: dashboard_url %q is no dashboard", name, rule.Annotations["dashboard_url"])
		}
	}
}

// exampleAlerts are the alerts of the examples of addons whose runbooks are below those of the stack, by name.
func exampleAlerts(t *testing.T) map[string]Rule {
	t.Helper()
	addons, err := Addons("..", ExampleAddonsDir)
	if err != nil {
		t.Fatal(err)
	}
	alerts := map[string]Rule{}
	for folder, release := range addons {
		groups, err := release.RuleGroups("alerts.yaml", DefaultNamespaces())
		if err != nil {
			t.Fatal(err)
		}
		for _, group := range groups {
			group.link(AlertLinks{Runbooks: "https://example.org/runbooks"}, true)
			for _, rule := range group.Rules {
				if url := "https://example.org/runbooks/" + rule.Alert + ".md"; rule.Annotations["runbook_url"] == url {
					alerts[rule.Alert] = rule
				} else if !strings.HasPrefix(rule.Annotations["runbook_url"], "https://") {
					t.Errorf("%s: %s: runbook_url %q", folder, rule.Alert, rule.Annotations["runbook_url"])
				}
			}
		}
	}
	return alerts
}

// A runbook says what the alert means and what to do; one without an alert is out of date.
func TestEveryAlertHasItsRunbook(t *testing.T) {
	alerts := allAlerts(t)
	maps.Copy(alerts, exampleAlerts(t))
	pages, err := filepath.Glob("../docs/runbooks/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		name := strings.TrimSuffix(filepath.Base(page), ".md")
		if _, ok := alerts[name]; !ok {
			t.Errorf("%s belongs to no alert", page)
		}
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"# " + name + "\n", "\n## Meaning\n", "\n## What to do\n"} {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s has no %q", page, strings.TrimSpace(want))
			}
		}
		delete(alerts, name)
	}
	for name := range alerts {
		t.Errorf("docs/runbooks/%s.md is missing", name)
	}
}

func TestAlertsFollowTheMetrics(t *testing.T) {
	for _, c := range []struct{ metrics, source string }{
		{"native", "falcosecurity_falcosidekick_falco_events_total"},
		{"falco-exporter", "falco_events{"},
	} {
		groups, err := Alerts(c.metrics, DefaultNamespaces(), nil, AlertLinks{})
		if err != nil {
			t.Fatal(err)
		}
		for _, rule := range groups["events"].Rules {
			if rule.Record != "falco:events:total" || !strings.Contains(rule.Expr, c.source) {
				t.Errorf("%s: %s is %s, want it from %s", c.metrics, rule.Record, rule.Expr, c.source)
			}
		}
		if _, ok := groups["approved-virtual-clusters"]; ok {
			t.Error("an approved namespace out of nothing")
		}
	}
	if _, err := Alerts("statsd", DefaultNamespaces(), nil, AlertLinks{}); err == nil {
		t.Error("unknown metrics were accepted")
	}
}
