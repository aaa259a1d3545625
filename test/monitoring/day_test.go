package monitoring

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql"

	"doks-security/test/monitoring/scenario"
)

var update = flag.Bool("update", false, "rewrite testdata/day.txt")

// What the dashboards would show of that day, and which alerts fired, is in testdata/day.txt: the same with
// falco-exporter, which counts the events another way.
func TestDayWithAnIncident(t *testing.T) {
	for _, metrics := range []string{"native", "falco-exporter"} {
		shown := showDay(t, metrics)
		if *update && metrics == "native" {
			if err := os.WriteFile("testdata/day.txt", []byte(shown), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile("testdata/day.txt")
		if err != nil {
			t.Fatal(err)
		}
		// A counter that grows is forgotten a minute before one that first appears: the same alerts, not all as long.
		if same := metrics == "native"; same && shown != string(want) || !same &&
			withoutEnds(shown) != withoutEnds(string(want)) {
			t.Errorf("with %s metrics the day shows\n%s\nwant\n%s", metrics, shown, want)
		}
		// Whatever the golden file says: 24 + 7 + 4 events were generated.
		for _, count := range []string{"  Events\n    {} 35\n", `{rule="Drop and execute new binary in container"} 7`,
			`{rule="Virtual Cluster Started Without Approval"} 1`, `sums to 24`} {
			if !strings.Contains(shown, count) {
				t.Errorf("with %s metrics no %q", metrics, count)
			}
		}
	}
}

func withoutEnds(shown string) string {
	return regexp.MustCompile(`(?m)^  ..:.. ends .*\n`).ReplaceAllString(shown, "")
}

func showDay(t *testing.T, metrics string) string {
	t.Helper()
	lived, err := scenario.Live(t.Context(), metrics)
	if err != nil {
		t.Fatal(err)
	}
	defer lived.Close()
	var shown strings.Builder
	fmt.Fprintf(&shown, "alerts\n")
	for _, change := range lived.Changes {
		checkAnnotations(t, change.Alert)
		fmt.Fprintf(&shown, "  %s\n", change)
	}
	end := scenario.Midnight.Add((scenario.Minutes - 2) * time.Minute)
	range24 := strings.NewReplacer("$__range", "1438m", "$__interval", "2m", "$__rate_interval", "5m")
	for _, uid := range []string{"runtime-security", "virtual-clusters"} {
		d := readDashboards(t)[uid]
		fmt.Fprintf(&shown, "\n%s\n", d.Title)
		for _, p := range d.Panels {
			if p.Source.Type != "prometheus" {
				continue
			}
			for _, target := range p.Targets {
				expr, err := d.Fill(range24.Replace(target.Expr), d.All)
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&shown, "  %s\n", p.Title)
				var lines []string
				if p.Type == "timeseries" {
					lines = sums(t, lived, expr, end)
				} else {
					lines = instant(t, lived, expr, end)
				}
				for _, line := range lines {
					fmt.Fprintf(&shown, "    %s\n", line)
				}
			}
		}
	}
	return shown.String()
}

func instant(t *testing.T, lived *scenario.Day, expr string, at time.Time) []string {
	t.Helper()
	vector, err := lived.Instant(t.Context(), expr, at)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, s := range vector {
		lines = append(lines, fmt.Sprintf("%s %s", s.Metric, readable(s.F)))
	}
	slices.Sort(lines)
	return lines
}

// sums are what a graph adds up to over the day, and its highest point.
func sums(t *testing.T, lived *scenario.Day, expr string, end time.Time) []string {
	t.Helper()
	matrix, err := lived.Range(t.Context(), expr, scenario.Midnight, end)
	if err != nil {
		t.Fatal(err)
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
		lines = append(lines, fmt.Sprintf("%s sums to %s, highest %s at %s", s.Metric, readable(sum), readable(top.F),
			time.UnixMilli(top.T).UTC().Format("15:04")))
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
