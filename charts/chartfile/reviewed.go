package chartfile

import (
	"slices"
	"strings"
)

// Why a chart does not name a key.
const (
	apiField = "a field of the Kubernetes API, copied unchanged: the object is decoded strictly"
	loki     = "a setting of Loki, copied into its configuration"
	falco    = "a setting of Falco, copied into falco.yaml"
	grafana  = "a setting of Grafana, copied into grafana.ini"
	velero   = "a setting of Velero, copied into a ConfigMap of it"
	comment  = "in the chart's values as a comment only"
)

// ReviewedKeys are the keys that charts take without naming them, by chart, with the reason.
var ReviewedKeys = map[string]map[string]string{
	"alloy": {
		"configReloader.resources.limits.memory": apiField,
	},
	"metrics-server": {
		"resources.limits.memory": apiField,
	},
	"falco": {
		"controller.daemonset.updateStrategy.rollingUpdate.maxUnavailable": apiField,
		"falco.capture.max_file_size_mb":                                   falco,
		"falcosidekick.podSecurityContext.runAsGroup":                      apiField,
		"falcosidekick.podSecurityContext.runAsNonRoot":                    apiField,
		"falcosidekick.podSecurityContext.seccompProfile.type":             apiField,
		"falcosidekick.webui.podSecurityContext.runAsGroup":                apiField,
		"falcosidekick.webui.podSecurityContext.runAsNonRoot":              apiField,
		"falcosidekick.webui.podSecurityContext.seccompProfile.type":       apiField,
	},
	"velero": { // examples/addons/velero
		"configuration.repositoryMaintenanceJob.repositoryConfigData.global.podLabels.app.kubernetes.io/name": velero,
	},
	"trivy-operator": { // examples/addons/trivy-operator
		"trivy.ignorePolicy": comment,
	},
	"loki": {
		"loki.limits_config.allow_structured_metadata":    loki,
		"loki.limits_config.ingestion_burst_size_mb":      loki,
		"loki.limits_config.ingestion_rate_mb":            loki,
		"loki.limits_config.max_global_streams_per_user":  loki,
		"loki.limits_config.retention_period":             loki,
		"loki.storage_config.object_store.filesystem.dir": loki,
		"loki.storage.bucketNames.chunks":                 comment,
		"loki.storage.bucketNames.ruler":                  comment,
	},
	"kube-prometheus-stack": {
		"alertmanager.alertmanagerSpec.configSecret":                        comment,
		"grafana.containerSecurityContext.readOnlyRootFilesystem":           apiField,
		"grafana.persistence.storageClassName":                              comment,
		"prometheus-node-exporter.securityContext.seccompProfile.type":      apiField,
		"grafana.podAnnotations.doks-security/secret-version":               comment,
		"grafana.grafana.ini.analytics.check_for_plugin_updates":            grafana,
		"grafana.grafana.ini.analytics.reporting_enabled":                   grafana,
		"grafana.grafana.ini.auth.anonymous.enabled":                        grafana,
		"grafana.grafana.ini.security.content_security_policy":              grafana,
		"grafana.grafana.ini.security.cookie_samesite":                      grafana,
		"grafana.grafana.ini.security.cookie_secure":                        grafana,
		"grafana.grafana.ini.security.disable_gravatar":                     grafana,
		"grafana.grafana.ini.snapshots.external_enabled":                    grafana,
		"grafana.grafana.ini.users.allow_sign_up":                           grafana,
		"grafana.grafana.ini.users.viewers_can_edit":                        grafana,
		"grafana.grafana.ini.auth.disable_login_form":                       grafana,
		"grafana.grafana.ini.auth.oauth_allow_insecure_email_lookup":        grafana,
		"grafana.grafana.ini.auth.generic_oauth.allow_assign_grafana_admin": grafana,
		"grafana.grafana.ini.auth.generic_oauth.allow_sign_up":              grafana,
		"grafana.grafana.ini.auth.generic_oauth.allowed_domains":            grafana,
		"grafana.grafana.ini.auth.generic_oauth.allowed_groups":             grafana,
		"grafana.grafana.ini.auth.generic_oauth.api_url":                    grafana,
		"grafana.grafana.ini.auth.generic_oauth.auth_url":                   grafana,
		"grafana.grafana.ini.auth.generic_oauth.auto_login":                 grafana,
		"grafana.grafana.ini.auth.generic_oauth.client_id":                  grafana,
		"grafana.grafana.ini.auth.generic_oauth.enabled":                    grafana,
		"grafana.grafana.ini.auth.generic_oauth.groups_attribute_path":      grafana,
		"grafana.grafana.ini.auth.generic_oauth.name":                       grafana,
		"grafana.grafana.ini.auth.generic_oauth.role_attribute_path":        grafana,
		"grafana.grafana.ini.auth.generic_oauth.role_attribute_strict":      grafana,
		"grafana.grafana.ini.auth.generic_oauth.scopes":                     grafana,
		"grafana.grafana.ini.auth.generic_oauth.token_url":                  grafana,
		"grafana.grafana.ini.auth.generic_oauth.use_pkce":                   grafana,
		"grafana.grafana.ini.auth.generic_oauth.use_refresh_token":          grafana,
		"grafana.grafana.ini.server.root_url":                               grafana,
	},
	"oauth2-proxy": {
		"config.existingSecret": comment,
		"affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution": apiField,
	},
}

// copied are the parts of charts' values that are copied as they stand, with all keys in them, by chart and then by
// path: into a configuration, whose program knows more keys than the chart.
var copied = map[string]map[string]string{
	"loki": {
		"loki.limits_config": loki, "loki.storage_config": loki, "loki.ingester": loki, "loki.querier": loki,
		"loki.query_range": loki, "loki.query_scheduler": loki, "loki.frontend": loki, "loki.frontend_worker": loki,
		"loki.compactor": loki, "loki.server": loki, "loki.distributor": loki, "loki.index_gateway": loki,
		"loki.structuredConfig": loki, "loki.analytics": loki, "loki.tracing": loki,
	},
	"kube-prometheus-stack": {"grafana.grafana.ini": grafana},
}

// kubernetesFields are keys below which charts copy fields of the Kubernetes API.
var kubernetesFields = map[string]bool{
	"resources": true, "affinity": true, "nodeSelector": true, "tolerations": true, "podAnnotations": true,
	"podLabels": true, "annotations": true, "labels": true, "updateStrategy": true, "strategy": true,
	"deploymentStrategy": true, "livenessProbe": true, "readinessProbe": true, "startupProbe": true,
}

// Copied reports whether a path is in a part of the chart's values that is copied unchanged: the chart takes any key
// there, and what reads the copy knows which ones there are.
func Copied(chart, path string) bool {
	for part := range copied[chart] {
		if strings.HasPrefix(path, part+".") {
			return true
		}
	}
	segments := strings.Split(path, ".")
	return slices.ContainsFunc(segments[:len(segments)-1], func(key string) bool { return kubernetesFields[key] }) ||
		ReviewedKeys[chart][path] != ""
}
