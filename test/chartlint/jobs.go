package chartlint

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"doks-security/charts/pods"
	"doks-security/stack"
	"doks-security/values"
)

var readsJob = regexp.MustCompile(`\bjob=\\+"([^"\\]+)\\+"`)

// Jobs finds rules and dashboards of ours that read a job which no monitor gives its targets: an alert that waits for
// its absence can never resolve, any other never fires.
func Jobs(objects []*Object) []error {
	x, err := newIndex(objects)
	if err != nil {
		return []error{err}
	}
	given := map[string]bool{}
	for _, o := range objects {
		if o.GetKind() != "ServiceMonitor" {
			continue
		}
		var m monitor
		if err := pods.Convert(o, &m); err != nil {
			return []error{err}
		}
		_, services := x.monitored(o, m)
		for _, s := range services {
			name := s.Name
			if label := s.Labels[m.Spec.JobLabel]; label != "" {
				name = label
			}
			for _, e := range m.Spec.Endpoints {
				given[e.job(name)] = true
			}
		}
	}
	var errs []error
	for _, o := range objects {
		if o.GetKind() != "PrometheusRule" && o.GetLabels()["app.kubernetes.io/part-of"] != "doks-security" {
			continue
		}
		text, err := json.Marshal(o.Object)
		if err != nil {
			return []error{err}
		}
		for _, match := range readsJob.FindAllStringSubmatch(string(text), -1) {
			if !given[match[1]] {
				errs = append(errs, fmt.Errorf("%s reads the job %q, which no monitor gives its targets", pods.ID(o), match[1]))
			}
		}
	}
	return errs
}

// job is what the endpoint's relabelings make of the name.
func (e endpoint) job(name string) string {
	for _, r := range e.Relabelings {
		if r.TargetLabel == "job" {
			name = strings.ReplaceAll(r.Replacement, "$1", name)
		}
	}
	return name
}

// Overcommit finds the chart's alerts that a node's loss would not be survived, where the nodes leave no room for one
// by design: they would never resolve.
func Overcommit(s stack.Settings, objects []*Object) []error {
	perNode, shared := stack.Demand(s)
	nodes, room := stack.Room(s)
	free := room.Plus(perNode, -nodes).Plus(shared, -1)
	var node values.Resources
	for _, pool := range s.Cluster.Pools {
		size, _ := stack.Allocatable(pool.Size)
		node = values.Resources{MilliCPU: max(node.MilliCPU, size.MilliCPU), MiB: max(node.MiB, size.MiB)}
	}
	endless := map[string]bool{"KubeCPUOvercommit": free.MilliCPU < node.MilliCPU,
		"KubeMemoryOvercommit": free.MiB < node.MiB}
	var errs []error
	for _, o := range objects {
		rules, err := rulesOf(o)
		if err != nil {
			return []error{err}
		}
		for _, rule := range rules {
			if endless[rule.Alert] {
				errs = append(errs, fmt.Errorf("%s: %s can never resolve on %d nodes", pods.ID(o), rule.Alert, nodes))
			}
		}
	}
	return errs
}
