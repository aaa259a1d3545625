package values

import (
	"slices"
	"strings"
	"testing"
)

func TestIsInstalled(t *testing.T) {
	for _, c := range []struct {
		release Release
		options []Option
		want    bool
	}{
		{Release{}, nil, true},
		{Release{Without: WithoutUI}, []Option{WithoutLogging}, true},
		{Release{Without: WithoutUI}, []Option{WithoutUI}, false},
		{Release{With: WithGateway, Without: WithoutUI}, []Option{WithGateway}, true},
		{Release{With: WithGateway, Without: WithoutUI}, []Option{WithGateway, WithoutUI}, false},
		{Release{With: WithGateway}, nil, false},
	} {
		if got := c.release.IsInstalled(c.options); got != c.want {
			t.Errorf("%q without %q, options %q: installed %v", c.release.With, c.release.Without, c.options, got)
		}
	}
}

// A workload that is left out has no connections, whatever namespaces there are.
func TestConnectionsWithoutAPart(t *testing.T) {
	network, err := ReadNetwork()
	if err != nil {
		t.Fatal(err)
	}
	for option, gone := range map[Option][]string{
		WithoutLogging: {"loki", "alloy"}, WithoutGrafana: {"grafana"}, WithoutRuntimeSecurity: {"falco", "falcosidekick"},
		WithoutUI: {"falcosidekick-ui", "falcosidekick-ui-redis", "oauth2-proxy"},
	} {
		ends := func(options ...Option) map[string]bool {
			all := map[string]bool{}
			for _, c := range network.Of(DefaultNamespaces(), append(options, WithGateway)...) {
				all[c.From.Name], all[c.To.Name] = true, true
			}
			return all
		}
		with, without := ends(), ends(option)
		for _, name := range gone {
			if !with[name] || without[name] {
				t.Errorf("%s: %s has connections: %v before, %v after", option, name, with[name], without[name])
			}
		}
		if !without["prometheus"] {
			t.Errorf("%s: Prometheus has no connections", option)
		}
	}
}

// Every group of rules that reads what a part makes is left out with it.
func TestGroupsOfParts(t *testing.T) {
	groups, err := Alerts("native", DefaultNamespaces(), nil, AlertLinks{}, Output{Destination: "webui", Replicas: 1})
	if err != nil {
		t.Fatal(err)
	}
	reads := map[Option][]string{
		WithoutLogging:         {"loki_", `job="loki/`},
		WithoutRuntimeSecurity: {"falco:", "falcosecurity_", "falcosidekick:", `job="falco`},
		WithoutUI:              {"falcosidekick-ui", "oauth2-proxy"},
	}
	for name, group := range groups {
		for _, rule := range group.Rules {
			for option, words := range reads {
				found := slices.ContainsFunc(words, func(w string) bool { return strings.Contains(rule.Expr, w) })
				if found && group.Without != option {
					t.Errorf("the group %s is left out with %q, and %s%s reads what is missing with %q",
						name, group.Without, rule.Alert, rule.Record, option)
				}
			}
		}
	}
}

func TestAlertsWithoutDashboards(t *testing.T) {
	groups, err := Alerts("native", DefaultNamespaces(), nil, AlertLinks{NoDashboards: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, group := range groups {
		for _, rule := range group.Rules {
			if url, found := rule.Annotations["dashboard_url"]; found {
				t.Errorf("%s links to %s", rule.Alert, url)
			}
		}
	}
}

func TestDashboardsWithoutLogs(t *testing.T) {
	dashboards, err := Dashboards()
	if err != nil {
		t.Fatal(err)
	}
	for uid, text := range dashboards {
		without, err := WithoutLogs(text)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text, `"loki"`) || strings.Contains(without, `"loki"`) {
			t.Errorf("%s queries Loki: before %v, after %v", uid, strings.Contains(text, `"loki"`),
				strings.Contains(without, `"loki"`))
		}
		if !strings.Contains(without, `"prometheus"`) || !strings.Contains(without, `"uid": "`+uid+`"`) {
			t.Errorf("%s lost more than its logs", uid)
		}
	}
}
