package monitoring

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
	"gopkg.in/yaml.v3"

	"doks-security/test/monitoring/exported"
	"doks-security/test/monitoring/scenario"
	"doks-security/values"
)

// catalog is metrics.yaml: what may be queried.
type catalog struct {
	Sources map[string]struct {
		Pin     string   `yaml:"pin"`   // entry of values.Charts, whose appVersion is the version
		Chart   string   `yaml:"chart"` // entry whose own version is
		Image   []string `yaml:"image"` // release and keys in its values whose image.tag is
		Version string   `yaml:"version"`
		At      string   `yaml:"at"`

		exported.Proof `yaml:",inline"`
	} `yaml:"sources"`
	Target  []string `yaml:"target"`
	Metrics map[string]struct {
		Source string   `yaml:"source"`
		Labels []string `yaml:"labels"`
	} `yaml:"metrics"`
	Streams map[string][]string `yaml:"streams"`
	Fields  map[string]string   `yaml:"fields"`
}

func readCatalog(t *testing.T) catalog {
	t.Helper()
	file, err := os.Open("metrics.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var c catalog
	decoder := yaml.NewDecoder(file)
	decoder.KnownFields(true)
	if err := decoder.Decode(&c); err != nil {
		t.Fatal(err)
	}
	return c
}

// unknown finds what an expression reads and no exporter has: metrics, labels in matchers, and labels that are grouped,
// joined or kept.
func (c catalog) unknown(expr parser.Expr) []string {
	var errs []string
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.VectorSelector:
			metric, known := c.Metrics[n.Name]
			if !known {
				errs = append(errs, fmt.Sprintf("no source exports the metric %q", n.Name))
				break
			}
			for _, m := range n.LabelMatchers {
				if m.Name != "__name__" && !slices.Contains(metric.Labels, m.Name) && !slices.Contains(c.Target, m.Name) {
					errs = append(errs, fmt.Sprintf("%s has no label %q", n.Name, m.Name))
				}
			}
		case *parser.AggregateExpr:
			errs = append(errs, c.missing(n.Grouping, n.Expr)...)
		case *parser.BinaryExpr:
			if n.VectorMatching != nil {
				errs = append(errs, c.missing(append(n.VectorMatching.MatchingLabels, n.VectorMatching.Include...), n)...)
			}
		}
		return nil
	})
	return errs
}

// missing are those of the labels that nothing within the expression has.
func (c catalog) missing(wanted []string, within parser.Expr) []string {
	have := map[string]bool{}
	for _, label := range c.Target {
		have[label] = true
	}
	parser.Inspect(within, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.VectorSelector:
			for _, label := range c.Metrics[n.Name].Labels {
				have[label] = true
			}
		case *parser.Call:
			if n.Func.Name == "label_replace" {
				have[n.Args[1].(*parser.StringLiteral).Val] = true
			}
		}
		return nil
	})
	var errs []string
	for _, label := range wanted {
		if !have[label] {
			errs = append(errs, fmt.Sprintf("nothing in %s has the label %q", within, label))
		}
	}
	return errs
}

// queries are the expressions of every rule, by where they stand.
func queries(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, metrics := range []string{"native", "falco-exporter"} {
		groups, err := values.Alerts(metrics, values.DefaultNamespaces(), scenario.Approved, values.AlertLinks{},
			scenario.Outputs...)
		if err != nil {
			t.Fatal(err)
		}
		for name, group := range groups {
			for i, rule := range group.Rules {
				found[fmt.Sprintf("%s/%s/%d %s%s", metrics, name, i, rule.Record, rule.Alert)] = rule.Expr
			}
		}
	}
	return found
}

func TestRulesReadWhatIsExported(t *testing.T) {
	c := readCatalog(t)
	for where, text := range queries(t) {
		expr, err := scenario.PromQL.ParseExpr(text)
		if err != nil {
			t.Errorf("%s: %v", where, err)
			continue
		}
		for _, problem := range c.unknown(expr) {
			t.Errorf("%s: %s", where, problem)
		}
	}
}

// The list is only worth something while it is of the versions we install.
func TestMetricsAreOfThePinnedVersions(t *testing.T) {
	c := readCatalog(t)
	charts, err := values.Charts()
	if err != nil {
		t.Fatal(err)
	}
	for name, source := range c.Sources {
		want := source.Version
		switch {
		case source.Pin != "":
			want = charts[source.Pin].AppVersion
		case source.Chart != "":
			want = charts[source.Chart].Version
		case len(source.Image) > 0:
			loaded, err := values.Load(source.Image[0], "dev", values.DefaultNamespaces())
			if err != nil {
				t.Fatal(err)
			}
			part := loaded
			for _, key := range append(source.Image[1:], "image") {
				part, _ = part[key].(map[string]any)
			}
			want, _ = part["tag"].(string)
		}
		if source.Version != want {
			if *update {
				writeVersion(t, name, source.Version, want)
				continue
			}
			t.Errorf("metrics.yaml has the metrics of %s %s, pinned is %q: look them up again (at: %s), then "+
				"go test . -run TestMetricsAreOfThePinnedVersions -update writes the version", name, source.Version,
				want, source.At)
		}
	}
	for name, metric := range c.Metrics {
		if _, ok := c.Sources[metric.Source]; !ok {
			t.Errorf("%s comes from %q, which is no source; there are %v", name, metric.Source,
				slices.Sorted(maps.Keys(c.Sources)))
		}
	}
}

// writeVersion puts a source's version into metrics.yaml.
func writeVersion(t *testing.T, source, old, version string) {
	t.Helper()
	text, err := os.ReadFile("metrics.yaml")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^  ` + regexp.QuoteMeta(source) + `:\n(    .*\n)*`).Find(text)
	changed := bytes.Replace(line, []byte(old), []byte(version), 1)
	if err := os.WriteFile("metrics.yaml", bytes.Replace(text, line, changed, 1), 0o644); err != nil {
		t.Fatal(err)
	}
}

// The real programs export these metrics, with these labels; or the list says why none was recorded.
func TestMetricsAreThoseOfThePrograms(t *testing.T) {
	c := readCatalog(t)
	for name, source := range c.Sources {
		metrics := map[string][]string{}
		for metric, m := range c.Metrics {
			if m.Source == name {
				metrics[metric] = m.Labels
			}
		}
		for _, problem := range source.Check(metrics) {
			t.Errorf("%s: %s", name, problem)
		}
	}
}

// The series of the tests of alerts are written by hand: they have the names and labels of exported ones.
func TestSeriesOfAlertTestsAreExported(t *testing.T) {
	c := readCatalog(t)
	files, err := filepath.Glob("testdata/alerts/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no tests", err)
	}
	for _, file := range files {
		alert, _, _ := strings.Cut(filepath.Base(file), ".")
		for _, test := range readTests(t, alert) {
			for _, series := range test.InputSeries {
				expr, err := scenario.PromQL.ParseExpr(series.Series)
				if err != nil {
					t.Fatalf("%s: %v", file, err)
				}
				for _, problem := range c.unknown(expr) {
					t.Errorf("%s: %s: %s", file, series.Series, problem)
				}
			}
		}
	}
}

func TestRecordedMetricsAreRecorded(t *testing.T) {
	recorded := map[string]bool{}
	for where := range queries(t) {
		recorded[where[strings.LastIndex(where, " ")+1:]] = true
	}
	for name, metric := range readCatalog(t).Metrics {
		if metric.Source == "recorded" && !recorded[name] {
			t.Errorf("no rule records %s", name)
		}
	}
}

// The checks above are worth nothing if they accept anything.
func TestUnknownMetricsAndLabelsAreFound(t *testing.T) {
	c := readCatalog(t)
	for text, want := range map[string]string{
		`falcosecurity_falco_event_total`:                              `the metric "falcosecurity_falco_event_total"`,
		`kube_node_info{nodename="a"}`:                                 `no label "nodename"`,
		`sum by (rule_name) (falco:events:total)`:                      `the label "rule_name"`,
		`kube_node_info unless on (host) up`:                           `the label "host"`,
		`sum by (a) (label_replace(up, "b", "$1", "job", "(.*)"))`:     `the label "a"`,
		`{__name__=~"falco.*"}`:                                        `the metric ""`,
		`absent(rate(falcosecurity_falcosidekick_outputs_totals[5m]))`: "outputs_totals",
		`up * on (pod) group_left (image) kube_pod_container`:          "kube_pod_container",
	} {
		expr, err := scenario.PromQL.ParseExpr(text)
		if err != nil {
			t.Fatal(err)
		}
		if errs := strings.Join(c.unknown(expr), "; "); !strings.Contains(errs, want) {
			t.Errorf("%s: found %q, want %q", text, errs, want)
		}
	}
}
