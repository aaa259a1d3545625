package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// Prometheus is a running Prometheus.
type Prometheus struct{ *Process }

// PrometheusArgs are what Prometheus is started with.
type PrometheusArgs struct {
	Stack *Stack
	// Targets are the programs that it scrapes by the job that their ServiceMonitor makes: falco-falcosidekick.
	Targets       map[string][]*Process
	Alertmanagers []*Alertmanager
	// Every is the time between two scrapes and evaluations; 0 is the stack's.
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

// relabeled are the releases and the paths in their values that have metricRelabelings, by job.
var relabeled = map[string][]string{
	"falco-falcosidekick": {"falco", "falcosidekick", "serviceMonitor", "additionalProperties"},
	"trivy-operator":      {"trivy-operator", "serviceMonitor", "endpointAdditionalProperties"},
}

// files are Prometheus' configuration and the rules.
func (a PrometheusArgs) files() (map[string]string, error) {
	spec, err := at[map[string]any](a.Stack, "kube-prometheus-stack", "prometheus", "prometheusSpec")
	if err != nil {
		return nil, err
	}
	global := map[string]any{"scrape_interval": spec["scrapeInterval"], "evaluation_interval": spec["evaluationInterval"],
		"external_labels": spec["externalLabels"]}
	if a.Every > 0 {
		global["scrape_interval"], global["evaluation_interval"] = a.Every.String(), a.Every.String()
	}
	groups, err := a.Stack.rules()
	if err != nil {
		return nil, err
	}
	rules, err := yaml.Marshal(map[string]any{"groups": groups})
	if err != nil {
		return nil, err
	}
	var scrapes []any
	for job, processes := range a.Targets {
		scrape := map[string]any{"job_name": job, "static_configs": static(processes)}
		if path := relabeled[job]; path != nil {
			monitor, err := at[map[string]any](a.Stack, path[0], path[1:]...)
			if err != nil {
				return nil, err
			}
			scrape["metric_relabel_configs"] = relabelings(monitor["metricRelabelings"])
		}
		scrapes = append(scrapes, scrape)
	}
	var alertmanagers []*Process
	for _, one := range a.Alertmanagers {
		alertmanagers = append(alertmanagers, one.Process)
	}
	config, err := yaml.Marshal(map[string]any{
		"global":         global,
		"rule_files":     []any{"rules.yaml"},
		"scrape_configs": scrapes,
		"alerting":       map[string]any{"alertmanagers": []any{map[string]any{"static_configs": static(alertmanagers)}}},
	})
	return map[string]string{"prometheus.yaml": string(config), "rules.yaml": string(rules)}, err
}

// relabelings are those of a ServiceMonitor as Prometheus has them: source_labels for sourceLabels.
func relabelings(monitor any) []any {
	var all []any
	list, _ := monitor.([]any)
	for _, element := range list {
		config := map[string]any{}
		fields, _ := element.(map[string]any)
		for key, value := range fields {
			config[capital.ReplaceAllStringFunc(key, func(c string) string { return "_" + strings.ToLower(c) })] = value
		}
		all = append(all, config)
	}
	return all
}

var capital = regexp.MustCompile("[A-Z]")

func static(processes []*Process) []any {
	targets := []string{}
	for _, p := range processes {
		targets = append(targets, strings.TrimPrefix(p.URL, "http://"))
	}
	return []any{map[string]any{"targets": targets}}
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

// Query returns the number of series that a query has now.
func (p *Prometheus) Query(ctx context.Context, expr string) (int, error) {
	body, err := get(ctx, p.URL+"/api/v1/query?"+url.Values{"query": {expr}}.Encode())
	if err != nil {
		return 0, err
	}
	var answer struct {
		Data struct {
			Result []json.RawMessage `json:"result"`
		} `json:"data"`
	}
	err = json.Unmarshal(body, &answer)
	return len(answer.Data.Result), err
}

// Metrics are what a program exports, in Prometheus' text format.
func (p *Process) Metrics(ctx context.Context) ([]byte, error) { return get(ctx, p.URL+"/metrics") }

// Series are those that a program exports, as name{label="value"}, and their values.
func (p *Process) Series(ctx context.Context) (map[string]string, error) {
	body, err := p.Metrics(ctx)
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
