package values

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"gopkg.in/yaml.v3"
)

//go:embed alerts
var alertFiles embed.FS

// RuleFile is a file of Prometheus rules.
type RuleFile struct {
	Groups []RuleGroup `yaml:"groups" json:"groups"`
}

// RuleGroup holds rules that are evaluated in their order.
type RuleGroup struct {
	Name  string `yaml:"name" json:"name"`
	Rules []Rule `yaml:"rules" json:"rules"`
}

// Rule either records a series or raises an alert.
type Rule struct {
	Record      string            `yaml:"record,omitempty" json:"record,omitempty"`
	Alert       string            `yaml:"alert,omitempty" json:"alert,omitempty"`
	Expr        string            `yaml:"expr" json:"expr"`
	For         string            `yaml:"for,omitempty" json:"for,omitempty"`
	Labels      map[string]string `yaml:"labels,omitempty" json:"labels,omitempty"`
	Annotations map[string]string `yaml:"annotations,omitempty" json:"annotations,omitempty"`
}

// AlertLinks are what an alert's links start with.
type AlertLinks struct {
	Grafana  string // for dashboard_url; empty leaves a path
	Runbooks string // for runbook_url
}

// Alerts returns the rules by the name of their file: those of every stack, those that read metrics ("native" or
// "falco-exporter"), and one that says which namespaces are approved for virtual clusters.
func Alerts(metrics string, approvedNamespaces []string, links AlertLinks) (map[string]RuleFile, error) {
	rules := map[string]RuleFile{}
	for _, dir := range []string{"alerts", path.Join("alerts", metrics)} {
		names, err := fs.Glob(alertFiles, dir+"/*.yaml")
		if err != nil || len(names) == 0 {
			return nil, fmt.Errorf("no rules in values/%s (%v)", dir, err)
		}
		for _, name := range names {
			file, err := readRules(name)
			if err != nil {
				return nil, err
			}
			file.link(links)
			rules[strings.TrimSuffix(path.Base(name), ".yaml")] = file
		}
	}
	if len(approvedNamespaces) > 0 {
		rules["approved-virtual-clusters"] = approved(approvedNamespaces)
	}
	return rules, nil
}

func readRules(name string) (RuleFile, error) {
	var file RuleFile
	text, err := alertFiles.ReadFile(name)
	if err != nil {
		return file, fmt.Errorf("reading values/%s: %w", name, err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		return file, fmt.Errorf("reading values/%s: %w", name, err)
	}
	return file, nil
}

// link completes each alert's links: its dashboard, and the runbook of its name.
func (f RuleFile) link(links AlertLinks) {
	for _, group := range f.Groups {
		for _, rule := range group.Rules {
			if rule.Alert != "" {
				rule.Annotations["dashboard_url"] = links.Grafana + rule.Annotations["dashboard_url"]
				rule.Annotations["runbook_url"] = links.Runbooks + "/" + rule.Alert + ".md"
			}
		}
	}
}

// approved records which namespaces may run virtual clusters: the alerts and a dashboard subtract them.
func approved(namespaces []string) RuleFile {
	group := RuleGroup{Name: "approved-virtual-clusters"}
	for _, namespace := range namespaces {
		group.Rules = append(group.Rules, Rule{
			Record: "virtual_cluster:approved:info", Expr: "vector(1)", Labels: map[string]string{"namespace": namespace},
		})
	}
	return RuleFile{Groups: []RuleGroup{group}}
}
