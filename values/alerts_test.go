package values

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// allAlerts are the alerts of both kinds of metrics, and their groups, by name.
func allAlerts(t *testing.T) (alerts map[string]Rule, groupOf map[string]string) {
	t.Helper()
	alerts, groupOf = map[string]Rule{}, map[string]string{}
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
				alerts[rule.Alert], groupOf[rule.Alert] = rule, name
			}
		}
	}
	return alerts, groupOf
}

func TestAlertsHaveAnnotations(t *testing.T) {
	alerts, groups := allAlerts(t)
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
		if got, want := rule.Annotations["runbook_url"],
			"https://example.org/runbooks/"+groups[name]+".md#"+strings.ToLower(name); got != want {
			t.Errorf("%s: runbook_url %q, want %q", name, got, want)
		}
		if !strings.HasPrefix(rule.Annotations["dashboard_url"], "https://grafana.example.org/d/") {
			t.Errorf("%s: dashboard_url %q is no dashboard", name, rule.Annotations["dashboard_url"])
		}
	}
}

// exampleAlerts are the alerts of the examples of addons whose runbooks are below those of the stack: name to group.
func exampleAlerts(t *testing.T) map[string]string {
	t.Helper()
	addons, err := Addons("..", ExampleAddonsDir)
	if err != nil {
		t.Fatal(err)
	}
	alerts := map[string]string{}
	for folder, release := range addons {
		groups, err := release.RuleGroups("alerts.yaml", DefaultNamespaces())
		if err != nil {
			t.Fatal(err)
		}
		for _, group := range groups {
			group.link(AlertLinks{Runbooks: "https://runbooks.example.org"}, true)
			for _, rule := range group.Rules {
				url := rule.Annotations["runbook_url"]
				if url == "https://runbooks.example.org/"+group.Name+".md#"+strings.ToLower(rule.Alert) {
					alerts[rule.Alert] = group.Name
				} else if !strings.HasPrefix(url, "https://") || strings.Contains(url, "runbooks.example.org") {
					t.Errorf("%s: %s: runbook_url %q", folder, rule.Alert, url)
				}
			}
		}
	}
	return alerts
}

// Each alert has a runbook on the page of its group: what it means, what to look at first, and what to do. A page or a
// runbook without an alert is out of date.
func TestEveryAlertHasItsRunbook(t *testing.T) {
	_, groups := allAlerts(t)
	maps.Copy(groups, exampleAlerts(t))
	pages, err := filepath.Glob("../docs/runbooks/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		_, runbooks, _ := strings.Cut(string(text), "\n## ")
		for runbook := range strings.SplitSeq(runbooks, "\n## ") {
			name, body, _ := strings.Cut(runbook, "\n")
			if group := strings.TrimSuffix(filepath.Base(page), ".md"); groups[name] != group {
				t.Errorf("%s: the group %s has no alert %q", page, group, name)
			}
			for _, want := range []string{"\n**Meaning**: ", "\n**Look first**: ", "\n\n1. "} {
				if !strings.Contains(body, want) {
					t.Errorf("%s: %s has no %q", page, name, strings.TrimSpace(want))
				}
			}
			delete(groups, name)
		}
	}
	for name, group := range groups {
		t.Errorf("docs/runbooks/%s.md has no runbook for %s", group, name)
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
