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

// midnight starts the day.
var midnight = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

const day = 24 * 60 // minutes

// sample is a series' value in a minute; false: not scraped.
type sample func(minute int) (float64, bool)

// clock reads 14:05 as a minute of the day.
func clock(text string) int {
	at, err := time.Parse("15:04", text)
	if err != nil {
		panic(err)
	}
	return at.Hour()*60 + at.Minute()
}

func gauge(v float64) sample { return func(int) (float64, bool) { return v, true } }

func growing(perMinute float64) sample {
	return func(m int) (float64, bool) { return perMinute * float64(m), true }
}

// counted is born with its first event and lives while its replica does.
func counted(from, to string, events ...string) sample {
	return func(m int) (float64, bool) {
		n := 0
		for _, e := range events {
			if clock(e) <= m {
				n++
			}
		}
		return float64(n), n > 0 && m >= clock(from) && m < clock(to)
	}
}

func between(from, to string, inside, outside float64) sample {
	return func(m int) (float64, bool) {
		if m >= clock(from) && m < clock(to) {
			return inside, true
		}
		return outside, true
	}
}

// incident is a day on three nodes. One rule is noisy all day. At 14:00 somebody runs a dropped binary in shop/web-1 on
// node b, at 14:10 starts a virtual cluster. In the middle of it a replica of falcosidekick is replaced, one delivery
// fails, and Falco drops system calls. In the morning node c was without Falco.
func incident() map[string]sample {
	series := map[string]sample{}
	for i, node := range []string{"a", "b", "c"} {
		series[`kube_node_info{node="`+node+`"}`] = gauge(1)
		series[`up{job="falco-metrics", node="`+node+`"}`] = gauge(1)
		series[`falcosecurity_scap_n_evts_total{node="`+node+`"}`] = growing(60_000)
		series[`falcosecurity_scap_n_drops_total{node="`+node+`"}`] = gauge(0)
		series[`falcosecurity_falco_outputs_queue_num_drops_total{node="`+node+`"}`] = gauge(0)
		series[`falcosecurity_falco_cpu_usage_ratio{node="`+node+`"}`] = gauge(0.04 + float64(i)/100)
		series[`falcosecurity_falco_memory_rss_bytes{node="`+node+`"}`] = gauge(180e6)
		series[`falcosecurity_falco_version_info{node="`+node+`", version="0.44.1"}`] = gauge(1)
		series[`falcosecurity_falco_sha256_rules_files_info{node="`+node+`", file_name="falco_rules.yaml", sha256="6f00"}`] = gauge(1)
	}
	series[`up{job="falco-metrics", node="c"}`] = between("10:00", "10:20", 0, 1)
	series[`falcosecurity_scap_n_drops_total{node="b"}`] = func(m int) (float64, bool) {
		return 2000 * float64(min(max(m-clock("14:00"), 0), 30)), true
	}
	for job, target := range map[string]string{"falco-falcosidekick": "x", "loki/loki": "loki-0"} {
		series[`up{job="`+job+`", instance="`+target+`"}`] = gauge(1)
	}
	event := func(rule, priority, node, namespace, pod, replica string) string {
		return fmt.Sprintf(`falcosecurity_falcosidekick_falco_events_total{rule=%q, priority_raw=%q, hostname=%q, k8s_ns_name=%q, k8s_pod_name=%q, pod=%q}`,
			rule, priority, node, namespace, pod, replica)
	}
	var hourly []string
	for hour := range 24 {
		hourly = append(hourly, fmt.Sprintf("%02d:30", hour))
	}
	series[event("Contact K8S API Server", "notice", "a", "shop", "tools-0", "sidekick-2")] = counted("00:00", "23:59", hourly...)
	dropped := func(replica string) string {
		return event("Drop and execute", "critical", "b", "shop", "web-1", replica)
	}
	series[dropped("sidekick-1")] = counted("00:00", "14:12", "14:00", "14:05")
	series[dropped("sidekick-2")] = counted("00:00", "23:59", "14:03")
	series[dropped("sidekick-3")] = counted("14:12", "23:59", "14:15")
	series[event("Virtual Cluster Started Without Approval", "warning", "b", "vcluster", "demo-0", "sidekick-2")] = counted("00:00", "23:59", "14:10")
	series[`kube_pod_container_info{namespace="vcluster", pod="demo-0", container="syncer", image_spec="ghcr.io/loft-sh/vcluster-oss:0.36.1"}`] = counted("14:09", "18:00", "14:09")
	series[`falcosecurity_falcosidekick_outputs_total{destination="loki", status="ok", pod="sidekick-2"}`] = counted("00:00", "23:59", append(hourly, "14:03", "14:10")...)
	series[`falcosecurity_falcosidekick_outputs_total{destination="loki", status="error", pod="sidekick-3"}`] = counted("14:12", "23:59", "14:15")
	return series
}

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
