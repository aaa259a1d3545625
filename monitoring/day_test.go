package monitoring

import (
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/util/teststorage"
)

var update = flag.Bool("update", false, "rewrite testdata/day.txt")

// live runs the day: Prometheus' storage takes the samples, its rules are evaluated each minute. It returns the storage
// and when alerts begin and end to fire.
func live(t *testing.T) (*teststorage.TestStorage, *promql.Engine, []string) {
	t.Helper()
	storage := teststorage.New(t)
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 50_000_000, Timeout: time.Minute, EnableAtModifier: true, EnableNegativeOffset: true,
		NoStepSubqueryIntervalFn: func(int64) int64 { return time.Minute.Milliseconds() }})
	manager := rules.NewManager(&rules.ManagerOptions{
		QueryFunc: rules.EngineQueryFunc(engine, storage), Appendable: storage, Context: context.Background(), Parser: promQL,
		Logger: promslog.NewNopLogger(), NotifyFunc: func(context.Context, string, ...*rules.Alert) {},
	})
	loaded, errs := manager.LoadGroups(time.Minute, labels.EmptyLabels(), "", nil, false, ruleFiles(t, "native")...)
	if errs != nil {
		t.Fatal(errs)
	}
	groups := recordersFirst(loaded)
	for _, group := range groups {
		for _, rule := range group.Rules() {
			if alerting, ok := rule.(*rules.AlertingRule); ok {
				alerting.SetRestored(true) // else no ALERTS are written
			}
		}
	}
	series := incident()
	sets, alive := map[string]labels.Labels{}, map[string]bool{}
	for name := range series {
		set, err := promQL.ParseMetric(name)
		if err != nil {
			t.Fatal(err)
		}
		sets[name] = set
	}
	var timeline []string
	before := map[string]bool{}
	for minute := range day + 1 {
		now := midnight.Add(time.Duration(minute) * time.Minute)
		appender := storage.Appender(t.Context())
		for name, of := range series {
			v, scraped := of(minute)
			if !scraped && !alive[name] {
				continue
			}
			if !scraped {
				v = math.Float64frombits(value.StaleNaN) // as a scrape that no longer finds it writes
			}
			if _, err := appender.Append(0, sets[name], now.UnixMilli(), v); err != nil {
				t.Fatal(err)
			}
			alive[name] = scraped
		}
		if err := appender.Commit(); err != nil {
			t.Fatal(err)
		}
		for _, group := range groups {
			group.Eval(t.Context(), now)
		}
		after := firingNow(t, groups)
		for _, alert := range sortedDifference(after, before) {
			timeline = append(timeline, now.Format("15:04")+" begins "+alert)
		}
		for _, alert := range sortedDifference(before, after) {
			timeline = append(timeline, now.Format("15:04")+" ends   "+alert)
		}
		before = after
	}
	return storage, engine, timeline
}

func firingNow(t *testing.T, groups []*rules.Group) map[string]bool {
	t.Helper()
	firing := map[string]bool{}
	for _, group := range groups {
		for _, rule := range group.Rules() {
			if alerting, ok := rule.(*rules.AlertingRule); ok {
				for _, set := range active(t, groups, alerting.Name()) {
					firing[alerting.Name()+set] = true
				}
			}
		}
	}
	return firing
}

func sortedDifference(a, b map[string]bool) []string {
	var only []string
	for key := range a {
		if !b[key] {
			only = append(only, key)
		}
	}
	slices.Sort(only)
	return only
}

// What the dashboards would show of that day, and which alerts fired, stands in testdata/day.txt.
func TestDayWithAnIncident(t *testing.T) {
	storage, engine, timeline := live(t)
	var shown strings.Builder
	fmt.Fprintf(&shown, "alerts\n")
	for _, line := range timeline {
		fmt.Fprintf(&shown, "  %s\n", line)
	}
	end := midnight.Add(day*time.Minute - 2*time.Minute)
	range24 := strings.NewReplacer("$__range", "1438m", "$__interval", "2m", "$__rate_interval", "5m")
	for _, uid := range []string{"runtime-security", "virtual-clusters"} {
		d := readDashboards(t)[uid]
		fmt.Fprintf(&shown, "\n%s\n", d.Title)
		for _, p := range d.Panels {
			if p.Source.Type != "prometheus" {
				continue
			}
			for _, target := range p.Targets {
				expr, err := d.fill(range24.Replace(target.Expr), d.all)
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&shown, "  %s\n", p.Title)
				var lines []string
				if p.Type == "timeseries" {
					lines = sums(t, engine, storage, expr, end)
				} else {
					lines = instant(t, engine, storage, expr, end)
				}
				for _, line := range lines {
					fmt.Fprintf(&shown, "    %s\n", line)
				}
			}
		}
	}
	if *update {
		if err := os.WriteFile("testdata/day.txt", []byte(shown.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/day.txt")
	if err != nil {
		t.Fatal(err)
	}
	if shown.String() != string(want) {
		t.Errorf("the day shows\n%s\nwant\n%s", shown.String(), want)
	}
	// Whatever the golden file says: 24 + 4 + 1 events were generated.
	for _, count := range []string{"  Events\n    {} 29\n", `{rule="Drop and execute"} 4`, `{rule="Virtual Cluster Started Without Approval"} 1`, `sums to 24`} {
		if !strings.Contains(shown.String(), count) {
			t.Errorf("no %q", count)
		}
	}
}

func instant(t *testing.T, engine *promql.Engine, storage *teststorage.TestStorage, expr string, at time.Time) []string {
	t.Helper()
	query, err := engine.NewInstantQuery(t.Context(), storage, nil, expr, at)
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	defer query.Close()
	result := query.Exec(t.Context())
	vector, err := result.Vector()
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	var lines []string
	for _, s := range vector {
		lines = append(lines, fmt.Sprintf("%s %s", s.Metric, readable(s.F)))
	}
	slices.Sort(lines)
	return lines
}

// sums are what a graph adds up to over the day, and its highest point.
func sums(t *testing.T, engine *promql.Engine, storage *teststorage.TestStorage, expr string, end time.Time) []string {
	t.Helper()
	query, err := engine.NewRangeQuery(t.Context(), storage, nil, expr, midnight, end, 2*time.Minute)
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	defer query.Close()
	matrix, err := query.Exec(t.Context()).Matrix()
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	var lines []string
	for _, s := range matrix {
		sum, top := 0.0, promql.FPoint{}
		for _, point := range s.Floats {
			sum += point.F
			if point.F > top.F {
				top = point
			}
		}
		lines = append(lines, fmt.Sprintf("%s sums to %s, highest %s at %s", s.Metric, readable(sum), readable(top.F), time.UnixMilli(top.T).UTC().Format("15:04")))
	}
	slices.Sort(lines)
	return lines
}

// readable prints a time in milliseconds as one, and numbers with four digits.
func readable(v float64) string {
	if v > 1.7e12 && v < 1.9e12 {
		return time.UnixMilli(int64(v)).UTC().Format("15:04")
	}
	return fmt.Sprintf("%.4g", v)
}
