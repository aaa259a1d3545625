package monitoring

import (
	"errors"
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

// FalcosidekickBacklog fires of the metrics that a real falcosidekick exports while one of three Alertmanagers accepts
// events and does not answer: from the first event on, although no delivery was counted there yet.
func TestBacklogOfARealFalcosidekick(t *testing.T) {
	l := pipeline.New(t.TempDir(), false)
	t.Cleanup(func() {
		if err := l.StopAll(); err != nil {
			t.Error(err)
		}
	})
	hanging, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = hanging.Close() })
	answering := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(answering.Close)
	f, err := l.StartFalcosidekick(t.Context(), pipeline.FalcosidekickArgs{
		Profile: "prod", UI: answering.URL,
		Alertmanagers: []string{"http://" + hanging.Addr().String(), answering.URL, answering.URL},
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
	events := []pipeline.Event{{Rule: "a", Priority: "Error"}, {Rule: "b", Priority: "Notice"}}
	if err := f.Send(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
	var c alertTest
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		after := scrape(t, f)
		if after[`falcosecurity_falcosidekick_outputs_total{destination="alertmanager",status="ok"}`] == "2" &&
			after[`falcosecurity_falcosidekick_outputs_total{destination="webui",status="ok"}`] == "2" {
			for series, value := range after {
				scraped := strings.Replace(series, "{", `{pod="falcosidekick-a", `, 1) // as Prometheus adds it
				c.InputSeries = append(c.InputSeries, inputSeries{scraped, "_x3 " + value + "x20"})
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("two events, of which one is for Alertmanager, lead to %v", after)
		}
	}
	c.metrics = "native"
	for _, at := range []string{"4m", "10m"} {
		c.AlertRuleTest = append(c.AlertRuleTest, alertRuleTest{EvalTime: at})
	}
	fired := firing(t, "FalcosidekickBacklog", c)
	want := []string{`{destination="alertmanager", pod="falcosidekick-a", severity="critical"}`}
	if len(fired["4m"]) > 0 || !slices.Equal(fired["10m"], want) {
		t.Errorf("fires %v, want %v after 10 minutes", fired, want)
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
