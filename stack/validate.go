package stack

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"doks-security/components"
	"doks-security/rules"
	"doks-security/rules/lint"
	"doks-security/stack/catalog"
	"doks-security/stack/field"
	"doks-security/values"
)

// validate finds what is wrong between settings, or with what they name outside of the stack file. refused are those
// that are not allowed by themselves; given is what the stack file says, where it matters whether a setting was given
// at all.
func validate(s Settings, given map[string]map[string]any, refused field.Errors) field.Errors {
	errs := refused
	validateParts(s, given, &errs)
	if s.Cluster.external() {
		validateExternal(s, given, &errs)
	} else {
		validateCluster(s.Cluster, &errs)
	}
	validateProvides(s.Cluster.Provides, &errs)
	validateObservability(s, &errs)
	validateLogging(s, &errs)
	if s.RuntimeSecurity.Enabled {
		validateRuntimeSecurity(s.RuntimeSecurity, &errs)
	}
	validateVirtualClusters(s.VirtualClusters, s.Namespaces.ByRole(), &errs)
	validateNamespaces(s.Namespaces, &errs)
	validateResponse(s, &errs)
	validateCapture(s, &errs)
	validateCharts(s.Charts, &errs)
	s.Alerting.Validate(&errs)
	validateForward(s, &errs)
	validateExposure(s, given["exposure"], &errs)
	return errs
}

func validateObservability(s Settings, errs *field.Errors) {
	o := s.Observability
	for i, namespace := range o.Applications {
		key := fmt.Sprintf("observability.applications[%d]", i)
		if s.Namespaces.has(namespace) {
			errs.Add(key, namespace, "a namespace of applications: monitors of this stack's namespaces are used in any case",
				"remove it")
		}
		if slices.Contains(o.Applications[:i], namespace) {
			errs.Add(key, namespace, "each namespace once", "remove it")
		}
	}
	kept, ok := period("observability.prometheusRetention", o.PrometheusRetention, time.Hour, errs)
	if !ok || o.PrometheusVolumeGiB < 1 {
		return
	}
	if need := prometheusGiB(s, kept); need > o.PrometheusVolumeGiB {
		errs.Add("observability.prometheusRetention", o.PrometheusRetention,
			fmt.Sprintf("what fits observability.prometheusVolumeGiB: %d; this needs about %d GiB", o.PrometheusVolumeGiB, need),
			fmt.Sprintf("keep less; or %s", enlarge("observability.prometheusVolumeGiB", need)))
	}
}

// enlarge is the fix for a volume that is too small: what runs already takes more than the setting.
func enlarge(key string, gib int) string {
	return fmt.Sprintf("pulumi config set --path '%s' %d (the volumes of a running stack are grown first: "+
		"docs/operating.md#resize-volumes)", key, gib)
}

func validateLogging(s Settings, errs *field.Errors) {
	l := s.Logging
	if !l.Enabled {
		return
	}
	validateSpaces(l, errs)
	kept, ok := period("logging.retention", l.Retention, 24*time.Hour, errs)
	if !ok || l.Storage != StorageVolume {
		return
	}
	if need := lokiGiB(s, kept); need > l.VolumeGiB {
		errs.Add("logging.retention", l.Retention,
			fmt.Sprintf("what fits logging.volumeGiB: %d; this needs about %d GiB", l.VolumeGiB, need),
			fmt.Sprintf("keep less, use logging.storage: spaces, or %s", enlarge("logging.volumeGiB", need)))
	}
}

// validateSpaces checks the region that a bucket has by default, and refuses the day of a change without
// Spaces.
func validateSpaces(l LoggingSettings, errs *field.Errors) {
	if l.Storage == StorageSpaces && !slices.Contains(catalog.SpacesRegions, l.Spaces.Region) {
		formats["spacesRegion"].Refuse("logging.spaces.region", l.Spaces.Region, errs)
	}
	if l.Storage != StorageSpaces && l.Spaces.From != "" {
		errs.Add("logging.spaces.from", l.Spaces.From, "nothing without logging.storage: spaces",
			"pulumi config rm --path 'logging.spaces.from'")
	}
}

// period reads a retention such as 36h or 15d.
func period(key, value string, least time.Duration, errs *field.Errors) (time.Duration, bool) {
	match := duration.FindStringSubmatch(value)
	if match == nil {
		return 0, false // reported by its format
	}
	number, err := strconv.Atoi(match[1])
	unit := map[string]time.Duration{"h": time.Hour, "d": 24 * time.Hour}[match[2]]
	if kept := time.Duration(number) * unit; err == nil && number < 100_000 && kept >= least {
		return kept, true
	}
	errs.Add(key, value, fmt.Sprintf("at least %dh, at most 99999d", int(least.Hours())),
		fmt.Sprintf("pulumi config set --path '%s' 3d", key))
	return 0, false
}

func validateRuntimeSecurity(r RuntimeSecuritySettings, errs *field.Errors) {
	if r.Metrics == components.FalcoExporter && r.Falco != components.LastFalcoWithGRPC {
		errs.Add("runtimeSecurity.falco", r.Falco,
			components.LastFalcoWithGRPC+" with metrics: falco-exporter, which reads Falco's gRPC output, removed in 0.44",
			"pulumi config rm --path 'runtimeSecurity.falco', or pulumi config set --path 'runtimeSecurity.metrics' native")
	}
	period("runtimeSecurity.uiRetention", r.UIRetention, time.Hour, errs)
	r.Outputs.Validate("runtimeSecurity.outputs", errs)
	if !errs.Has("runtimeSecurity.ruleset") {
		validateUserRules(r, errs)
	}
}

// validateUserRules checks the user's own rules for the Falco that is installed: it would refuse to start with them, or
// never fire.
func validateUserRules(r RuntimeSecuritySettings, errs *field.Errors) {
	dir := r.Rules
	falco, err := lint.FindFalco(r.Falco)
	if dir == "" || err != nil { // another version is reported already
		return
	}
	_, problems, err := rules.UserFiles(dir, r.Ruleset, falco)
	if err != nil {
		errs.Add("runtimeSecurity.rules", dir, "a directory with rule files (.yaml), relative to the project",
			"create it, or correct the path: "+err.Error())
		return
	}
	for _, p := range problems.Blocking() {
		errs.Add("runtimeSecurity.rules", p.Position.String(),
			"rules that Falco loads without a warning, at most 1 MiB together", p.Text())
	}
}

func validateVirtualClusters(v VirtualClusterSettings, namespaces values.Namespaces, errs *field.Errors) {
	if v.Demo && v.Admission == components.AdmissionDeny {
		errs.Add("virtualClusters.admission", v.Admission,
			"warn or off with virtualClusters.demo: the demo must be admitted to be detected",
			"pulumi config set --path 'virtualClusters.admission' warn, or virtualClusters.demo false")
	}
	seen := map[string]bool{}
	for i, approved := range v.Approved {
		key := fmt.Sprintf("virtualClusters.approved[%d]", i)
		namespace := approved.Namespace
		switch {
		case seen[namespace]:
			errs.Add(key+".namespace", namespace, "each namespace once",
				"merge the second entry's digests into the first, or remove it")
		case v.Demo && namespace == namespaces[components.NamespaceVCluster]:
			errs.Add(key+".namespace", namespace, "any namespace except the demo's: the demo exists to be detected",
				"remove the entry, or pulumi config set --path 'virtualClusters.demo' false")
		}
		seen[namespace] = true
	}
}

func validateCharts(c ChartSettings, errs *field.Errors) {
	const allowed = "an https:// Helm repository or oci:// registry without a login, " +
		"or a directory of <chart>-<version>.tgz archives"
	if c.Mirror == "" || field.OCIRegistry.MatchString(c.Mirror) {
		return
	}
	if strings.Contains(c.Mirror, "://") {
		if u, ok := field.ParseURL(c.Mirror); !ok || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			errs.Add("charts.mirror", shown(c.Mirror), allowed, "correct it; `helm registry login` logs in to a registry")
		}
		return
	}
	if info, err := os.Stat(c.Mirror); err != nil || !info.IsDir() {
		errs.Add("charts.mirror", c.Mirror, allowed,
			"create it with `make charts CHARTS_DIR=<directory>`, or pulumi config rm charts to use the published repositories")
	}
}
