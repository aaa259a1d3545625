package monitoring

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"doks-security/test/monitoring/pipeline"
)

// startFalcosidekick is a falcosidekick of prod, which has three Alertmanagers. The first accepts events and does not
// answer, if hangs is set.
func startFalcosidekick(t *testing.T, hangs bool) *pipeline.Falcosidekick {
	t.Helper()
	l := pipeline.New(t.TempDir(), false)
	t.Cleanup(func() {
		if err := l.StopAll(); err != nil {
			t.Error(err)
		}
	})
	answering := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(answering.Close)
	alertmanagers := []string{answering.URL, answering.URL, answering.URL}
	if hangs {
		hanging, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = hanging.Close() })
		alertmanagers[0] = "http://" + hanging.Addr().String()
	}
	stack, err := pipeline.Render("prod", "")
	if err != nil {
		t.Fatal(err)
	}
	f, err := l.StartFalcosidekick(t.Context(), pipeline.FalcosidekickArgs{
		Stack: stack, UI: answering.URL, Alertmanagers: alertmanagers,
	})
	if missing := (*pipeline.Unavailable)(nil); errors.As(err, &missing) {
		t.Skip(missing)
	}
	if err != nil {
		t.Fatal(err)
	}
	if before := scrape(t, f); len(before) > 0 {
		t.Errorf("before the first event it exports %v", before)
	}
	return f
}

// scrapeOnce has the series that a falcosidekick exports once they have these values, as Prometheus keeps them from the
// third minute on.
func scrapeOnce(t *testing.T, f *pipeline.Falcosidekick, values map[string]string) (scraped []inputSeries) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		after, complete := scrape(t, f), true
		for series, value := range values {
			complete = complete && after[series] == value
		}
		if complete {
			for series, value := range after {
				scraped = append(scraped, inputSeries{
					strings.Replace(series, "{", `{pod="falcosidekick-a", `, 1), "_x3 " + value + "x20"})
			}
			return scraped
		}
		if time.Now().After(deadline) {
			t.Fatalf("it exports %v, want %v", after, values)
		}
	}
}

// FalcosidekickBacklog fires of the metrics that a real falcosidekick exports while one of three Alertmanagers accepts
// events and does not answer: from the first event on, although no delivery was counted there yet.
func TestBacklogOfARealFalcosidekick(t *testing.T) {
	f := startFalcosidekick(t, true)
	events := []pipeline.Event{{Rule: "a", Priority: "Error"}, {Rule: "b", Priority: "Notice"}}
	if err := f.Send(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
	c := alertTest{metrics: "native", AlertRuleTest: []alertRuleTest{{EvalTime: "4m"}, {EvalTime: "10m"}}}
	c.InputSeries = scrapeOnce(t, f, map[string]string{
		`falcosecurity_falcosidekick_outputs_total{destination="alertmanager",status="ok"}`: "2",
		`falcosecurity_falcosidekick_outputs_total{destination="webui",status="ok"}`:        "2",
	})
	fired := firing(t, "FalcosidekickBacklog", c)
	want := []string{`{destination="alertmanager", pod="falcosidekick-a", severity="critical"}`}
	if len(fired["4m"]) > 0 || !slices.Equal(fired["10m"], want) {
		t.Errorf("fires %v, want %v after 10 minutes", fired, want)
	}
}

// FalcoEventsNotReceived compares what Falco matched with what a real falcosidekick exports: it fires for the nodes of
// which events are missing, and for no other. Falco itself cannot be run here: its series is as its source writes it.
func TestEventsThatARealFalcosidekickDidNotReceive(t *testing.T) {
	f := startFalcosidekick(t, false)
	matched := map[string]int{"node-a": 4, "node-b": 2, "node-c": 5}
	c := alertTest{metrics: "native", AlertRuleTest: []alertRuleTest{{EvalTime: "4m"}, {EvalTime: "12m"}}}
	for node, received := range map[string]int{"node-a": 3, "node-c": 5} {
		for range received {
			if err := f.Send(t.Context(), pipeline.Event{Rule: "a", Priority: "Error", Hostname: node}); err != nil {
				t.Fatal(err)
			}
		}
	}
	c.InputSeries = scrapeOnce(t, f, map[string]string{
		`falcosecurity_falcosidekick_outputs_total{destination="webui",status="ok"}`: "8",
	})
	for node, events := range matched {
		c.InputSeries = append(c.InputSeries, inputSeries{fmt.Sprintf(`falcosecurity_falco_rules_matches_total{`+
			`node=%q, priority="3", rule_name="a", source="syscall", tag_container="true"}`, node),
			fmt.Sprintf("_x2 %dx20", events)})
	}
	fired := firing(t, "FalcoEventsNotReceived", c)
	want := []string{`{node="node-a", severity="warning"}`, `{node="node-b", severity="warning"}`}
	if len(fired["4m"]) > 0 || !slices.Equal(fired["12m"], want) {
		t.Errorf("fires %v, want %v after 12 minutes", fired, want)
	}
}

// scrape reads falcosidekick's own series.
func scrape(t *testing.T, f *pipeline.Falcosidekick) map[string]string {
	t.Helper()
	series, err := f.Series(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(series, func(one, _ string) bool { return !strings.HasPrefix(one, "falcosecurity_falcosidekick_") })
	return series
}
