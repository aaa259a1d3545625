// Package stack is one environment: its settings, read from the stack file and validated, and Deploy, which wires the
// components and exports how to reach them.
package stack

import (
	"maps"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/components"
	"doks-security/rules"
	"doks-security/values"
)

// Deploy is the whole system: a cluster, what observes it, what guards it, and how people reach it. Settings are
// validated before the first resource.
func Deploy(ctx *pulumi.Context) error {
	if _, err := values.Releases(); err != nil {
		return err
	}
	settings, err := Load(ctx)
	if err != nil {
		return err
	}
	source, err := fetchCharts(ctx, settings)
	if err != nil {
		return err
	}
	account, err := openAccount(ctx)
	if err != nil {
		return err
	}
	name := logicalName
	cluster, err := newCluster(ctx, settings, account)
	if err != nil {
		return err
	}
	inCluster := append(cluster.Options(), formerName(ctx, ""))
	platform := components.Platform{
		Cluster: settings.clusterName(), Profile: string(settings.Profile), Charts: source,
		Provided: settings.Cluster.Provides,
	}
	namespaces, err := components.NewNamespaces(ctx, name, &components.NamespacesArgs{
		Roles: settings.createdNamespaces().Roles(), Names: settings.Namespaces.ByRole(),
	}, inCluster...)
	if err != nil {
		return err
	}
	_, err = components.NewNetworkPolicies(ctx, name, &components.NetworkPoliciesArgs{
		Namespaces: namespaces, Options: settings.options(),
	}, inCluster...)
	if err != nil {
		return err
	}
	if settings.VirtualClusters.Admission != components.AdmissionOff {
		_, err := components.NewAdmission(ctx, name, &components.AdmissionArgs{
			Mode: settings.VirtualClusters.Admission, Approved: settings.VirtualClusters.Approved,
			Exempt: settings.exemptNamespaces(),
		}, inCluster...)
		if err != nil {
			return err
		}
	}
	alertmanagerConfig, err := settings.Alerting.Config()
	if err != nil {
		return err
	}
	observability, err := components.NewObservability(ctx, name, &components.ObservabilityArgs{
		Platform: platform, Namespaces: namespaces,
		PrometheusRetention:   settings.Observability.PrometheusRetention,
		PrometheusVolumeGiB:   settings.Observability.PrometheusVolumeGiB,
		AlertmanagerVolumeGiB: settings.Observability.AlertmanagerVolumeGiB,
		GrafanaVolumeGiB:      settings.Observability.GrafanaVolumeGiB,
		AlertmanagerConfig:    alertmanagerConfig,
		RemoteWrite:           settings.Forward.metrics(),
		GrafanaLogin:          settings.Exposure.grafanaLogin(),
	}, inCluster...)
	if err != nil {
		return err
	}
	spaces, err := newSpacesStore(ctx, name, settings)
	if err != nil {
		return err
	}
	_, err = components.NewLogging(ctx, name, &components.LoggingArgs{
		Platform: platform, Namespaces: namespaces, Observability: observability,
		Retention: settings.Logging.Retention, VolumeGiB: settings.Logging.VolumeGiB, Spaces: spaces,
	}, inCluster...)
	if err != nil {
		return err
	}
	loaded, err := settings.rules()
	if err != nil {
		return err
	}
	security, err := components.NewRuntimeSecurity(ctx, name, &components.RuntimeSecurityArgs{
		Platform: platform, Namespaces: namespaces, Observability: observability,
		Falco: settings.RuntimeSecurity.Falco, Metrics: settings.RuntimeSecurity.Metrics, Rules: loaded,
		Ruleset:          settings.RuntimeSecurity.Ruleset,
		UIRetention:      settings.RuntimeSecurity.UIRetention,
		RedisVolumeGiB:   settings.RuntimeSecurity.RedisVolumeGiB,
		AlertmanagerFrom: settings.RuntimeSecurity.AlertmanagerFrom,
		Forward:          settings.Forward.events(),
	}, inCluster...)
	if err != nil {
		return err
	}
	if err := newOperatorView(ctx, name, settings, namespaces, observability, inCluster...); err != nil {
		return err
	}
	if err := newExposure(ctx, name, settings, platform, namespaces, observability, inCluster...); err != nil {
		return err
	}
	if settings.VirtualClusters.Demo {
		_, err := components.NewVClusterDemo(ctx, name, &components.VClusterDemoArgs{
			Platform: platform, Namespaces: namespaces, RuntimeSecurity: security,
		}, inCluster...)
		if err != nil {
			return err
		}
	}
	export(ctx, settings, cluster, observability.Grafana, security.UI)
	return exportCost(ctx, settings, account)
}

// rules are what Falco loads after its own: ours, what is approved, and the user's.
func (s Settings) rules() (map[string]string, error) {
	loaded, err := rules.Files(s.RuntimeSecurity.Ruleset, s.VirtualClusters.Approved)
	if err != nil || s.RuntimeSecurity.Rules == "" {
		return loaded, err
	}
	users, _, err := rules.UserFiles(s.RuntimeSecurity.Rules, s.RuntimeSecurity.Ruleset) // judged by validate
	maps.Copy(loaded, users)
	return loaded, err
}

// newSpacesStore is nil when the logs stay on a volume.
func newSpacesStore(ctx *pulumi.Context, name string, s Settings) (*components.SpacesStore, error) {
	if s.Logging.Storage != StorageSpaces {
		return nil, nil
	}
	return components.NewSpacesStore(ctx, name+"-loki", &components.SpacesStoreArgs{
		SpacesSettings: s.Logging.Spaces, Protect: s.Cluster.Protect, ExpireDays: s.expireDays(),
	}, formerName(ctx, "-loki"))
}

func (s Settings) clusterName() string {
	if s.Cluster.Existing != "" {
		return s.Cluster.Existing
	}
	return s.Cluster.Name
}

// expireDays is a week longer than Loki keeps its logs: Loki deletes by its index, two hours and more after the end.
func (s Settings) expireDays() int {
	return int((s.logRetention()+24*time.Hour-1)/(24*time.Hour)) + 7
}
