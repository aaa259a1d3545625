package changes

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"doks-security/stack"
	"doks-security/stack/field"
)

func digest(of string) string { return "sha256:" + strings.Repeat(of, 64) }

// sections are all rows: those below, and those that the declarations of the other settings give.
func sections() []section {
	return withOthers([]section{
		{"Profile and project", profileChanges()},
		{"Cluster", clusterChanges()},
		{"Namespaces and charts", placeChanges()},
		{"Addons", addonChanges()},
		{"Observability", observabilityChanges()},
		{"Logging", loggingChanges()},
		{"Runtime security", runtimeChanges()},
		{"Virtual clusters", virtualClusterChanges()},
		{"Response", responseChanges()},
		{"Policies of pods", policyChanges()},
		{"Alerting", alertingChanges()},
		{"Forwarding", forwardChanges()},
		{"Exposure", exposureChanges()},
	})
}

// withOthers adds a row of each other boolean, integer, enumeration and string with an example, to the first section of
// its kind.
func withOthers(sections []section) []section {
	rows := map[string]bool{}
	of := map[string]int{} // sections by the first part of a setting's path
	for i, s := range slices.Backward(sections) {
		for _, c := range s.changes {
			rows[c.Setting] = true
			part, _, _ := strings.Cut(c.Setting, ".")
			of[part] = i
		}
	}
	for _, d := range stack.Declarations() {
		part, _, _ := strings.Cut(d.Path, ".")
		i, known := of[part]
		if to := another(d.Setting); known && !rows[d.Path] && to != nil {
			sections[i].changes = append(sections[i].changes, Change{Setting: d.Path, To: to})
		}
	}
	return sections
}

// another is a value that is not the setting's default in profile dev; nil if its declaration does not say one.
func another(s field.Setting) any {
	text, _ := s.Default(string(stack.Dev))
	switch s.Type.Kind() {
	case reflect.Bool:
		return text != "true"
	case reflect.Int:
		number, _ := strconv.Atoi(text)
		return max(number+1, s.Format.Min)
	case reflect.String:
		for _, value := range s.Format.Enum {
			if value != text {
				return value
			}
		}
		if s.Example != "" {
			return s.Example
		}
	}
	return nil
}

func profileChanges() []Change {
	return []Change{
		{Setting: "profile", To: "prod"},
		{Setting: "profile", To: "prod", Alongside: []Value{
			{"cluster.ha", nil}, {"observability", nil}, {"logging", nil}, {"runtimeSecurity", nil},
		}},
		{Setting: "project.name", To: "second"},
		{Setting: "project.description", To: "second"},
		{Setting: "project.environment", To: "Staging"},
	}
}

func clusterChanges() []Change {
	return []Change{
		{Setting: "cluster.name", To: "second"},
		{Setting: "cluster.region", To: "ams3"},
		{Setting: "cluster.version", To: "1.33"},
		{Setting: "cluster.version", To: "1.35", Last: true},
		{Setting: "cluster.network.vpc", To: "10.20.0.0/20"},
		{Setting: "cluster.network.pods", To: "10.32.0.0/16"},
		{Setting: "cluster.network.services", To: "10.48.0.0/20"},
		{Setting: "cluster.pools[].name", Path: "cluster.pools[0].name", To: "renamed"},
		{Setting: "cluster.pools[].name", Path: "cluster.pools[1].name", To: "other"},
		{Setting: "cluster.pools[].size", Path: "cluster.pools[0].size", To: "s-8vcpu-16gb"},
		{Setting: "cluster.pools[].size", Path: "cluster.pools[1].size", To: "s-4vcpu-8gb"},
		{Setting: "cluster.pools[].count", To: 7},
		{Setting: "cluster.pools[].autoScale.min", Path: "cluster.pools[1].autoScale.min", To: 2},
		{Setting: "cluster.pools[].autoScale.min", Path: "cluster.pools[1].autoScale.min", To: 0},
		{Setting: "cluster.pools[].autoScale.max", Path: "cluster.pools[1].autoScale.max", To: 3},
		{Setting: "cluster.pools[].labels.*", Path: "cluster.pools[1].labels.tier", To: "second"},
		{Setting: "cluster.pools[].taints[].key", Path: "cluster.pools[1].taints[0].key", To: "reserved"},
		{Setting: "cluster.pools[].taints[].value", Path: "cluster.pools[1].taints[0].value", To: "second"},
		{Setting: "cluster.pools[].taints[].effect", Path: "cluster.pools[1].taints[0].effect", To: "PreferNoSchedule"},
		{Setting: "cluster.pools[].tags[]", Path: "cluster.pools[1].tags[0]", To: "second"},
		{Setting: "cluster.vpc", To: "default"},
		{Setting: "cluster.storageClass", To: "do-block-storage-xfs"},
		{Setting: "cluster.ha", To: true, Last: true},
		{Setting: "cluster.autoUpgrade", To: false},
		{Setting: "cluster.surgeUpgrade", To: false},
		{Setting: "cluster.maintenance.day", To: "monday"},
		{Setting: "cluster.maintenance.start", To: "05:00"},
		{Setting: "cluster.apiAllowedCIDRs[]", To: "198.51.100.0/24"},
		{Setting: "cluster.registryIntegration", To: true},
		{Setting: "cluster.tags[]", To: "second"},
		{Setting: "cluster.protect", To: true},
		{Setting: "cluster.destroyAssociatedResources", To: false},
		{Setting: "cluster.credentials", To: "doctl"},
		{Setting: "cluster.provides[]", To: "metrics-server"},
		{Setting: "cluster.existing", To: "shared", Alongside: []Value{{"project", nil}, {"cluster", object{}}}},
		{Setting: "cluster.kubeconfig", To: "kind.yaml", Alongside: []Value{{"project", nil}, {"cluster", object{}}}},
	}
}

func placeChanges() []Change {
	return []Change{
		{Setting: "namespaces.prefix", To: "obs-"},
		{Setting: "namespaces.names.*", Path: "namespaces.names.loki", To: "logs"},
		{Setting: "charts.mirror", To: copiedMirror},
		{Setting: "charts.unverified", To: false},
	}
}

func addonChanges() []Change {
	enabled := list{"external-dns"}
	return []Change{
		{Setting: "addons.enabled[]", Path: "addons.enabled", To: enabled},
		{Setting: "addons.secrets.*.*", Path: "addons.secrets.external-dns.token", To: anotherKey,
			Alongside: []Value{{"addons.enabled", enabled}}},
	}
}

func observabilityChanges() []Change {
	return []Change{
		{Setting: "observability.applications[]", Path: "observability.applications", To: list{"shop"}},
		{Setting: "observability.prometheusVolumeGiB", To: 20},
		{Setting: "observability.prometheusVolumeGiB", To: 5},
		{Setting: "observability.alertmanagerVolumeGiB", To: 2},
		{Setting: "observability.grafana", To: false, Alongside: []Value{
			{"observability.grafanaVolumeGiB", nil}, {"exposure.clients.grafana", nil},
		}},
		{Setting: "observability.grafanaVolumeGiB", To: 10, Last: true},
	}
}

func loggingChanges() []Change {
	day := Value{"logging.spaces.from", "2099-01-01"}
	return []Change{
		{Setting: "logging.enabled", To: false, Alongside: []Value{{"logging", nil}}},
		{Setting: "logging.volumeGiB", To: 20},
		{Setting: "logging.storage", To: "spaces"},
		{Setting: "logging.storage", To: "spaces", Alongside: []Value{day}, Last: true},
		{Setting: "logging.storage", From: "spaces", To: "volume", Alongside: []Value{{"logging.spaces", nil}}, Last: true},
		{Setting: "logging.spaces.from", From: "2099-01-01", To: "2099-02-01", Last: true},
		{Setting: "logging.spaces.bucket", To: "other", Last: true},
		{Setting: "logging.spaces.region", To: "ams3", Last: true},
	}
}

func runtimeChanges() []Change {
	noCapture := Value{"runtimeSecurity.capture", nil}
	return []Change{
		{Setting: "runtimeSecurity.enabled", To: false, Alongside: []Value{
			{"runtimeSecurity", nil}, {"forward.events", nil}, {"exposure.clients.falcosidekickUi", nil}, {"response", nil},
		}},
		{Setting: "runtimeSecurity.ui", To: false, Alongside: []Value{
			{"runtimeSecurity.uiRetention", nil}, {"runtimeSecurity.redisVolumeGiB", nil},
			{"exposure.clients.falcosidekickUi", nil},
		}},
		{Setting: "runtimeSecurity.falco", To: "0.43", Alongside: []Value{noCapture}},
		{Setting: "runtimeSecurity.metrics", To: "falco-exporter", Alongside: []Value{noCapture}},
		{Setting: "runtimeSecurity.metrics", To: "falco-exporter",
			Alongside: []Value{{"runtimeSecurity.falco", "0.43"}, noCapture}},
		{Setting: "runtimeSecurity.capture.rules[]", To: "Drop and execute new binary in container"},
		{Setting: "runtimeSecurity.ruleset", To: "incubating"},
		{Setting: "runtimeSecurity.alertmanagerFrom", To: "warning"},
		{Setting: "runtimeSecurity.redisVolumeGiB", To: 2},
		{Setting: "runtimeSecurity.outputs.*.*", Path: "runtimeSecurity.outputs.splunk.token", To: anotherKey},
		{Setting: "runtimeSecurity.rules", To: rulesDirectory},
	}
}

func virtualClusterChanges() []Change {
	return []Change{
		{Setting: "virtualClusters.approved[].namespace", To: "team-b"},
		{Setting: "virtualClusters.approved[].digests[]", To: digest("2")},
		{Setting: "virtualClusters.admission", To: "deny"},
		{Setting: "virtualClusters.admission", To: "off"},
		{Setting: "virtualClusters.demo", To: true},
	}
}

func responseChanges() []Change {
	return []Change{
		{Setting: "response.enabled", To: false},
		{Setting: "response.dryRun", To: false},
		{Setting: "response.never[]", To: "accounts"},
		{Setting: "response.rules[].action", To: "terminate"},
		{Setting: "response.rules[].rules[]", To: "Virtual Cluster Started Without Approval"},
		{Setting: "response.rules[].namespaces[]", To: "team-b"},
		{Setting: "response.rules[].minimumPriority", To: "critical"},
	}
}

func policyChanges() []Change {
	return []Change{
		{Setting: "policies.mode", To: "deny"},
		{Setting: "policies.mode", To: "off"},
		{Setting: "policies.tags", To: false},
		{Setting: "policies.digests", To: true},
		{Setting: "policies.privileged", To: false},
		{Setting: "policies.requests", To: false},
		{Setting: "policies.registries[]", To: "ghcr.io"},
		{Setting: "policies.exempt[].namespace", To: "team-b"},
		{Setting: "policies.exempt[].rules[]", To: "requests"},
	}
}
