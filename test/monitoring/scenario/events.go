package scenario

import (
	"fmt"
	"slices"
	"strings"

	"doks-security/values"
)

// event is one that Falco reports, and a replica of falcosidekick counts and forwards.
type event struct {
	at, rule, priority, node, namespace, pod, replica string
	user, process, command, image                     string
	lost                                              bool // not delivered to one of the Alertmanagers
}

// replicas of what counts live from and to: falcosidekick's first is replaced at 14:12.
var replicas = map[string][2]string{
	"sidekick-1": {"00:00", "14:12"}, "sidekick-2": {"00:00", "23:59"}, "sidekick-3": {"14:12", "23:59"},
	"exporter": {"00:00", "23:59"},
	"falco":    {"00:00", "23:59"},
}

// number is that of the event's priority, as Falco's and falco-exporter's metrics have it.
func (e event) number() int { return slices.Index(values.Priorities, strings.ToLower(e.priority)) }

// events of the day, in their order.
func events() []event {
	const web, vcluster = "example.org/shop/web", "ghcr.io/loft-sh/vcluster-oss"
	dropped := event{rule: "Drop and execute new binary in container", priority: "Critical", node: "b", namespace: "shop",
		pod:  "web-1",
		user: "root", process: "kworkerd", command: "kworkerd -o 203.0.113.7:3333", image: web}
	at := func(when, replica string, lost bool) event {
		e := dropped
		e.at, e.replica, e.lost = when, replica, lost
		return e
	}
	all := []event{
		{at: "11:22", rule: "Clear Log Activities", priority: "Warning", node: "c", namespace: "batch", pod: "cleanup-1",
			replica: "sidekick-2",
			user:    "root", process: "truncate", command: "truncate -s 0 /var/log/app.log", image: "example.org/batch/cleanup"},
		{at: "13:52", rule: "Terminal shell in container", priority: "Notice", node: "b", namespace: "shop", pod: "web-1",
			replica: "sidekick-1",
			user:    "www-data", process: "bash", command: "bash -i", image: web},
		{at: "13:56", rule: "Read sensitive file untrusted", priority: "Warning", node: "b", namespace: "shop", pod: "web-1",
			replica: "sidekick-2",
			user:    "root", process: "cat", command: "cat /etc/shadow", image: web},
		at("14:00", "sidekick-1", false),
		at("14:03", "sidekick-2", false), at("14:03", "sidekick-2", false),
		at("14:05", "sidekick-1", false), at("14:05", "sidekick-1", false), at("14:05", "sidekick-2", false),
		{at: "14:10", rule: "Virtual Cluster Started Without Approval", priority: "Warning", node: "b", namespace: "vcluster",
			pod:     "demo-0",
			replica: "sidekick-2", user: "root", process: "vcluster", command: "vcluster start", image: vcluster},
		at("14:15", "sidekick-3", true),
	}
	for hour := range 24 {
		all = append(all, event{at: fmt.Sprintf("%02d:30", hour), rule: "Contact K8S API Server From Container",
			priority: "Notice", node: "a",
			namespace: "shop", pod: "tools-0", replica: "sidekick-2", user: "tools", process: "kubectl",
			command: "kubectl get pods",
			image:   "example.org/shop/tools"})
	}
	slices.SortStableFunc(all, func(a, b event) int { return strings.Compare(a.at, b.at) })
	return all
}

type counter struct{ series, replica string }

// reported are the counters, with the times at which each grows: falcosidekick's, and falco-exporter's where it runs.
func reported(metrics string) map[counter][]string {
	counters := map[counter][]string{}
	count := func(e event, replica, format string, args ...any) {
		key := counter{fmt.Sprintf(format, args...), replica}
		counters[key] = append(counters[key], e.at)
	}
	for _, e := range events() {
		count(e, e.replica,
			`falcosecurity_falcosidekick_falco_events_total{rule=%q, priority_raw=%q, hostname=%q, k8s_ns_name=%q, `+
				`k8s_pod_name=%q, pod=%q}`,
			e.rule, strings.ToLower(e.priority), e.node, e.namespace, e.pod, e.replica)
		count(e, "falco", `falcosecurity_falco_rules_matches_total{rule_name=%q, priority="%d", source="syscall", node=%q}`,
			e.rule, e.number(), e.node)
		deliver := func(destination, status string) {
			count(e, e.replica, `falcosecurity_falcosidekick_outputs_total{destination=%q, status=%q, pod=%q}`, destination,
				status, e.replica)
		}
		deliver("webui", "ok")
		for replica := range Outputs[0].Replicas {
			switch {
			case e.number() > event{priority: "Error"}.number():
			case e.lost && replica == 0:
				deliver("alertmanager", "error")
			default:
				deliver("alertmanager", "ok")
			}
		}
		if metrics == "falco-exporter" {
			count(e, "exporter",
				`falco_events{rule=%q, priority="%d", hostname=%q, k8s_ns_name=%q, k8s_pod_name=%q, pod="exporter-%s"}`,
				e.rule, e.number(), e.node, e.namespace, e.pod, e.node)
		}
	}
	return counters
}
