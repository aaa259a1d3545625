package stack

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"doks-security/components"
	"doks-security/rules"
	"doks-security/rules/judge"
	"doks-security/stack/catalog"
	"doks-security/stack/field"
	"doks-security/values"
)

// Where Loki keeps its logs.
const (
	StorageVolume = "volume"
	StorageSpaces = "spaces"
)

var (
	label = field.Label
	oneOf = field.OneOf
	// Bucket names are host names.
	bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)
	duration   = regexp.MustCompile(`^([1-9][0-9]*)(h|d)$`)
	digest     = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	date       = regexp.MustCompile(`^20[0-9]{2}-[0-9]{2}-[0-9]{2}$`)
	// A host and a path of an OCI registry (github.com/opencontainers/distribution-spec).
	ociRegistry = regexp.MustCompile(`^oci://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*/?$`)
	tag         = regexp.MustCompile(`^[a-zA-Z0-9_\-:]{1,255}$`)

	priorities = []string{"emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug"}
	// DigitalOcean's regions with Kubernetes.
	regions = []string{"ams3", "atl1", "blr1", "fra1", "lon1", "nyc1", "nyc2", "nyc3", "sfo2", "sfo3", "sgp1", "syd1", "tor1"}
)

// validate finds everything wrong with settings that have the right types. given is what the stack file says, where it
// matters whether a setting was given at all.
func validate(s Settings, given map[string]map[string]any) field.Errors {
	var faults field.Errors
	if s.Cluster.Existing != "" {
		validateExisting(s, given, &faults)
	} else {
		validateCluster(s.Cluster, &faults)
		validateProject(s.Project, &faults)
	}
	validateObservability(s, &faults)
	validateLogging(s, &faults)
	validateRuntimeSecurity(s.RuntimeSecurity, &faults)
	validateVirtualClusters(s.VirtualClusters, s.Namespaces.ByRole(), &faults)
	validateNamespaces(s.Namespaces, &faults)
	validateCharts(s.Charts, &faults)
	s.Alerting.Validate(&faults)
	validateForward(s, &faults)
	validateExposure(s.Exposure, given["exposure"], &faults)
	validateSecrets(s, &faults)
	if len(faults) == 0 && s.Cluster.Existing == "" {
		validateCapacity(s, &faults) // on top of other faults it would only repeat them
	}
	return faults
}

func between(key string, value, low, high int, unit string, faults *field.Errors) {
	if value < low || value > high {
		faults.Add(key, value, fmt.Sprintf("%d to %d %s", low, high, unit), fmt.Sprintf("pulumi config set --path '%s' %d", key, low))
	}
}

func validateProject(p ProjectSettings, faults *field.Errors) {
	oneOf("project.environment", p.Environment, []string{"Development", "Staging", "Production"}, faults)
	if len(p.Name) > 175 {
		faults.Add("project.name", p.Name, "at most 175 characters", "shorten it")
	}
	if len(p.Description) > 255 {
		faults.Add("project.description", p.Description, "at most 255 characters", "shorten it")
	}
}

func validateObservability(s Settings, faults *field.Errors) {
	o := s.Observability
	between("observability.prometheusVolumeGiB", o.PrometheusVolumeGiB, 2, 16384, "GiB", faults)
	between("observability.alertmanagerVolumeGiB", o.AlertmanagerVolumeGiB, 1, 1024, "GiB", faults)
	between("observability.grafanaVolumeGiB", o.GrafanaVolumeGiB, 1, 1024, "GiB", faults)
	kept, ok := period("observability.prometheusRetention", o.PrometheusRetention, time.Hour, faults)
	if !ok || o.PrometheusVolumeGiB < 1 {
		return
	}
	if need := prometheusGiB(s, kept); need > o.PrometheusVolumeGiB {
		faults.Add("observability.prometheusRetention", o.PrometheusRetention,
			fmt.Sprintf("what fits observability.prometheusVolumeGiB: %d; this needs about %d GiB", o.PrometheusVolumeGiB, need),
			fmt.Sprintf("keep less; or %s", enlarge("observability.prometheusVolumeGiB", need)))
	}
}

// enlarge is the fix for a volume that is too small: what runs already takes more than the setting.
func enlarge(key string, gib int) string {
	return fmt.Sprintf("pulumi config set --path '%s' %d (the volumes of a running stack are grown first: docs/operating.md#resize-volumes)", key, gib)
}

func validateLogging(s Settings, faults *field.Errors) {
	l := s.Logging
	between("logging.volumeGiB", l.VolumeGiB, 2, 16384, "GiB", faults)
	known := oneOf("logging.storage", l.Storage, []string{StorageVolume, StorageSpaces}, faults)
	if l.Storage == StorageSpaces {
		oneOf("logging.spaces.region", l.Spaces.Region, catalog.SpacesRegions, faults)
		if !bucketName.MatchString(l.Spaces.Bucket) {
			faults.Add("logging.spaces.bucket", l.Spaces.Bucket, "3 to 63 lowercase letters, digits and hyphens, unique in the region",
				"pulumi config set --path 'logging.spaces.bucket' <name>")
		}
	}
	validateSpacesFrom(l, faults)
	kept, ok := period("logging.retention", l.Retention, 24*time.Hour, faults)
	if !ok || !known || l.Storage != StorageVolume {
		return
	}
	if need := lokiGiB(s, kept); need > l.VolumeGiB {
		faults.Add("logging.retention", l.Retention,
			fmt.Sprintf("what fits logging.volumeGiB: %d; this needs about %d GiB", l.VolumeGiB, need),
			fmt.Sprintf("keep less, use logging.storage: spaces, or %s", enlarge("logging.volumeGiB", need)))
	}
}

// validateSpacesFrom takes a day after the first of Loki's schema; whether it has begun is for the running Loki to say.
func validateSpacesFrom(l LoggingSettings, faults *field.Errors) {
	day, err := time.Parse(time.DateOnly, l.Spaces.From)
	switch {
	case l.Spaces.From == "":
	case l.Storage != StorageSpaces:
		faults.Add("logging.spaces.from", l.Spaces.From, "nothing with logging.storage: "+l.Storage, "pulumi config rm --path 'logging.spaces.from'")
	case err != nil || day.Format(time.DateOnly) <= components.FirstLogs:
		faults.Add("logging.spaces.from", l.Spaces.From, "a day after "+components.FirstLogs+", YYYY-MM-DD (UTC): from then on logs go to the bucket",
			"pulumi config set --path 'logging.spaces.from' <day>")
	}
}

// period reads a retention such as 36h or 15d.
func period(key, value string, least time.Duration, faults *field.Errors) (time.Duration, bool) {
	match := duration.FindStringSubmatch(value)
	if match == nil {
		faults.Add(key, value, "a number of hours or days: 36h, 15d", fmt.Sprintf("pulumi config set --path '%s' 3d", key))
		return 0, false
	}
	number, err := strconv.Atoi(match[1])
	unit := map[string]time.Duration{"h": time.Hour, "d": 24 * time.Hour}[match[2]]
	if kept := time.Duration(number) * unit; err == nil && number < 100_000 && kept >= least {
		return kept, true
	}
	faults.Add(key, value, fmt.Sprintf("at least %dh, at most 99999d", int(least.Hours())), fmt.Sprintf("pulumi config set --path '%s' 3d", key))
	return 0, false
}

func validateRuntimeSecurity(r RuntimeSecuritySettings, faults *field.Errors) {
	metrics := oneOf("runtimeSecurity.metrics", r.Metrics, []string{components.NativeMetrics, components.FalcoExporter}, faults)
	version := oneOf("runtimeSecurity.falco", r.Falco, []string{components.NewestFalco, components.LastFalcoWithGRPC}, faults)
	if metrics && version && r.Metrics == components.FalcoExporter && r.Falco != components.LastFalcoWithGRPC {
		faults.Add("runtimeSecurity.falco", r.Falco,
			components.LastFalcoWithGRPC+" with metrics: falco-exporter, which reads Falco's gRPC output, removed in 0.44",
			"pulumi config rm --path 'runtimeSecurity.falco', or pulumi config set --path 'runtimeSecurity.metrics' native")
	}
	ruleset := oneOf("runtimeSecurity.ruleset", r.Ruleset, judge.Rulesets(), faults)
	oneOf("runtimeSecurity.alertmanagerFrom", r.AlertmanagerFrom, priorities, faults)
	period("runtimeSecurity.uiRetention", r.UIRetention, time.Hour, faults)
	between("runtimeSecurity.redisVolumeGiB", r.RedisVolumeGiB, 1, 1024, "GiB", faults)
	if ruleset {
		validateUserRules(r, faults)
	}
}

// validateUserRules checks the user's own rules for the Falco that is installed: it would refuse to start with them, or
// never fire.
func validateUserRules(r RuntimeSecuritySettings, faults *field.Errors) {
	dir := r.Rules
	falco, err := judge.FindFalco(r.Falco)
	if dir == "" || err != nil { // another version is reported already
		return
	}
	_, problems, err := rules.UserFiles(dir, r.Ruleset, falco)
	if err != nil {
		faults.Add("runtimeSecurity.rules", dir, "a directory with rule files (.yaml), relative to the project", err.Error())
		return
	}
	for _, p := range problems.Blocking() {
		faults.Add("runtimeSecurity.rules", p.Position.String(), "rules that Falco loads without a warning, at most 1 MiB together", p.Text())
	}
}

func validateVirtualClusters(v VirtualClusterSettings, namespaces values.Namespaces, faults *field.Errors) {
	oneOf("virtualClusters.admission", v.Admission, []string{components.AdmissionWarn, components.AdmissionDeny, components.AdmissionOff}, faults)
	if v.Demo && v.Admission == components.AdmissionDeny {
		faults.Add("virtualClusters.admission", v.Admission, "warn or off with virtualClusters.demo: the demo must get in to be detected",
			"pulumi config set --path 'virtualClusters.admission' warn, or virtualClusters.demo false")
	}
	seen := map[string]bool{}
	for i, approved := range v.Approved {
		key := fmt.Sprintf("virtualClusters.approved[%d]", i)
		namespace := approved.Namespace
		switch {
		case !label.MatchString(namespace):
			faults.Add(key+".namespace", namespace, "a namespace: lowercase letters, digits and hyphens, at most 63", "correct it")
		case seen[namespace]:
			faults.Add(key+".namespace", namespace, "each namespace once", "merge the second entry's digests into the first, or remove it")
		case v.Demo && namespace == namespaces[components.NamespaceVCluster]:
			faults.Add(key+".namespace", namespace, "any namespace but the demo's: the demo is there to be detected",
				"remove the entry, or pulumi config set --path 'virtualClusters.demo' false")
		}
		seen[namespace] = true
		if approved.Digests != nil && len(approved.Digests) == 0 {
			faults.Add(key+".digests", "[]", "at least one digest, or no digests at all: then every image in the namespace is approved",
				"list the digests of the images, or remove the key")
		}
		for j, d := range approved.Digests {
			if !digest.MatchString(d) {
				faults.Add(fmt.Sprintf("%s.digests[%d]", key, j), d, "the digest of an image: sha256: and 64 hexadecimal digits in lower case",
					"copy it from imageID: kubectl -n <namespace> get pod <pod> -o jsonpath='{.status.containerStatuses[*].imageID}'")
			}
		}
	}
}

func validateCharts(c ChartSettings, faults *field.Errors) {
	const allowed = "an https:// Helm repository or oci:// registry without a login, " +
		"or a directory of <chart>-<version>.tgz archives"
	if c.Mirror == "" || ociRegistry.MatchString(c.Mirror) {
		return
	}
	if strings.Contains(c.Mirror, "://") {
		if u, ok := field.ParseURL(c.Mirror); !ok || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			faults.Add("charts.mirror", shown(c.Mirror), allowed, "correct it; `helm registry login` logs in to a registry")
		}
		return
	}
	if info, err := os.Stat(c.Mirror); err != nil || !info.IsDir() {
		faults.Add("charts.mirror", c.Mirror, allowed,
			"create it with `make charts CHARTS_DIR=<directory>`, or pulumi config rm charts to use the published repositories")
	}
}
