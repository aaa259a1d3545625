package alerting

// sameAlert are the labels that alerts of one name have in common if they are about one thing. Those of a name have the
// same ones, so that labels which neither has are equal.
var sameAlert = []string{"cluster", "alertname", "namespace", "job", "instance", "node", "pod", "container", "device",
	"mountpoint", "persistentvolumeclaim", "integration"}

// outages are alerts that say that a job is down, and the job: kube-prometheus-stack's TargetDown says the same of it.
var outages = []struct{ alert, job string }{
	{"LokiDown", ".+/loki"},
	{"FalcosidekickDown", "falco-falcosidekick"},
	{"FalcoExporterDown", "falco-exporter"},
	{"FalcoMissingOnNode", "falco-metrics"},
}

// inhibitRules keep one channel from telling one thing twice.
func inhibitRules() []any {
	rule := func(source, target []string, equal ...string) any {
		return map[string]any{"source_matchers": source, "target_matchers": target, "equal": equal}
	}
	rules := []any{
		rule([]string{`severity="critical"`}, []string{`severity=~"warning|info"`}, sameAlert...),
		rule([]string{`severity="warning"`}, []string{`severity="info"`}, sameAlert...),
		// kube-prometheus-stack's: informational alerts are sent together with a more severe one, or not at all.
		rule([]string{`alertname="InfoInhibitor"`}, []string{`severity="info"`, `alertname!="FalcoReloaded"`},
			"cluster", "namespace"),
		// falcosidekick already sent this event, with its details: Prometheus' alert of it is for when that failed.
		rule([]string{fromFalcosidekick}, []string{fromPrometheus}, "cluster", "rule", "hostname"),
		rule([]string{`alertname="UnapprovedVirtualClusterStarted"`}, []string{`alertname="FalcoHighPriorityEvent"`},
			"cluster", "rule", "hostname", "k8s_ns_name", "k8s_pod_name"),
	}
	for _, o := range outages {
		rules = append(rules, rule([]string{`alertname="` + o.alert + `"`},
			[]string{`alertname="TargetDown"`, `job=~"` + o.job + `"`}, "cluster"))
	}
	return rules
}
