package pipeline

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"doks-security/values"
)

// Prometheus is a running Prometheus.
type Prometheus struct{ *Process }

// PrometheusArgs are what Prometheus is started with.
type PrometheusArgs struct {
	Profile string // of values/kube-prometheus-stack
	Cluster string // external label cluster; default: dev
	// Targets are the programs that it scrapes by the job that their ServiceMonitor makes: falco-falcosidekick.
	Targets map[string][]*Process
	// Rules are groups in addition to the stack's.
	Rules         []values.RuleGroup
	Alertmanagers []*Alertmanager
	// Every is the time between two scrapes and evaluations; 0 is the profile's.
	Every time.Duration
}

// StartPrometheus starts one with the stack's rules, and static targets instead of Kubernetes' service discovery.
func (l *Lab) StartPrometheus(ctx context.Context, a PrometheusArgs) (*Prometheus, error) {
	files, err := a.files()
	if err != nil {
		return nil, err
	}
	p, err := l.start(ctx, "prometheus", files, func(address string) launch {
		args := []string{"--config.file=prometheus.yaml", "--storage.tsdb.path=data", "--web.listen-address=" + address}
		return launch{args: args, ready: "/-/ready"}
	})
	return &Prometheus{p}, err
}

// files are Prometheus' configuration and the rules.
func (a PrometheusArgs) files() (map[string]string, error) {
	stack, err := values.Load("kube-prometheus-stack", a.Profile, values.DefaultNamespaces())
	if err != nil {
		return nil, err
	}
	interval, ok := values.At(stack, "prometheus", "prometheusSpec", "scrapeInterval").(string)
	if !ok {
		return nil, fmt.Errorf("values/kube-prometheus-stack: no prometheus.prometheusSpec.scrapeInterval")
	}
	if a.Every > 0 {
		interval = a.Every.String()
	}
	outputs, err := values.Outputs(a.Profile, values.DefaultNamespaces(), "error", "")
	if err != nil {
		return nil, err
	}
	groups, err := values.Alerts("native", values.DefaultNamespaces(), nil, links, outputs...)
	if err != nil {
		return nil, err
	}
	rules, err := yaml.Marshal(map[string]any{"groups": append(slices.Collect(maps.Values(groups)), a.Rules...)})
	if err != nil {
		return nil, err
	}
	var scrapes []any
	for job, processes := range a.Targets {
		scrapes = append(scrapes, map[string]any{"job_name": job, "static_configs": static(processes)})
	}
	var alertmanagers []*Process
	for _, one := range a.Alertmanagers {
		alertmanagers = append(alertmanagers, one.Process)
	}
	config, err := yaml.Marshal(map[string]any{
		"global": map[string]any{"scrape_interval": interval, "evaluation_interval": interval,
			"external_labels": map[string]any{"cluster": cmp.Or(a.Cluster, "dev")}},
		"rule_files":     []any{"rules.yaml"},
		"scrape_configs": scrapes,
		"alerting":       map[string]any{"alertmanagers": []any{map[string]any{"static_configs": static(alertmanagers)}}},
	})
	return map[string]string{"prometheus.yaml": string(config), "rules.yaml": string(rules)}, err
}

func static(processes []*Process) []any {
	targets := []string{}
	for _, p := range processes {
		targets = append(targets, strings.TrimPrefix(p.URL, "http://"))
	}
	return []any{map[string]any{"targets": targets}}
}

// Sample is a series and its value.
type Sample struct {
	Labels map[string]string
	Value  string
}

// Query is what an expression answers now.
func (p *Prometheus) Query(ctx context.Context, expr string) ([]Sample, error) {
	body, err := get(ctx, p.URL+"/api/v1/query?query="+url.QueryEscape(expr))
	if err != nil {
		return nil, err
	}
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Value  []any
			}
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, err
	}
	var samples []Sample
	for _, r := range answer.Data.Result {
		samples = append(samples, Sample{r.Metric, fmt.Sprint(r.Value[1])})
	}
	return samples, nil
}

// get returns the body of a URL that answers 200.
func get(ctx context.Context, url string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s: %s", url, response.Status, body)
	}
	return body, err
}

// Series are those that a program exports, as name{label="value"}, and their values.
func (p *Process) Series(ctx context.Context) (map[string]string, error) {
	body, err := get(ctx, p.URL+"/metrics")
	if err != nil {
		return nil, err
	}
	series := map[string]string{}
	for line := range strings.Lines(string(body)) {
		line = strings.TrimSpace(line)
		if end := strings.LastIndexByte(line, ' '); end > 0 && line[0] != '#' {
			series[line[:end]] = line[end+1:]
		}
	}
	return series, nil
}
