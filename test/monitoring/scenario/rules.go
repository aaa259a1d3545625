package scenario

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"gopkg.in/yaml.v3"

	"doks-security/values"
)

// PromQL is the parser Prometheus itself has with its default flags.
var PromQL = parser.NewParser(parser.Options{})

// Approved are a namespace with all images, and one with a single image.
var Approved = map[string][]string{"team-a": nil, "team-b": {"sha256:1111"}}

// Outputs are falcosidekick's: three Alertmanagers get each event of high priority, and the UI every one.
var Outputs = []values.Output{
	{Destination: "alertmanager", Replicas: 3, From: "error"},
	{Destination: "webui", Replicas: 1},
}

// RuleFiles writes the rules that read metrics ("native" or "falco-exporter") into a directory, as Prometheus reads
// them, and returns the files.
func RuleFiles(dir, metrics string) ([]string, error) {
	groups, err := values.Alerts(metrics, values.DefaultNamespaces(), Approved,
		values.AlertLinks{Grafana: "https://grafana.example.org", Runbooks: "https://example.org"}, Outputs...)
	if err != nil {
		return nil, err
	}
	var paths []string
	for name, group := range groups {
		text, err := yaml.Marshal(map[string]any{"groups": []values.RuleGroup{group}})
		if err != nil {
			return nil, err
		}
		path := filepath.Join(dir, name+".yaml")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// RecordersFirst lets alerts read what is recorded in the same minute: events comes before virtual-clusters.
func RecordersFirst(groups map[string]*rules.Group) []*rules.Group {
	var first, then []*rules.Group
	byName := func(a, b *rules.Group) int { return strings.Compare(a.Name(), b.Name()) }
	for _, group := range slices.SortedFunc(maps.Values(groups), byName) {
		if _, records := group.Rules()[0].(*rules.RecordingRule); records {
			first = append(first, group)
		} else {
			then = append(then, group)
		}
	}
	return append(first, then...)
}

// Firing are the instances of alerts that fire, by the alert's name.
func Firing(groups []*rules.Group) (map[string][]*rules.Alert, error) {
	firing := map[string][]*rules.Alert{}
	for _, group := range groups {
		for _, rule := range group.Rules() {
			if rule.LastError() != nil {
				return nil, fmt.Errorf("%s: %w", rule.Name(), rule.LastError())
			}
			alerting, ok := rule.(*rules.AlertingRule)
			if !ok {
				continue
			}
			for _, instance := range alerting.ActiveAlerts() {
				if instance.State == rules.StateFiring {
					firing[rule.Name()] = append(firing[rule.Name()], instance)
				}
			}
		}
	}
	return firing, nil
}
