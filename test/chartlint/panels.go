package chartlint

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"doks-security/charts/pods"
)

// gone are metrics of panels that stay empty among others that do not: nothing exports them any more.
var gone = map[string]string{
	"kubelet_node_config_error":        "removed in Kubernetes 1.24; a panel of the dashboard Kubelet",
	"storage_operation_errors_total":   "removed in Kubernetes 1.21; a panel of the dashboard Kubelet",
	"falcosecurity_falco_n_evts_total": "scap's in Falco 0.44; a panel of the dashboard Falco",
}

// Panels finds dashboards of charts with a query that never has a result: it reads a series that no rule records, and
// a metric that no program is known to export. Ours are checked in package monitoring.
func Panels(objects []*Object) []error {
	known, err := exportedMetrics()
	if err != nil {
		return []error{err}
	}
	for _, o := range objects {
		rules, err := rulesOf(o)
		if err != nil {
			return []error{err}
		}
		for _, r := range rules {
			known[r.Record] = true
		}
	}
	for name := range gone {
		known[name] = true
	}
	var errs []error
	for _, o := range objects {
		if o.GetKind() != "ConfigMap" || o.GetLabels()["app.kubernetes.io/part-of"] == "doks-security" {
			continue
		}
		data := content(o)
		for _, key := range slices.Sorted(maps.Keys(data)) {
			var whole map[string]any
			if !strings.HasSuffix(key, ".json") || json.Unmarshal([]byte(data[key]), &whole) != nil {
				continue
			}
			reported := map[string]bool{}
			for _, query := range panelQueries(whole, "prometheus") {
				parsed, err := parser.NewParser(parser.Options{}).ParseExpr(query)
				if err != nil {
					errs = append(errs, fmt.Errorf("%s %s: %s: %w", pods.ID(o), key, query, err))
					continue
				}
				for _, name := range missing(parsed, known) {
					if !reported[name] {
						reported[name] = true
						errs = append(errs, fmt.Errorf("%s %s reads %s, which no rule records, and no program in "+
							"test/monitoring/exported/charts.yaml exports", pods.ID(o), key, name))
					}
				}
			}
		}
	}
	return errs
}

// missing are the metrics that a query reads and nothing exports. Of "a or b" one is enough: dashboards name a metric
// of older versions so.
func missing(node parser.Node, known map[string]bool) []string {
	if selector, ok := node.(*parser.VectorSelector); ok && !known[selector.Name] {
		return []string{selector.Name}
	}
	var all []string
	for child := range parser.ChildrenIter(node) {
		names := missing(child, known)
		if either, ok := node.(*parser.BinaryExpr); ok && either.Op == parser.LOR && len(names) == 0 {
			return nil
		}
		all = append(all, names...)
	}
	return all
}

// panelQueries are the PromQL queries in a part of a dashboard whose data source has that type, unless the part names
// its own.
func panelQueries(part any, source string) []string {
	var queries []string
	switch p := part.(type) {
	case []any:
		for _, element := range p {
			queries = append(queries, panelQueries(element, source)...)
		}
	case map[string]any:
		if own, ok := p["datasource"].(map[string]any); ok {
			if kind, ok := own["type"].(string); ok {
				source = kind
			}
		}
		for _, key := range slices.Sorted(maps.Keys(p)) {
			text, isText := p[key].(string)
			switch {
			case !isText:
				queries = append(queries, panelQueries(p[key], source)...)
			case key == "expr" && source == "prometheus":
				queries = append(queries, withoutVariables(text))
			case key == "query" || key == "definition":
				if selector, ok := labelValues(text); ok && source == "prometheus" {
					queries = append(queries, withoutVariables(selector))
				}
			}
		}
	}
	return queries
}

// labelValues is the selector of a variable's query, label_values(<selector>, <label>).
func labelValues(text string) (string, bool) {
	inner, ok := strings.CutPrefix(strings.TrimSpace(text), "label_values(")
	comma := strings.LastIndex(inner, ",")
	if !ok || comma < 0 {
		return "", false
	}
	return inner[:comma], true
}

var (
	durations = regexp.MustCompile(`\$\{?(__rate_interval|__interval|__range|interval|resolution)\}?|\[\[interval\]\]`)
	others    = regexp.MustCompile(`\$\{?\w+(:\w+)?\}?|\[\[\w+\]\]`)
)

// withoutVariables is a query in which Grafana's variables have values.
func withoutVariables(query string) string {
	return others.ReplaceAllString(durations.ReplaceAllString(query, "5m"), "1")
}
