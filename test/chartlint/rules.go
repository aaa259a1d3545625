package chartlint

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// exportedYAML lists the metrics that rules of charts may read.
//
//go:embed exported.yaml
var exportedYAML []byte

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
	if err := convert(o, &content); err != nil {
		return nil, err
	}
	var all []rule
	for _, group := range content.Spec.Groups {
		all = append(all, group.Rules...)
	}
	return all, nil
}

// Rules finds rules that can never have a result: they read a series that no rule records or, among the charts' rules,
// a metric that is not in exported.yaml. What ours read is checked against the exporters in package monitoring.
func Rules(objects []*Object) []error {
	exported, err := exportedMetrics()
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
	var faults []error
	for _, o := range objects {
		ours := o.GetLabels()["app.kubernetes.io/part-of"] == "doks-security"
		for _, r := range read[o] {
			for _, name := range metricsOf(r.Expr) {
				switch {
				case recorded[name], exported[name], ours && !strings.Contains(name, ":"):
				case strings.Contains(name, ":"):
					faults = append(faults, fmt.Errorf("%s: %s%s reads %s, which no rule records", id(o), r.Alert, r.Record, name))
				default:
					faults = append(faults, fmt.Errorf("%s: %s%s reads %s, which nothing in exported.yaml exports", id(o), r.Alert,
						r.Record, name))
				}
			}
		}
	}
	return faults
}

func exportedMetrics() (map[string]bool, error) {
	var exporters map[string]struct {
		At      string   `yaml:"at"`
		Metrics []string `yaml:"metrics"`
	}
	if err := yaml.Unmarshal(exportedYAML, &exporters); err != nil {
		return nil, fmt.Errorf("reading exported.yaml: %w", err)
	}
	all := map[string]bool{}
	for _, exporter := range exporters {
		for _, name := range exporter.Metrics {
			all[name] = true
		}
	}
	return all, nil
}

var (
	// notNames are the parts of PromQL that hold names which are no metrics.
	notNames = []*regexp.Regexp{
		regexp.MustCompile("\"(?:[^\"\\\\]|\\\\.)*\"|'(?:[^'\\\\]|\\\\.)*'|`[^`]*`"), // strings
		regexp.MustCompile(`#.*`),
		regexp.MustCompile(`\{[^}]*\}`),
		regexp.MustCompile(`\[[^\]]*\]`),
		regexp.MustCompile(`(?i)\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)`),
		regexp.MustCompile(`\boffset\s+-?[0-9a-z]+`),
		regexp.MustCompile(`\b[a-zA-Z_][a-zA-Z0-9_]*\s*\(`), // functions
	}
	metricName = regexp.MustCompile(`[a-zA-Z_:][a-zA-Z0-9_:]*`)
	keywords   = []string{"and", "or", "unless", "by", "without", "on", "ignoring", "group_left", "group_right", "bool",
		"inf", "nan"}
)

// metricsOf are the metrics and recorded series of a PromQL expression. It is not a parser: Prometheus' own reads the
// same rules in package monitoring.
func metricsOf(expr string) []string {
	for _, part := range notNames {
		expr = part.ReplaceAllStringFunc(expr, func(found string) string {
			if strings.HasSuffix(found, "(") {
				return " ("
			}
			return " "
		})
	}
	var names []string
	for _, at := range metricName.FindAllStringIndex(expr, -1) {
		name := expr[at[0]:at[1]]
		number := at[0] > 0 && strings.ContainsAny(expr[at[0]-1:at[0]], "0123456789.") // 1e9, 5m
		if !number && !slices.Contains(keywords, strings.ToLower(name)) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
