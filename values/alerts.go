package values

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"doks-security/rules"
)

// ruleFile is an alerts.yaml, in Prometheus' format of rule files but for without: the setting that leaves a group out.
type ruleFile struct {
	Groups []struct {
		RuleGroup `yaml:",inline"`
		Without   Option `yaml:"without"`
	} `yaml:"groups"`
}

// RuleGroup holds rules that are evaluated in their order; each is a PrometheusRule of its name.
type RuleGroup struct {
	Name  string `yaml:"name" json:"name"`
	Rules []Rule `yaml:"rules" json:"rules"`
	// Without is the setting that leaves the group out: it reads what is then missing.
	Without Option `yaml:"-" json:"-"`
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
	// NoGrafana leaves all links to Grafana out of alerts and messages, NoDashboards those to the dashboards of values/:
	// there are none.
	NoGrafana, NoDashboards bool
}

// Alerts returns the groups of rules by name: those of each release (<release>/alerts.yaml), those that read metrics
// (<release>/alerts-<metrics>.yaml, "native" or "falco-exporter"), and one that says which virtual clusters are
// approved: by namespace, with the digests of the images; none approve all. With outputs another group says what
// falcosidekick has to deliver. Placeholders are replaced by the names of namespaces.
func (s Set) Alerts(
	metrics string, namespaces Namespaces, approved map[string][]string, links AlertLinks, outputs ...Output,
) (map[string]RuleGroup, error) {
	groups := map[string]RuleGroup{}
	for _, name := range []string{"alerts.yaml", "alerts-" + metrics + ".yaml"} {
		found := false
		for _, folder := range s.Folders() {
			read, err := s[folder].RuleGroups(name, namespaces)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return nil, err
			}
			found = true
			for _, group := range read {
				if _, found := groups[group.Name]; found {
					return nil, fmt.Errorf("%s/%s: a group %q is in another release too", s[folder].Dir, name, group.Name)
				}
				if group.Without != "" && !slices.Contains(OffOptions, group.Without) {
					return nil, fmt.Errorf("%s/%s: group %q: no option %q; allowed: %q", s[folder].Dir, name, group.Name,
						group.Without, OffOptions)
				}
				group.link(links, isAddon(s[folder].Dir))
				groups[group.Name] = group
			}
		}
		if !found {
			return nil, fmt.Errorf("no rules in values/*/%s", name)
		}
	}
	if len(approved) > 0 {
		group := approvedRules(approved)
		groups[group.Name] = group
	}
	if len(outputs) > 0 {
		group, err := outputRules(outputs)
		if err != nil {
			return nil, err
		}
		groups[group.Name] = group
	}
	return groups, nil
}

// controlPlaneImages in a file of alerts is replaced by the pattern of the images that Falco's rules name.
const controlPlaneImages = "CONTROL_PLANE_IMAGES"

// RuleGroups reads a file of rules of the release's folder, such as alerts.yaml. Without the file the error is
// fs.ErrNotExist.
func (r Release) RuleGroups(name string, namespaces Namespaces) ([]RuleGroup, error) {
	text, err := r.read(name)
	if err != nil {
		return nil, err
	}
	filled, err := namespaces.fill(string(text))
	if err != nil {
		return nil, fmt.Errorf("reading %s/%s: %w", r.Dir, name, err)
	}
	images, err := rules.ControlPlaneImagePattern()
	if err != nil {
		return nil, err
	}
	var file ruleFile
	filled = strings.ReplaceAll(filled, controlPlaneImages, strconv.Quote(images))
	err = decodeStrictly(r.Dir+"/"+name, []byte(filled), &file)
	var groups []RuleGroup
	for _, group := range file.Groups {
		group.RuleGroup.Without = group.Without
		groups = append(groups, group.RuleGroup)
	}
	return groups, err
}

// link completes each alert's links: its dashboard, and its runbook, the heading of its name on the page of its group.
// The runbooks of an addon are where its file says, from a slash on below the others, and it may have no dashboard.
func (g RuleGroup) link(links AlertLinks, addon bool) {
	for _, rule := range g.Rules {
		url := rule.Annotations["dashboard_url"]
		switch {
		case links.NoGrafana, links.NoDashboards && !addon:
			delete(rule.Annotations, "dashboard_url")
		case addon && strings.HasPrefix(url, "/"), !addon && rule.Alert != "":
			rule.Annotations["dashboard_url"] = verbatim(links.Grafana) + url
		}
		switch runbook := rule.Annotations["runbook_url"]; {
		case addon && strings.HasPrefix(runbook, "/"):
			rule.Annotations["runbook_url"] = verbatim(links.Runbooks) + runbook
		case !addon && rule.Alert != "":
			rule.Annotations["runbook_url"] = verbatim(links.Runbooks) + "/" + g.Name + ".md#" + strings.ToLower(rule.Alert)
		}
	}
}

// verbatim quotes text for a Go template, which annotations are.
func verbatim(text string) string { return strings.ReplaceAll(text, "{{", `{{"{{"}}`) }

// approvedRules record which of the virtual clusters that run are approved: the alerts and a dashboard subtract them.
func approvedRules(approved map[string][]string) RuleGroup {
	group := RuleGroup{Name: "approved-virtual-clusters"}
	for _, namespace := range slices.Sorted(maps.Keys(approved)) {
		expr := fmt.Sprintf("virtual_cluster:containers:info{namespace=%q}", namespace)
		if len(approved[namespace]) > 0 {
			digests := slices.Clone(approved[namespace])
			for i, digest := range digests {
				digests[i] = regexp.QuoteMeta(digest)
			}
			expr += fmt.Sprintf(" and on (namespace, pod, container) kube_pod_container_info{namespace=%q, image_id=~%q}",
				namespace, ".*("+strings.Join(digests, "|")+")")
		}
		group.Rules = append(group.Rules, Rule{Record: "virtual_cluster:approved:info", Expr: expr})
	}
	return group
}
