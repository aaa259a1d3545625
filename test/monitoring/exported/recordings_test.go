package exported_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"gopkg.in/yaml.v3"

	"doks-security/alerting"
	"doks-security/test/controlplane/controlplanetest"
	"doks-security/test/monitoring/exported"
	"doks-security/test/monitoring/pipeline"
)

var update = flag.Bool("update", false, "write the recordings of the programs that can be had")

func TestMain(m *testing.M) { controlplanetest.Main(m) }

// What a program exports is what its recording has: of each program that can be had here.
func TestRecordings(t *testing.T) {
	wanted := read(t)
	for name, start := range map[string]func(t *testing.T, l *pipeline.Lab) (scrape, error){
		"alertmanager": ofAlertmanager, "falcosidekick": ofFalcosidekick, "prometheus": ofPrometheus,
		"loki": ofLoki, "node_exporter": ofNodeExporter, "kube-state-metrics": ofKubeStateMetrics,
		"kube-apiserver": ofAPIServer, "trivy-operator": ofTrivyOperator, "falco-talon": ofTalon,
	} {
		t.Run(name, func(t *testing.T) {
			l := pipeline.New(t.TempDir(), false)
			t.Cleanup(func() {
				if err := l.StopAll(); err != nil {
					t.Error(err)
				}
			})
			scrape, err := start(t, l)
			if missing := (*pipeline.Unavailable)(nil); errors.As(err, &missing) {
				t.Skip(missing)
			}
			if err != nil {
				t.Fatal(err)
			}
			got := await(t, scrape, wanted[name])
			if got.Version = version(t, name); *update {
				if err := os.WriteFile(name+".txt", []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := exported.Read(name)
			if err != nil {
				t.Fatal(err)
			}
			if got.String() != want.String() {
				t.Errorf("it exports\n%s\nand the recording has\n%s\n-update writes it", got, want)
			}
		})
	}
}

// scrape returns what a program exports, in Prometheus' text format.
type scrape func(context.Context) ([]byte, error)

// await records a program as soon as it shows all that is wanted, or what it has shown after a time.
func await(t *testing.T, scrape scrape, wanted []string) *exported.Recording {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(time.Second) {
		text, err := scrape(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		r, err := record(text, wanted)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Labels) == len(wanted) || time.Now().After(deadline) {
			return r
		}
	}
}

// read are the metrics that alerts, rules and dashboards read of each program.
func read(t *testing.T) map[string][]string {
	t.Helper()
	charts, err := exported.Charts()
	if err != nil {
		t.Fatal(err)
	}
	wanted := map[string][]string{}
	for _, e := range charts {
		wanted[e.Program] = append(wanted[e.Program], e.Metrics...)
	}
	text, err := os.ReadFile("../metrics.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var ours struct {
		Sources map[string]exported.Proof
		Metrics map[string]struct{ Source string }
	}
	if err := yaml.Unmarshal(text, &ours); err != nil {
		t.Fatal(err)
	}
	for name, metric := range ours.Metrics {
		program := ours.Sources[metric.Source].Program
		wanted[program] = append(wanted[program], name)
	}
	return wanted
}

// version is that of the program, or of the modules that the API server is made of.
func version(t *testing.T, name string) string {
	t.Helper()
	programs, err := pipeline.Programs()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range programs {
		if p.Name == name {
			return p.Version
		}
	}
	return "of test/go.mod"
}

// record are the wanted metrics in the text of a program, with the labels of their samples.
func record(text []byte, wanted []string) (*exported.Recording, error) {
	r := &exported.Recording{Labels: map[string][]string{}}
	add := func(name string, labels ...string) {
		if slices.Contains(wanted, name) {
			all := slices.Sorted(slices.Values(append(labels, r.Labels[name]...)))
			r.Labels[name] = slices.Compact(all)
		}
	}
	for line := range strings.Lines(string(text)) { // a family without a sample has its type
		if family, ok := strings.CutPrefix(line, "# TYPE "); ok {
			name, kind, _ := strings.Cut(strings.TrimSpace(family), " ")
			add(name)
			if kind == "histogram" || kind == "summary" {
				add(name + "_count")
				add(name + "_sum")
			}
			if kind == "histogram" {
				add(name + "_bucket")
			}
		}
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	for name, family := range families {
		for _, metric := range family.GetMetric() {
			var labels []string
			for _, label := range metric.GetLabel() {
				labels = append(labels, label.GetName())
			}
			for _, of := range []string{name, name + "_count", name + "_sum", name + "_bucket"} {
				if _, typed := r.Labels[of]; typed {
					add(of, labels...)
				}
			}
		}
	}
	return r, nil
}

// render is a stack of tests.
func render(t *testing.T) *pipeline.Stack {
	t.Helper()
	s, err := pipeline.Render("dev", `alerting: {receivers: [{name: a, webhook: {url: {secure: a}}}]}`)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newSink(t *testing.T) *pipeline.Sink {
	t.Helper()
	sink, err := pipeline.NewSink()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sink.Close(); err != nil {
			t.Error(err)
		}
	})
	return sink
}

// ofAlertmanager has a peer, and more alerts of one name than it keeps.
func ofAlertmanager(t *testing.T, l *pipeline.Lab) (scrape, error) {
	sink := newSink(t)
	a, err := l.StartAlertmanager(t.Context(), sink, pipeline.AlertmanagerArgs{
		Stack: render(t), Speed: 30, Address: "127.0.0.1:0",
	})
	if err != nil {
		return nil, err
	}
	var alerts []pipeline.Alert
	for n := range alerting.MaxOfOneName + 1 {
		alerts = append(alerts, pipeline.Alert{Labels: map[string]string{
			"alertname": "A", "severity": "critical", "n": fmt.Sprint(n),
		}})
	}
	if err := a.Post(t.Context(), alerts...); err != nil {
		return nil, err
	}
	sink.Await(1, 10*time.Second, nil)
	return a.Metrics, nil
}

// ofFalcosidekick has delivered an event, and refused what is none.
func ofFalcosidekick(t *testing.T, l *pipeline.Lab) (scrape, error) {
	sink := newSink(t)
	f, err := l.StartFalcosidekick(t.Context(), pipeline.FalcosidekickArgs{Stack: render(t), UI: sink.URL("ui")})
	if err != nil {
		return nil, err
	}
	if err := f.Send(t.Context(), pipeline.Event{Rule: "a", Priority: "Error"}); err != nil {
		return nil, err
	}
	return f.Metrics, nil
}

// ofPrometheus has scraped and evaluated.
func ofPrometheus(t *testing.T, l *pipeline.Lab) (scrape, error) {
	a, err := l.StartAlertmanager(t.Context(), newSink(t), pipeline.AlertmanagerArgs{Stack: render(t)})
	if err != nil {
		return nil, err
	}
	p, err := l.StartPrometheus(t.Context(), pipeline.PrometheusArgs{
		Stack: render(t), Every: time.Second, Alertmanagers: []*pipeline.Alertmanager{a},
		Targets: map[string][]*pipeline.Process{"alertmanager": {a.Process}},
	})
	if err != nil {
		return nil, err
	}
	return p.Metrics, nil
}

// ofLoki has refused a line that is too old.
func ofLoki(t *testing.T, l *pipeline.Lab) (scrape, error) {
	loki, err := l.StartLoki(t.Context(), render(t))
	if err != nil {
		return nil, err
	}
	old := `{"streams": [{"stream": {"rule": "a"}, "values": [["1000000000", "a"]]}]}`
	push, err := http.NewRequestWithContext(t.Context(), http.MethodPost, loki.URL+"/loki/api/v1/push",
		strings.NewReader(old))
	if err != nil {
		return nil, err
	}
	push.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(push)
	if err != nil {
		return nil, err
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusBadRequest {
		return nil, fmt.Errorf("Loki answers %s to a line of 1970, want 400", response.Status)
	}
	return loki.Metrics, nil
}

func ofNodeExporter(t *testing.T, l *pipeline.Lab) (scrape, error) {
	p, err := l.StartNodeExporter(t.Context())
	if err != nil {
		return nil, err
	}
	return p.Metrics, nil
}
