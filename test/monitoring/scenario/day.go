// Package scenario is a generated day with an incident, run through Prometheus' own storage, rules and query engine.
package scenario

import (
	"context"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/util/teststorage"
)

// Day is what was stored, and what happened. Close it.
type Day struct {
	Storage *teststorage.TestStorage
	Engine  *promql.Engine
	Changes []Change
}

// Change is an alert that begins or ends to fire.
type Change struct {
	At     time.Time
	Begins bool
	Name   string
	Alert  *rules.Alert
}

func (c Change) String() string {
	word := "ends  "
	if c.Begins {
		word = "begins"
	}
	return c.At.Format("15:04") + " " + word + " " + c.key()
}

// key is the alert without what the rule adds.
func (c Change) key() string {
	return c.Name + labels.NewBuilder(c.Alert.Labels).Del("alertname", "severity").Labels().String()
}

// Live runs the day: the storage takes the samples, and the rules that read metrics ("native" or "falco-exporter") are
// evaluated each minute.
func Live(ctx context.Context, metrics string) (*Day, error) {
	storage, err := teststorage.NewWithError()
	if err != nil {
		return nil, err
	}
	d := &Day{Storage: storage, Engine: promql.NewEngine(promql.EngineOpts{
		MaxSamples: 50_000_000, Timeout: time.Minute, EnableAtModifier: true, EnableNegativeOffset: true,
		NoStepSubqueryIntervalFn: func(int64) int64 { return time.Minute.Milliseconds() },
	})}
	if err := d.live(ctx, metrics); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// Close removes what was stored.
func (d *Day) Close() error { return d.Storage.Close() }

func (d *Day) live(ctx context.Context, metrics string) error {
	groups, err := d.groups(ctx, metrics)
	if err != nil {
		return err
	}
	series := incident(metrics)
	sets, alive := map[string]labels.Labels{}, map[string]bool{}
	for name := range series {
		if sets[name], err = PromQL.ParseMetric(name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	before := map[string]Change{}
	for minute := range Minutes + 1 {
		now := Midnight.Add(time.Duration(minute) * time.Minute)
		appender := d.Storage.Appender(ctx)
		for name, of := range series {
			v, scraped := of(minute)
			if !scraped && !alive[name] {
				continue
			}
			if !scraped {
				v = math.Float64frombits(value.StaleNaN) // as a scrape that no longer finds it writes
			}
			if _, err := appender.Append(0, sets[name], now.UnixMilli(), v); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			alive[name] = scraped
		}
		if err := appender.Commit(); err != nil {
			return err
		}
		for _, group := range groups {
			group.Eval(ctx, now)
		}
		firing, err := Firing(groups)
		if err != nil {
			return err
		}
		after := map[string]Change{}
		for name, alerts := range firing {
			for _, alert := range alerts {
				change := Change{At: now, Name: name, Alert: alert}
				after[change.key()] = change
			}
		}
		d.Changes = append(d.Changes, difference(after, before, now, true)...)
		d.Changes = append(d.Changes, difference(before, after, now, false)...)
		before = after
	}
	return nil
}

// groups loads the rules into Prometheus' rule manager.
func (d *Day) groups(ctx context.Context, metrics string) ([]*rules.Group, error) {
	dir, err := os.MkdirTemp("", "rules")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	files, err := RuleFiles(dir, metrics)
	if err != nil {
		return nil, err
	}
	manager := rules.NewManager(&rules.ManagerOptions{
		QueryFunc: rules.EngineQueryFunc(d.Engine, d.Storage), Appendable: d.Storage, Context: ctx, Parser: PromQL,
		Logger: promslog.NewNopLogger(), NotifyFunc: func(context.Context, string, ...*rules.Alert) {},
	})
	loaded, errs := manager.LoadGroups(time.Minute, labels.EmptyLabels(), "", nil, false, files...)
	if errs != nil {
		return nil, errs[0]
	}
	groups := RecordersFirst(loaded)
	for _, group := range groups {
		for _, rule := range group.Rules() {
			if alerting, ok := rule.(*rules.AlertingRule); ok {
				alerting.SetRestored(true) // else no ALERTS are written
			}
		}
	}
	return groups, nil
}

// difference are the alerts that only the first has, in order.
func difference(a, b map[string]Change, now time.Time, begins bool) []Change {
	var only []Change
	for key, change := range a {
		if _, both := b[key]; !both {
			change.At, change.Begins = now, begins
			only = append(only, change)
		}
	}
	slices.SortFunc(only, func(x, y Change) int { return strings.Compare(x.key(), y.key()) })
	return only
}

// Instant asks for the values at one time.
func (d *Day) Instant(ctx context.Context, expr string, at time.Time) (promql.Vector, error) {
	query, err := d.Engine.NewInstantQuery(ctx, d.Storage, nil, expr, at)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", expr, err)
	}
	defer query.Close()
	vector, err := query.Exec(ctx).Vector()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", expr, err)
	}
	return vector, nil
}

// Range asks for the values between two times, every two minutes.
func (d *Day) Range(ctx context.Context, expr string, from, to time.Time) (promql.Matrix, error) {
	query, err := d.Engine.NewRangeQuery(ctx, d.Storage, nil, expr, from, to, 2*time.Minute)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", expr, err)
	}
	defer query.Close()
	matrix, err := query.Exec(ctx).Matrix()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", expr, err)
	}
	var copied promql.Matrix
	for _, s := range matrix {
		copied = append(copied, promql.Series{Metric: s.Metric, Floats: slices.Clone(s.Floats)})
	}
	return copied, nil
}
