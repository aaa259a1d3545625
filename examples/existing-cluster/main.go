// A program of your own that watches an existing cluster with the components of doks-security, and adds to them.
package main

import (
	"fmt"
	"os"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"

	"doks-security/account"
	"doks-security/alerting"
	"doks-security/charts"
	"doks-security/components"
	"doks-security/rules"
	"doks-security/rules/lint"
	"doks-security/values"
)

func main() { pulumi.Run(func(ctx *pulumi.Context) error { return watch(ctx, charts.Source{}) }) }

// ownRule is loaded by Falco after the stock rules and those of doks-security.
const ownRule = `- rule: Package Manager In A Container
  desc: A running container installs software.
  condition: spawned_process and container and proc.name in (apt, apt-get, apk, dnf)
  output: A package manager runs (command=%proc.cmdline namespace=%k8s.ns.name pod=%k8s.pod.name)
  priority: NOTICE
  tags: [process]
`

// watch installs the charts of a source; the empty one is the published repositories.
func watch(ctx *pulumi.Context, source charts.Source) error {
	name := config.Require(ctx, "cluster")
	digitalocean, err := account.Open(os.Getenv("DIGITALOCEAN_TOKEN"), os.Getenv("DIGITALOCEAN_API_URL"))
	if err != nil {
		return err
	}
	inventory, err := digitalocean.Inventory(ctx.Context())
	if err != nil {
		return err
	}
	running := inventory.ClusterNamed(name)
	if running == nil {
		return fmt.Errorf("the account has no cluster %q", name)
	}
	cluster, err := components.NewExistingCluster(ctx, "watched", &components.ExistingClusterArgs{
		Account: digitalocean, Running: running, Credentials: components.TokenCredentials,
	})
	if err != nil {
		return err
	}
	inCluster := cluster.Options() // the Kubernetes provider
	platform := components.Platform{Cluster: name, Profile: "dev", Charts: source}
	names := values.DefaultNamespaces()
	names[components.NamespaceMonitoring] = "security-monitoring" // the cluster has a namespace monitoring
	namespaces, err := components.NewNamespaces(ctx, "watched", &components.NamespacesArgs{Names: names, Roles: []string{
		components.NamespaceMonitoring, components.NamespaceLoki, components.NamespaceNodeAgents,
		components.NamespaceFalco, "metrics-server",
	}}, inCluster...)
	if err != nil {
		return err
	}
	_, err = components.NewNetworkPolicies(ctx, "watched", &components.NetworkPoliciesArgs{Namespaces: namespaces},
		inCluster...)
	if err != nil {
		return err
	}
	noReceivers, err := alerting.Settings{}.Config(values.AlertLinks{})
	if err != nil {
		return err
	}
	observability, err := components.NewObservability(ctx, "watched", &components.ObservabilityArgs{
		Platform: platform, Namespaces: namespaces, AlertmanagerConfig: noReceivers,
		PrometheusRetention: "3d", PrometheusVolumeGiB: 10, AlertmanagerVolumeGiB: 1, GrafanaVolumeGiB: 5,
	}, inCluster...)
	if err != nil {
		return err
	}
	_, err = components.NewLogging(ctx, "watched", &components.LoggingArgs{
		Platform: platform, Namespaces: namespaces, Observability: observability, Retention: "3d", VolumeGiB: 10,
	}, inCluster...)
	if err != nil {
		return err
	}
	loaded, err := rules.Files(lint.Stable, []rules.Approval{{Namespace: "team-a"}})
	if err != nil {
		return err
	}
	loaded["50-own.yaml"] = ownRule
	security, err := components.NewRuntimeSecurity(ctx, "watched", &components.RuntimeSecurityArgs{
		Platform: platform, Namespaces: namespaces, Observability: observability,
		Falco: components.NewestFalco, Metrics: components.NativeMetrics, Ruleset: lint.Stable, Rules: loaded,
		UIRetention: "3d", RedisVolumeGiB: 1, AlertmanagerFrom: "error",
	}, inCluster...)
	if err != nil {
		return err
	}
	ctx.Export("grafanaPassword", observability.Grafana.Password)
	ctx.Export("uiPassword", security.UI.Password)
	return nil
}
