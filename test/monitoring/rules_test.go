package monitoring

import (
	"bytes"
	"context"
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

	"doks-security/test/monitoring/scenario"
	"doks-security/values"
)

// alertTests is a file of promtool's unit tests of rules
// (https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/). Annotations are not compared: that
// they can be rendered is checked of every alert that fires.
type alertTests struct {
	RuleFiles          []string    `yaml:"rule_files"` // native.yaml or falco-exporter.yaml: by the source of metrics
	EvaluationInterval string      `yaml:"evaluation_interval"`
	Tests              []alertTest `yaml:"tests"`
}

// alertTest is what one alert does with some series. Times are as Prometheus writes them: 10m.
type alertTest struct {
	Name          string          `yaml:"name"`
	Interval      string          `yaml:"interval"` // of the samples
	InputSeries   []inputSeries   `yaml:"input_series"`
	AlertRuleTest []alertRuleTest `yaml:"alert_rule_test"`

	metrics string // of the file
}

type inputSeries struct {
	Series string `yaml:"series"`
	Values string `yaml:"values"`
}

type alertRuleTest struct {
	EvalTime  string `yaml:"eval_time"`
	AlertName string `yaml:"alertname"`
	ExpAlerts []struct {
		ExpLabels map[string]string `yaml:"exp_labels"`
	} `yaml:"exp_alerts"` // an empty list: silence
}

// firing evaluates every rule once a minute, as Prometheus does, and returns what one alert fires at the times asked.
func firing(t *testing.T, alert string, c alertTest) map[string][]string {
	t.Helper()
	files, err := scenario.RuleFiles(t.TempDir(), c.metrics)
	if err != nil {
		t.Fatal(err)
	}
	return firingOf(t, files, alert, c)
}

// firingOf is firing with the rules of some files.
func firingOf(t *testing.T, files []string, alert string, c alertTest) map[string][]string {
	t.Helper()
	load := "load 1m\n"
	for _, s := range c.InputSeries {
		load += "  " + s.Series + " " + s.Values + "\n"
	}
	loader, err := promqltest.NewLazyLoader(load,
		promqltest.LazyLoaderOpts{EnableAtModifier: true, EnableNegativeOffset: true})
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
		Appendable: loader.Storage(), Context: context.Background(), Parser: scenario.PromQL, Logger: promslog.NewNopLogger(),
		NotifyFunc: func(context.Context, string, ...*rules.Alert) {},
	})
	groups, errs := manager.LoadGroups(time.Minute, labels.EmptyLabels(), "", nil, false, files...)
	if errs != nil {
		t.Fatal(errs)
	}
	ordered := scenario.RecordersFirst(groups)
	fired := map[string][]string{}
	var last time.Duration
	for _, expected := range c.AlertRuleTest {
		last = max(last, parseTime(t, expected.EvalTime))
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
		for _, expected := range c.AlertRuleTest {
			if parseTime(t, expected.EvalTime) == at {
				fired[expected.EvalTime] = active(t, ordered, alert)
			}
		}
	}
	return fired
}

// active are the label sets of the alert's firing instances. Their annotations must read well.
func active(t *testing.T, groups []*rules.Group, alert string) []string {
	t.Helper()
	firing, err := scenario.Firing(groups)
	if err != nil {
		t.Fatal(err)
	}
	fired := []string{}
	for _, instance := range firing[alert] {
		checkAnnotations(t, instance)
		fired = append(fired, labels.NewBuilder(instance.Labels).Del("alertname").Labels().String())
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

// readTests reads the tests of an alert: <Alert>.yaml, and <Alert>.falco-exporter.yaml for that source of metrics.
func readTests(t *testing.T, alert string) []alertTest {
	t.Helper()
	return readTestsIn(t, "alerts", alert)
}

// readTestsIn is readTests in another folder of testdata.
func readTestsIn(t *testing.T, folder, alert string) []alertTest {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", folder, alert+".*yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var tests []alertTest
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var file alertTests
		decoder := yaml.NewDecoder(bytes.NewReader(text))
		decoder.KnownFields(true)
		if err := decoder.Decode(&file); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(file.RuleFiles) != 1 || file.EvaluationInterval != "1m" {
			t.Fatalf("%s: rule_files %v, evaluation_interval %s; want one file, evaluated each 1m", name, file.RuleFiles,
				file.EvaluationInterval)
		}
		for _, c := range file.Tests {
			if c.Interval != "1m" {
				t.Fatalf("%s: %s: interval %q; want 1m", name, c.Name, c.Interval)
			}
			c.metrics = strings.TrimSuffix(file.RuleFiles[0], ".yaml")
			tests = append(tests, c)
		}
	}
	return tests
}

// Each alert has a file of tests.
func TestAlerts(t *testing.T) {
	files, err := filepath.Glob("testdata/alerts/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no tests", err)
	}
	alerts := map[string]bool{}
	for _, file := range files {
		alert, _, _ := strings.Cut(filepath.Base(file), ".")
		alerts[alert] = true
	}
	for alert := range alerts {
		for _, c := range readTests(t, alert) {
			t.Run(alert+"/"+c.metrics+"/"+c.Name, func(t *testing.T) { compare(t, alert, c, firing(t, alert, c)) })
		}
	}
}

// compare wants an alert to fire what its test expects; got is what it fires, by time.
func compare(t *testing.T, alert string, c alertTest, got map[string][]string) {
	t.Helper()
	for _, expected := range c.AlertRuleTest {
		if expected.AlertName != alert {
			t.Errorf("a test of %s", expected.AlertName)
		}
		want := []string{}
		for _, instance := range expected.ExpAlerts {
			want = append(want, labels.FromMap(instance.ExpLabels).String())
		}
		slices.Sort(want)
		if at := expected.EvalTime; !slices.Equal(got[at], want) {
			t.Errorf("at %s fires %v, want %v", at, got[at], want)
		}
	}
}

// No alert goes without a case of each kind: it fires, stays silent, recovers, and where a counter first appears with
// its first event, reports that one.
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
				tests := readTests(t, rule.Alert)
				for _, kind := range wanted {
					if !slices.ContainsFunc(tests, func(c alertTest) bool { return isOf(t, c, kind) }) {
						t.Errorf("%s has no test of %s", rule.Alert, kind)
					}
				}
			}
		}
	}
}

// isOf reports whether a test, by its name and by what it expects, is of a kind.
func isOf(t *testing.T, c alertTest, kind string) bool {
	t.Helper()
	var first, silentAfter time.Duration = -1, -1
	for _, expected := range c.AlertRuleTest {
		switch when := parseTime(t, expected.EvalTime); {
		case len(expected.ExpAlerts) > 0 && (first < 0 || when < first):
			first = when
		case len(expected.ExpAlerts) == 0:
			silentAfter = max(silentAfter, when)
		}
	}
	if !strings.HasPrefix(c.Name, kind) {
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

// A rule that would never load must not pass: neither a broken expression nor a misspelled key.
func TestBrokenRulesAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"a broken expression": `groups: [{name: a, rules: [{alert: A, expr: "sum by (node (up)"}]}]`,
		"a broken template": `groups: [{name: a, rules: [{alert: A, expr: up,
			annotations: {summary: "{{ $labels.node"}}]}]`,
		"an unknown key": `groups: [{name: a, rules: [{alert: A, expr: up, fro: 5m}]}]`,
	} {
		path := filepath.Join(t.TempDir(), "rules.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		manager := rules.NewManager(&rules.ManagerOptions{Context: context.Background(), Parser: scenario.PromQL,
			Logger: promslog.NewNopLogger()})
		if _, errs := manager.LoadGroups(time.Minute, labels.EmptyLabels(), "", nil, false, path); errs == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}
