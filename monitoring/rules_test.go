package monitoring

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
	"gopkg.in/yaml.v3"

	"doks-security/monitoring/day"
	"doks-security/values"
)

// alertCase is what one alert does with some series. Times are as Prometheus writes them: 10m.
type alertCase struct {
	Case    string            `yaml:"case"`
	Metrics string            `yaml:"metrics"` // default: native
	Series  map[string]string `yaml:"series"`  // one sample a minute, in the notation of Prometheus' own tests
	// Firing are the label sets that fire, without alertname and severity, by time. An empty list: silence.
	Firing map[string][]string `yaml:"firing"`
}

// firing evaluates every rule once a minute, as Prometheus does, and returns what one alert fires at the times asked.
func firing(t *testing.T, alert string, c alertCase) map[string][]string {
	t.Helper()
	load := "load 1m\n"
	for series, samples := range c.Series {
		load += "  " + series + " " + samples + "\n"
	}
	loader, err := promqltest.NewLazyLoader(load, promqltest.LazyLoaderOpts{EnableAtModifier: true, EnableNegativeOffset: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := loader.Close(); err != nil {
			t.Error(err)
		}
	}()
	loader.SubqueryInterval = time.Minute
	manager := rules.NewManager(&rules.ManagerOptions{
		QueryFunc:  rules.EngineQueryFunc(loader.QueryEngine(), loader.Storage()),
		Appendable: loader.Storage(), Context: context.Background(), Parser: day.PromQL, Logger: promslog.NewNopLogger(),
		NotifyFunc: func(context.Context, string, ...*rules.Alert) {},
	})
	metrics := c.Metrics
	if metrics == "" {
		metrics = "native"
	}
	files, err := day.RuleFiles(t.TempDir(), metrics)
	if err != nil {
		t.Fatal(err)
	}
	groups, errs := manager.LoadGroups(time.Minute, labels.EmptyLabels(), "", nil, false, files...)
	if errs != nil {
		t.Fatal(errs)
	}
	ordered := day.RecordersFirst(groups)
	fired := map[string][]string{}
	var last time.Duration
	for at := range c.Firing {
		last = max(last, parseTime(t, at))
	}
	for at := time.Duration(0); at <= last; at += time.Minute {
		now := time.Unix(0, 0).UTC().Add(at)
		loader.WithSamplesTill(now, func(err error) {
			if err != nil {
				t.Fatal(err)
			}
			for _, group := range ordered {
				group.Eval(loader.Context(), now)
			}
		})
		for key := range c.Firing {
			if parseTime(t, key) == at {
				fired[key] = active(t, ordered, alert)
			}
		}
	}
	return fired
}

// active are the label sets of the alert's firing instances. Their annotations must read well.
func active(t *testing.T, groups []*rules.Group, alert string) []string {
	t.Helper()
	firing, err := day.Firing(groups)
	if err != nil {
		t.Fatal(err)
	}
	fired := []string{}
	for _, instance := range firing[alert] {
		checkAnnotations(t, instance)
		fired = append(fired, labels.NewBuilder(instance.Labels).Del("alertname", "severity").Labels().String())
	}
	slices.Sort(fired)
	return fired
}

func checkAnnotations(t *testing.T, instance *rules.Alert) {
	t.Helper()
	instance.Annotations.Range(func(l labels.Label) {
		for _, bad := range []string{"<error", "<no value>", " \n", "  "} {
			if strings.Contains(l.Value, bad) {
				t.Errorf("annotation %s: %q", l.Name, l.Value)
			}
		}
	})
}

func parseTime(t *testing.T, text string) time.Duration {
	t.Helper()
	d, err := model.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(d)
}

func readCases(t *testing.T, file string) []alertCase {
	t.Helper()
	text, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer text.Close()
	var cases []alertCase
	decoder := yaml.NewDecoder(text)
	decoder.KnownFields(true)
	if err := decoder.Decode(&cases); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return cases
}

// Each alert has a file of cases beside the others.
func TestAlerts(t *testing.T) {
	files, err := filepath.Glob("testdata/alerts/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		alert := strings.TrimSuffix(filepath.Base(file), ".yaml")
		for _, c := range readCases(t, file) {
			t.Run(alert+"/"+c.Case, func(t *testing.T) {
				got := firing(t, alert, c)
				for at, want := range c.Firing {
					expected := []string{}
					for _, series := range want {
						set, err := day.PromQL.ParseMetric(series)
						if err != nil {
							t.Fatal(err)
						}
						expected = append(expected, set.String())
					}
					slices.Sort(expected)
					if !slices.Equal(got[at], expected) {
						t.Errorf("at %s fires %v, want %v", at, got[at], expected)
					}
				}
			})
		}
	}
}

// No alert goes without a case of each kind: it fires, stays silent, recovers, and where a counter is born with its
// first event, tells that one.
func TestEveryAlertHasItsCases(t *testing.T) {
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
				wanted := []string{"firing", "silent", "recovery"}
				if strings.Contains(rule.Expr, "unless") && strings.Contains(rule.Expr, "offset") {
					wanted = append(wanted, "first event")
				}
				cases := readCases(t, filepath.Join("testdata", "alerts", rule.Alert+".yaml"))
				for _, kind := range wanted {
					if !slices.ContainsFunc(cases, func(c alertCase) bool { return isOf(t, c, kind) }) {
						t.Errorf("%s has no case for %s", rule.Alert, kind)
					}
				}
			}
		}
	}
}

// isOf tells whether a case, by its name and by what it expects, is of a kind.
func isOf(t *testing.T, c alertCase, kind string) bool {
	t.Helper()
	var first, silentAfter time.Duration = -1, -1
	for at, fired := range c.Firing {
		switch when := parseTime(t, at); {
		case len(fired) > 0 && (first < 0 || when < first):
			first = when
		case len(fired) == 0:
			silentAfter = max(silentAfter, when)
		}
	}
	if !strings.HasPrefix(c.Case, kind) {
		return false
	}
	switch kind {
	case "silent":
		return first < 0 && silentAfter > 0
	case "recovery":
		return first >= 0 && silentAfter > first
	}
	return first >= 0
}

// A rule that would never load must not pass: neither a broken expression nor a misspelt key.
func TestBrokenRulesAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"a broken expression": `groups: [{name: a, rules: [{alert: A, expr: "sum by (node (up)"}]}]`,
		"a broken template":   `groups: [{name: a, rules: [{alert: A, expr: up, annotations: {summary: "{{ $labels.node"}}]}]`,
		"an unknown key":      `groups: [{name: a, rules: [{alert: A, expr: up, fro: 5m}]}]`,
	} {
		path := filepath.Join(t.TempDir(), "rules.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		manager := rules.NewManager(&rules.ManagerOptions{Context: context.Background(), Parser: day.PromQL, Logger: promslog.NewNopLogger()})
		if _, errs := manager.LoadGroups(time.Minute, labels.EmptyLabels(), "", nil, false, path); errs == nil {
			t.Error(fmt.Errorf("%s was accepted", name))
		}
	}
}
