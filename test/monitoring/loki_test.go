package monitoring

import (
	"errors"
	"regexp"
	"testing"

	"doks-security/test/monitoring/pipeline"
)

// startLoki is a real Loki with events and logs as Alloy labels them.
func startLoki(t *testing.T) *pipeline.Loki {
	t.Helper()
	l := pipeline.New(t.TempDir(), false)
	t.Cleanup(func() {
		if err := l.StopAll(); err != nil {
			t.Error(err)
		}
	})
	stack, err := pipeline.Render("dev", "")
	if err != nil {
		t.Fatal(err)
	}
	loki, err := l.StartLoki(t.Context(), stack)
	if missing := (*pipeline.Unavailable)(nil); errors.As(err, &missing) {
		t.Skip(missing)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []pipeline.Event{
		{Rule: "a", Priority: "Critical", Fields: map[string]any{"proc.name": "curl"}},
		{Rule: "Virtual Cluster Started Without Approval", Priority: "Warning"},
	} {
		line, err := e.JSON()
		if err != nil {
			t.Fatal(err)
		}
		labels := map[string]string{"rule": e.Rule, "source": "syscall", "priority": e.Priority, "hostname": "a",
			"k8s_ns_name": "shop", "k8s_pod_name": "web-1", "cluster": "dev"}
		if err := loki.Push(t.Context(), labels, string(line)); err != nil {
			t.Fatal(err)
		}
	}
	for namespace, container := range map[string]string{"a": "a", "falco": "falco", "vcluster": "syncer"} {
		labels := map[string]string{"namespace": namespace, "pod": "a", "container": container, "node": "a", "app": container,
			"cluster": "dev", "stream": "stdout"}
		if err := loki.Push(t.Context(), labels, "a virtual cluster, vcluster, starts"); err != nil {
			t.Fatal(err)
		}
	}
	return loki
}

// Every LogQL expression of panels, links, Alloy and the docs is answered by a real Loki, with lines.
func TestLokiAnswersLogQL(t *testing.T) {
	placeholder := regexp.MustCompile("<[a-z]+>") // of the docs
	queries := logQueries(t)
	loki := startLoki(t)
	for place, expr := range queries {
		expr = placeholder.ReplaceAllString(expr, "a")
		if lines, err := loki.Query(t.Context(), expr); err != nil || lines == 0 {
			t.Errorf("%s: %d lines, error %v\n%s", place, lines, err, expr)
		}
	}
}

// What the check in Go accepts and refuses, Loki does.
func TestLokiAgreesAboutLogQL(t *testing.T) {
	loki := startLoki(t)
	for _, broken := range []string{
		`{rule=~".*"}`, `{rule="a"`, `{rule=a}`, `{rule=~"(a"}`, `{rule="a"} | jsn`, `{rule="a"} | json a=b`,
		`{rule="a"} |~ "(a"`, `{rule="a"} = "a"`, `rate({rule="a"}[5m]`, `sum by (a (rate({rule="a"}[5m])))`,
	} {
		if _, err := loki.Query(t.Context(), broken); err == nil {
			t.Errorf("%s: Loki answers", broken)
		}
	}
}
