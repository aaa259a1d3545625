package values

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"doks-security/rules"
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
// "falco-exporter"), and one that says which virtual clusters are approved: by namespace, with the digests of the images;
// none approve all.
func Alerts(metrics string, approved map[string][]string, links AlertLinks) (map[string]RuleFile, error) {
	files := map[string]RuleFile{}
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
			files[strings.TrimSuffix(path.Base(name), ".yaml")] = file
		}
	}
	if len(approved) > 0 {
		files["approved-virtual-clusters"] = approvedRules(approved)
	}
	return files, nil
}

// controlPlaneImages in a file of alerts is replaced by the pattern of the images that Falco's rules name.
const controlPlaneImages = "CONTROL_PLANE_IMAGES"

func readRules(name string) (RuleFile, error) {
	var file RuleFile
	text, err := alertFiles.ReadFile(name)
	if err != nil {
		return file, fmt.Errorf("reading values/%s: %w", name, err)
	}
	images, err := rules.ControlPlaneImagePattern()
	if err != nil {
		return file, err
	}
	text = bytes.ReplaceAll(text, []byte(controlPlaneImages), []byte(strconv.Quote(images)))
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

// approvedRules record which of the virtual clusters that run are approved: the alerts and a dashboard subtract them.
func approvedRules(approved map[string][]string) RuleFile {
	group := RuleGroup{Name: "approved-virtual-clusters"}
	for _, namespace := range slices.Sorted(maps.Keys(approved)) {
		expr := fmt.Sprintf("virtual_cluster:containers:info{namespace=%q}", namespace)
		if digests := approved[namespace]; len(digests) > 0 {
			expr += fmt.Sprintf(" and on (namespace, pod, container) kube_pod_container_info{namespace=%q, image_id=~%q}",
				namespace, ".*("+strings.Join(digests, "|")+")")
		}
		group.Rules = append(group.Rules, Rule{Record: "virtual_cluster:approved:info", Expr: expr})
	}
	return RuleFile{Groups: []RuleGroup{group}}
}
