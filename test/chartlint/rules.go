package chartlint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"doks-security/charts/pods"
	"doks-security/test/monitoring/exported"
)

// alsoRecorded are recorded in some installations only, and alerts subtract them.
var alsoRecorded = []string{"virtual_cluster:approved:info"}

// rule is the part of a PrometheusRule's rule that is checked.
type rule struct {
	Alert  string `json:"alert"`
	Record string `json:"record"`
	Expr   string `json:"expr"`
}

func rulesOf(o *Object) ([]rule, error) {
	var content struct {
		Spec struct {
			Groups []struct {
				Rules []rule `json:"rules"`
			} `json:"groups"`
		} `json:"spec"`
	}
	if o.GetKind() != "PrometheusRule" {
		return nil, nil
	}
	if err := pods.Convert(o, &content); err != nil {
		return nil, err
	}
	var all []rule
	for _, group := range content.Spec.Groups {
		all = append(all, group.Rules...)
	}
	return all, nil
}

// Rules finds rules that can never have a result: they read a series that no rule records or, among the charts' rules,
// a metric that no program is known to export. What ours read is checked against the exporters in package monitoring.
func Rules(objects []*Object) []error {
	known, err := exportedMetrics()
	if err != nil {
		return []error{err}
	}
	recorded := map[string]bool{}
	for _, name := range alsoRecorded {
		recorded[name] = true
	}
	read := map[*Object][]rule{}
	for _, o := range objects {
		if read[o], err = rulesOf(o); err != nil {
			return []error{err}
		}
		for _, r := range read[o] {
			recorded[r.Record] = true
		}
	}
	var errs []error
	for _, o := range objects {
		ours := o.GetLabels()["app.kubernetes.io/part-of"] == "doks-security"
		for _, r := range read[o] {
			names, err := metricsOf(r.Expr)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %s%s: %w", pods.ID(o), r.Alert, r.Record, err))
			}
			for _, name := range names {
				switch {
				case recorded[name], known[name], ours && !strings.Contains(name, ":"):
				case strings.Contains(name, ":"):
					errs = append(errs, fmt.Errorf("%s: %s%s reads %s, which no rule records", pods.ID(o), r.Alert,
						r.Record, name))
				default:
					errs = append(errs, fmt.Errorf(
						"%s: %s%s reads %s, which no program in test/monitoring/exported/charts.yaml exports",
						pods.ID(o), r.Alert, r.Record, name))
				}
			}
		}
	}
	return errs
}

func exportedMetrics() (map[string]bool, error) {
	exporters, err := exported.Charts()
	if err != nil {
		return nil, err
	}
	all := map[string]bool{}
	for _, exporter := range exporters {
		for _, name := range exporter.Metrics {
			all[name] = true
		}
	}
	return all, nil
}

// metricsOf are the metrics and recorded series that a PromQL expression reads.
func metricsOf(expr string) ([]string, error) {
	parsed, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		return nil, err
	}
	var names []string
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		if selector, ok := node.(*parser.VectorSelector); ok && !slices.Contains(names, selector.Name) {
			names = append(names, selector.Name)
		}
		return nil
	})
	return names, nil
}
