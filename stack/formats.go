package stack

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"doks-security/alerting"
	"doks-security/components"
	"doks-security/preflight/incluster"
	"doks-security/rules/lint"
	"doks-security/stack/catalog"
	"doks-security/stack/field"
	"doks-security/values"
)

// special are characters of a regular expression's class: spaces and control characters of all kinds, and those that
// mean something to what reads groupName.
const special = "\\x00-\\x20\\x7f-\u00a0\u2000-\u206f\u3000\ufeff,'\"`\\\\{}#;$%"

var (
	duration = regexp.MustCompile(`^([1-9][0-9]*)(h|d)$`)
	// A DNS name of at least two labels, in lower case.
	domainName = regexp.MustCompile(`^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z]([-a-z0-9]{0,61}[a-z0-9])$`)
	// What needs no quoting in grafana.ini, where # and ; begin comments and ${} and %() are replaced, in the flags of a
	// container, where $() is, in the YAML of oauth2-proxy's chart, in JMESPath, and in lists with commas.
	groupName = regexp.MustCompile("^[^" + special + "]{0,254}[^" + special + ":]$")
	// A minor of Kubernetes, or a version of DOKS.
	versionPrefix = regexp.MustCompile(`^1\.[0-9]{1,3}(\.[0-9]{1,3}(-do\.[0-9]{1,3})?)?$`)
	labelKey      = regexp.MustCompile(
		`^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`)
	labelValue = regexp.MustCompile(`^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$`)
)

const plainName = "a name without spaces, control characters, commas, quotes, braces, backslashes " +
	"and # ; $ %, and no colon at its end"

// formats are those of the tags of all settings.
var formats = field.Common.With(alerting.Formats).With(field.Formats{
	"profile": {Enum: values.Profiles},

	// The cluster.
	"clusterName": {Pattern: field.Label, Example: "<name>",
		Allowed: "lowercase letters, digits and hyphens, at most 63, unique in the account"},
	// A cluster that was created elsewhere: what its name ends in takes these characters without quoting.
	"existingCluster": {Valid: regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,253}[A-Za-z0-9])?$`).MatchString,
		Allowed: "the name of a cluster: letters, digits, dots, hyphens and underscores",
		Example: "<name>; `doctl kubernetes cluster list` lists them"},
	// A path that needs no quoting in the commands that name it.
	"kubeconfig": {Pattern: regexp.MustCompile(`^[A-Za-z0-9._/][A-Za-z0-9._/@+-]*$`),
		Allowed: "the path of a file, from the project's directory or from /, of letters, digits and . _ - / @ +",
		Example: "kind.yaml; `kind get kubeconfig >kind.yaml` writes one"},
	// Whether DigitalOcean has it, with Kubernetes, is for its API to say: preflight.
	"region": {Pattern: regexp.MustCompile(`^[a-z]{2,8}[0-9]{1,2}$`),
		Allowed: "the slug of a DigitalOcean region: letters and a digit",
		Example: "fra1; `doctl kubernetes options regions` lists them"},
	"version": {Pattern: versionPrefix, Valid: supportedMinor,
		Allowed: fmt.Sprintf(`a minor from 1.%d on ("1.34"), or an exact slug ("1.34.1-do.0"); never latest`, OldestMinor),
		Example: "1.34; `doctl kubernetes options versions` lists them"},
	"vpc": {Pattern: regexp.MustCompile(`^(default|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$`),
		Allowed: "the id of a VPC, or default", Example: "<id>; `doctl vpcs list` lists them"},
	"class": {Pattern: field.Label, Allowed: "the name of a StorageClass of the cluster",
		Example: "do-block-storage; `kubectl get storageclasses` lists them"},
	"day": {Enum: []string{"any", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}},
	"time": {Pattern: regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`),
		Allowed: "HH:MM in UTC, 00:00 to 23:59", Example: "04:00"},
	"tag": {Pattern: regexp.MustCompile(`^[a-zA-Z0-9_\-:]{1,255}$`),
		Allowed: "letters, digits, _, - and :, at most 255", Fix: "correct it"},
	"provided": {Enum: incluster.Providable},

	// Node pools.
	"pools": {EmptyAllowed: "at least one pool of nodes",
		EmptyFix: "pools: [{name: default, size: s-2vcpu-4gb, count: 3}]"},
	"poolName": {Pattern: field.Label, Allowed: "lowercase letters, digits and hyphens, at most 63", Fix: "correct it"},
	// As for regions.
	"size": {Pattern: regexp.MustCompile(`^[a-z][a-z0-9_]*(-[a-z0-9_]+)+$`),
		Allowed: "the slug of a Droplet size, such as s-2vcpu-4gb", Fix: "`doctl kubernetes options sizes` lists them"},
	"labelKey": {Pattern: labelKey, Valid: func(key string) bool { return !strings.Contains(key, "kubernetes.io/") },
		Allowed: "a Kubernetes label outside kubernetes.io", Fix: "correct it"},
	"labelValue": {Pattern: labelValue, Allowed: "a Kubernetes label outside kubernetes.io", Fix: "correct it"},
	"taintKey":   {Pattern: labelKey, Allowed: "a key of a Kubernetes label", Fix: "correct it"},
	"taintValue": {Pattern: labelValue, Allowed: "a value as of a Kubernetes label", Fix: "correct it"},

	// Observability, logging and runtime security.
	"period": {Pattern: duration, Allowed: "a number of hours or days: 36h, 15d", Example: "3d"},
	"applicationNamespace": {Pattern: field.Label, Except: field.KubernetesNamespaces,
		Allowed: "a namespace of applications: lowercase letters, digits and hyphens, at most 63; none of " +
			strings.Join(field.KubernetesNamespaces, ", "), Fix: "name the namespace of the application"},
	"bucket": {Pattern: regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`), // a host name
		Allowed: "3 to 63 lowercase letters, digits and hyphens, unique in the region", Example: "<name>"},
	"spacesRegion": {Enum: catalog.SpacesRegions},
	"firstDay": {Pattern: regexp.MustCompile(`^20[0-9]{2}-[0-9]{2}-[0-9]{2}$`), Valid: afterFirstLogs,
		Allowed: "a day after " + components.FirstLogs + ", YYYY-MM-DD (UTC): from then on logs go to the bucket",
		Example: "<day>"},
	"priority": {Enum: values.Priorities},
	// https://grafana.com/docs/mimir/latest/configure/about-tenant-ids/, without what has a meaning to Loki and Alloy.
	"tenant": {Pattern: regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,149}$`),
		Allowed: "letters, digits, dots, hyphens and underscores, at most 150", Example: "<tenant>"},
	"headerName": {Pattern: regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,98}[A-Za-z0-9])?$`),
		Allowed: "letters, digits and hyphens", Fix: "correct it"},
	"headerValue": {Pattern: regexp.MustCompile(`^[!-#%-z|~]([ !-#%-z|~]{0,498}[!-#%-z|~])?$`),
		Allowed: "printable characters but $, { and }, without space around them", Fix: "correct it"},
	"ruleset": {Enum: lint.Rulesets()},
	"action":  {Enum: components.ResponseActions()},
	"responseRules": {EmptyAllowed: "at least one rule, or no rules at all: then what is not approved is isolated",
		EmptyFix: "rules: [{action: label, minimumPriority: critical}], or remove the key"},
	// Which names there are is known with the rules that are loaded: validateCapture.
	"captureRules": {Pattern: regexp.MustCompile(`^[^\x00-\x1f]+$`), Allowed: captureRules, Fix: captureRulesFix,
		EmptyAllowed: captureRules, EmptyFix: captureRulesFix},

	// Virtual clusters and namespaces.
	"approvedNamespace": {Pattern: field.Label,
		Allowed: "a namespace: lowercase letters, digits and hyphens, at most 63", Fix: "correct it"},
	"policyRule": {Enum: components.PodRules()},
	// A registry has a dot or a port in its name, or is localhost, as container runtimes tell it from a path.
	"imageRegistry": {Pattern: regexp.MustCompile(
		`^([a-z0-9-]+(\.[a-z0-9-]+)+(:[0-9]{1,5})?|[a-z0-9-]+:[0-9]{1,5}|localhost)` +
			`(/[a-z0-9]+([._-]+[a-z0-9]+)*)*$`),
		Allowed: "a registry, with or without a path, and no tag: docker.io, ghcr.io/team, registry.example.org:5000",
		Fix:     "images without a registry come from docker.io, and official ones from docker.io/library"},
	"digest": {Pattern: regexp.MustCompile(`^sha256:[0-9a-f]{64}$`),
		Allowed: "the digest of an image: sha256: and 64 hexadecimal digits in lower case",
		Fix: "copy it from imageID: kubectl -n <namespace> get pod <pod> " +
			"-o jsonpath='{.status.containerStatuses[*].imageID}'",
		EmptyAllowed: "at least one digest, or no digests at all: then every image in the namespace is approved",
		EmptyFix:     "list the digests of the images, or remove the key"},
	"namespacePrefix": {Pattern: regexp.MustCompile(`^([a-z0-9][-a-z0-9]*)?$`), Example: "obs-",
		Allowed: "lowercase letters, digits and hyphens, not a hyphen first"},
	"namespaceRole": {Enum: values.DefaultNamespaces().Roles(),
		Allowed: "a default name: " + strings.Join(values.DefaultNamespaces().Roles(), ", "),
		Fix:     "pulumi config rm --path '{key}', or correct its spelling"},
	"namespace": {Pattern: field.Label, Except: field.KubernetesNamespaces, Example: "<name>",
		Allowed: "a namespace of this stack alone: lowercase letters, digits and hyphens, at most 63; none of " +
			strings.Join(field.KubernetesNamespaces, ", ")},

	// Addons.
	"secretKey": {Pattern: regexp.MustCompile(`^[-._a-zA-Z0-9]{1,253}$`), Fix: "correct it",
		Allowed: "letters, digits, hyphens, dots and underscores, at most 253"},
	"secretValue": {Valid: func(value string) bool { return value != "" }, Allowed: "a value"},

	// The exposure.
	"domain": {Pattern: domainName, Allowed: "a domain of this DigitalOcean account: example.org",
		Example: "<domain>; `doctl compute domain list` lists them"},
	"hostname": {Pattern: domainName, Allowed: "a name below exposure.domain, in lower case: its record is created there",
		Example: "<name>.<exposure.domain>"},
	"emailDomain": {Pattern: domainName, Allowed: "a domain: example.org", Fix: "name the domains of your addresses"},
	"certificateEmail": {Valid: field.IsAddress, Example: "<address>",
		Allowed: "an address without a name, operators@example.org: it receives expiry notices"},
	"group": {Pattern: groupName, Allowed: plainName, Fix: "name it by its id"},
	"claim": {Valid: groupName.MatchString, Allowed: plainName, Fix: "name it by its id"},
	"secretName": {Pattern: regexp.MustCompile(`^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$`),
		Allowed: "the name of a Secret: lowercase letters, digits, dots and hyphens", Example: "<name>"},
	"eabKeyId": {Valid: groupName.MatchString, Allowed: plainName, Fix: "copy it from the issuer"},
	"hmacKey": {Pattern: regexp.MustCompile(`^[A-Za-z0-9_-]{16,}$`),
		Allowed: "the HMAC key in base64url without padding: letters, digits, _ and -", Fix: "copy it from the issuer"},
	"dnsProvider": {Enum: sortedKeys(components.DNSProviders)},
	"scope":       {Valid: groupName.MatchString, Allowed: plainName, Fix: "correct it"},
	"clientId":    {Valid: groupName.MatchString, Allowed: plainName, Fix: "register the client under such an id"},
})

// OldestMinor is the oldest Kubernetes we support: where Gateway API comes with VPC-native clusters; older minors are
// out of DigitalOcean's support.
const OldestMinor = 33

func supportedMinor(version string) bool {
	var minor int
	_, err := fmt.Sscanf(version, "1.%d", &minor)
	return err == nil && minor >= OldestMinor
}

// afterFirstLogs reports whether a day comes after the first of Loki's schema; whether it has begun is for the running
// Loki to say.
func afterFirstLogs(day string) bool {
	parsed, err := time.Parse(time.DateOnly, day)
	return err == nil && parsed.Format(time.DateOnly) > components.FirstLogs
}

// unused are the prefixes of settings that have no effect with the others: only rules look at them.
func (s Settings) unused(given map[string]map[string]any) []string {
	all := sortedKeys(s.idle(given))
	if s.Cluster.external() {
		all = append(all, "project.")
		for _, key := range s.Cluster.withoutEffect(given["cluster"]) {
			all = append(all, "cluster."+key)
		}
	}
	if s.Logging.Storage != StorageSpaces {
		all = append(all, "logging.spaces.")
	}
	if s.Exposure.Mode != components.ByGateway {
		for key := range given["exposure"] {
			if key != "mode" {
				all = append(all, "exposure."+key)
			}
		}
	}
	return all
}
