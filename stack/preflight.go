package stack

import (
	"slices"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/components"
	"doks-security/preflight"
	"doks-security/stack/field"
)

// checkCluster holds the settings against the running cluster, if there is one: what pulumi up would lose, or take over
// from others, is an error before the first resource.
func checkCluster(ctx *pulumi.Context, s Settings) error {
	kubeconfig, ha, err := components.LookupKubeconfig(ctx, s.clusterName())
	if err != nil {
		return err
	}
	running := &preflight.Cluster{}
	var errs field.Errors
	if kubeconfig != nil {
		if running, err = preflight.Survey(ctx.Context(), kubeconfig); err != nil {
			return err
		}
		if s.Cluster.Existing == "" {
			_, given := s.given["cluster"]["ha"]
			preflight.HighAvailability(ha, s.Cluster.HA, given, &errs)
		}
	}
	s.checkRunning(components.StackID(ctx), running, &errs)
	if len(errs) > 0 && kubeconfig != nil && s.Cluster.Credentials == components.TokenCredentials {
		if err := components.SaveKubeconfig(ctx, kubeconfig); err != nil { // for the commands of the errors
			return err
		}
	}
	return errs.Err()
}

// checkRunning runs all checks of what is in the cluster.
func (s Settings) checkRunning(stack string, running *preflight.Cluster, errs *field.Errors) {
	preflight.Volumes(running, s.claims(), errs)
	preflight.Logs(running, components.NamespaceLoki, s.logStore(), s.logRetention(), time.Now(), errs)
	releases := s.releases()
	preflight.Releases(running, releases, errs)
	preflight.Ownership(running, preflight.Owner{
		Stack: stack, Namespaces: s.namespaces(), Releases: releases, Provides: s.Cluster.Provides,
	}, errs)
}

// claims are the settings of volumes, with the names their charts give the claims.
func (s Settings) claims() []preflight.Volume {
	const (
		prometheus   = "prometheus-kube-prometheus-stack-prometheus"
		alertmanager = "alertmanager-kube-prometheus-stack-alertmanager"
		redis        = "falco-falcosidekick-ui-redis"
	)
	return []preflight.Volume{
		{Key: "observability.prometheusVolumeGiB", GiB: s.Observability.PrometheusVolumeGiB, Growth: preflight.ByOperator,
			Namespace: components.NamespaceMonitoring, Claim: "kube-prometheus-stack-prometheus-db", StatefulSet: prometheus},
		{Key: "observability.alertmanagerVolumeGiB", GiB: s.Observability.AlertmanagerVolumeGiB, Growth: preflight.ByOperator,
			Namespace: components.NamespaceMonitoring, Claim: "kube-prometheus-stack-alertmanager-db", StatefulSet: alertmanager},
		{Key: "observability.grafanaVolumeGiB", GiB: s.Observability.GrafanaVolumeGiB, Growth: preflight.ByHelm,
			Namespace: components.NamespaceMonitoring, Claim: "kube-prometheus-stack-grafana"},
		{Key: "logging.volumeGiB", GiB: s.Logging.VolumeGiB, Growth: preflight.ByHand,
			Namespace: components.NamespaceLoki, Claim: "storage", StatefulSet: "loki"},
		{Key: "runtimeSecurity.redisVolumeGiB", GiB: s.RuntimeSecurity.RedisVolumeGiB, Growth: preflight.ByHand,
			Namespace: components.NamespaceFalco, Claim: redis + "-data", StatefulSet: redis},
	}
}

func (s Settings) logStore() preflight.LogStore {
	if s.Logging.Storage != StorageSpaces {
		return preflight.LogStore{}
	}
	return preflight.LogStore(s.Logging.Spaces)
}

// logRetention is how long Loki keeps logs; validate has judged the setting.
func (s Settings) logRetention() time.Duration {
	kept, _ := period("logging.retention", s.Logging.Retention, 0, &field.Errors{})
	return kept
}

// releases are those the chosen parts install.
func (s Settings) releases() []preflight.Release {
	all := []preflight.Release{
		{Name: preflight.OperatorCRDs, Namespace: components.NamespaceMonitoring},
		{Name: "kube-prometheus-stack", Namespace: components.NamespaceMonitoring},
		{Name: preflight.MetricsServer, Namespace: components.NamespaceMetricsServer},
		{Name: "loki", Namespace: components.NamespaceLoki},
		{Name: "alloy", Namespace: components.NamespaceNodeAgents},
		{Name: "falco", Namespace: components.NamespaceFalco},
	}
	if s.RuntimeSecurity.Metrics == components.FalcoExporter {
		all = append(all, preflight.Release{Name: components.FalcoExporter, Namespace: components.NamespaceFalco})
	}
	if s.VirtualClusters.Demo {
		all = append(all, preflight.Release{Name: "demo", Namespace: components.NamespaceVCluster})
	}
	if s.Exposure.Mode == components.ByGateway {
		all = append(all, preflight.Release{Name: preflight.CertManager, Namespace: components.NamespaceCertManager},
			preflight.Release{Name: "oauth2-proxy", Namespace: components.NamespaceGateway})
	}
	return slices.DeleteFunc(all, func(r preflight.Release) bool { return s.provided(r.Name) })
}

// provided tells whether the cluster has what a release would bring.
func (s Settings) provided(release string) bool { return slices.Contains(s.Cluster.Provides, release) }
