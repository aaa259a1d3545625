package stack

import (
	"slices"
	"strings"

	"doks-security/components"
	"doks-security/preflight/incluster"
	"doks-security/stack/field"
	"doks-security/values"
)

// hasUI reports whether falcosidekick-ui is installed: it has nothing to show without Falco.
func (s Settings) hasUI() bool { return s.RuntimeSecurity.Enabled && s.RuntimeSecurity.UI }

// hasDashboards reports whether this project's dashboards are deployed: they are about what Falco detects.
func (s Settings) hasDashboards() bool { return s.Observability.Grafana && s.RuntimeSecurity.Enabled }

// idle are the settings of a stack file that have no effect since a part is off, each with the setting that turned it
// off.
func (s Settings) idle(given map[string]map[string]any) map[string]string {
	all := map[string]string{}
	add := func(off, section string, keys ...string) {
		for _, key := range keys {
			if _, ok := given[section][key]; ok {
				all[section+"."+key] = off
			}
		}
	}
	others := func(section string) []string {
		return slices.DeleteFunc(sortedKeys(given[section]), func(key string) bool { return key == "enabled" })
	}
	if !s.Logging.Enabled {
		add("logging.enabled", "logging", others("logging")...)
		add("logging.enabled", "forward", "logs") // Alloy sends them
	}
	if !s.Observability.Grafana {
		add("observability.grafana", "observability", "grafanaVolumeGiB")
		s.idleSite("observability.grafana", "grafana", given["exposure"], all)
	}
	switch {
	case !s.RuntimeSecurity.Enabled:
		add("runtimeSecurity.enabled", "runtimeSecurity", others("runtimeSecurity")...)
		add("runtimeSecurity.enabled", "forward", "events")
		add("runtimeSecurity.enabled", "response", sortedKeys(given["response"])...)
		if s.VirtualClusters.Demo {
			all["virtualClusters.demo"] = "runtimeSecurity.enabled"
		}
		s.idleSite("runtimeSecurity.enabled", "falcosidekickUi", given["exposure"], all)
	case !s.RuntimeSecurity.UI:
		add("runtimeSecurity.ui", "runtimeSecurity", "uiRetention", "redisVolumeGiB")
		s.idleSite("runtimeSecurity.ui", "falcosidekickUi", given["exposure"], all)
	}
	if s.Exposure.Mode == components.ByGateway && !s.Observability.Grafana && !s.hasUI() && len(s.Exposure.Sites) > 0 {
		add("observability.grafana", "exposure", "identity") // and nothing else asks for a login
	}
	return all
}

// idleSite adds what the stack file says of a site whose part is off.
func (s Settings) idleSite(off, site string, exposure map[string]any, all map[string]string) {
	if s.Exposure.Mode != components.ByGateway {
		return // refused as a whole
	}
	for _, of := range []string{"hostnames", "clients"} {
		sites, _ := exposure[of].(map[string]any)
		if _, ok := sites[site]; ok {
			all["exposure."+of+"."+site] = off
		}
	}
}

// notInstalled says what a stack does not have with a part that is off.
var notInstalled = map[string]string{
	"logging.enabled": "Loki and Alloy are", "observability.grafana": "Grafana is", "runtimeSecurity.enabled": "Falco is",
	"runtimeSecurity.ui": "falcosidekick-ui is",
}

// validateParts refuses settings of parts that are off: they would silently do nothing.
func validateParts(s Settings, given map[string]map[string]any, errs *field.Errors) {
	idle := s.idle(given)
	for _, key := range sortedKeys(idle) {
		off, shown := idle[key], any(field.Hidden)
		section, name, _ := strings.Cut(key, ".")
		switch value := given[section][name].(type) {
		case map[string]any, []any, nil: // may hold secrets
		default:
			shown = field.Plain(value)
		}
		errs.Add(key, shown, "nothing with "+off+": false: "+notInstalled[off]+" not installed",
			"remove it, or pulumi config set --path '"+off+"' true")
	}
	if s.Exposure.Mode == components.ByGateway && !s.Observability.Grafana && !s.hasUI() &&
		len(s.Exposure.Sites) == 0 {
		errs.Add("exposure.mode", s.Exposure.Mode, "private: Grafana and falcosidekick-ui are off, so there is nothing to "+
			"expose", "pulumi config set --path 'exposure.mode' private, and remove the others of exposure")
	}
}

// partsOff are the parts that the settings leave out and that have volumes, as they are in the cluster if they ran
// there before.
func (s Settings) partsOff(names values.Namespaces) []incluster.Part {
	on := s
	on.Logging = LoggingSettings{Enabled: true, Storage: StorageVolume}
	on.folders, on.customized = nil, nil
	on.RuntimeSecurity.Enabled, on.RuntimeSecurity.UI, on.Observability.Grafana = true, true, true
	created := s.createdNamespaces()
	var parts []incluster.Part
	for _, v := range on.volumes(names) {
		p := incluster.Part{Volume: v}
		switch {
		case v.Key == "logging.volumeGiB" && !s.Logging.Enabled:
			p.Setting, p.Logs = "logging.enabled", true
		case v.Key == "observability.grafanaVolumeGiB" && !s.Observability.Grafana:
			p.Setting, p.Workload = "observability.grafana", "deployment kube-prometheus-stack-grafana"
		case v.Key == "runtimeSecurity.redisVolumeGiB" && !s.RuntimeSecurity.Enabled:
			p.Setting = "runtimeSecurity.enabled"
		case v.Key == "runtimeSecurity.redisVolumeGiB" && !s.RuntimeSecurity.UI:
			p.Setting = "runtimeSecurity.ui"
		default:
			continue
		}
		_, kept := created.RoleOf(v.Namespace)
		p.NamespaceDeleted = !kept
		parts = append(parts, p)
	}
	return parts
}
