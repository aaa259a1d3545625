package stack

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/components"
)

// endpoint is a web interface that is reached through kubectl port-forward.
type endpoint struct {
	namespace, service string
	port, localPort    int
}

var (
	grafana         = endpoint{components.NamespaceMonitoring, "kube-prometheus-stack-grafana", 80, 3000}
	falcosidekickUI = endpoint{components.NamespaceFalco, "falco-falcosidekick-ui", 2802, 2802}
)

func (e endpoint) url() string { return fmt.Sprintf("http://localhost:%d", e.localPort) }

func (e endpoint) portForward(kubeconfig string) string {
	command := fmt.Sprintf("kubectl --namespace %s port-forward service/%s %d:%d", e.namespace, e.service, e.localPort, e.port)
	if kubeconfig != "" {
		command = fmt.Sprintf("kubectl --kubeconfig %s %s", kubeconfig, command[len("kubectl "):])
	}
	return command
}

// export tells people how to reach the system. Passwords and the kubeconfig are secrets.
func export(ctx *pulumi.Context, s Settings, cluster *components.Cluster, grafanaLogin, uiLogin components.Login) {
	ctx.Export("clusterId", cluster.ClusterID)
	ctx.Export("clusterName", cluster.Name)
	ctx.Export("clusterVersion", cluster.Version)
	ctx.Export("kubeconfig", cluster.Kubeconfig)
	if cluster.KubeconfigFile != "" {
		ctx.Export("kubeconfigFile", pulumi.String(cluster.KubeconfigFile))
	}
	ctx.Export("namespaces", pulumi.ToStringArray(s.namespaces()))
	ctx.Export("grafanaUrl", pulumi.String(s.grafanaURL()))
	ctx.Export("grafanaPortForward", pulumi.String(grafana.portForward(cluster.KubeconfigFile)))
	ctx.Export("grafanaLogin", pulumi.String(grafanaLogin.User))
	ctx.Export("grafanaPassword", pulumi.ToSecret(grafanaLogin.Password))
	ctx.Export("falcosidekickUiUrl", pulumi.String(s.falcosidekickUIURL()))
	ctx.Export("falcosidekickUiPortForward", pulumi.String(falcosidekickUI.portForward(cluster.KubeconfigFile)))
	ctx.Export("falcosidekickUiLogin", pulumi.String(uiLogin.User))
	ctx.Export("falcosidekickUiPassword", pulumi.ToSecret(uiLogin.Password))
}

// exportCost tells what the environment costs. A price nobody could tell is a warning: it is no reason to leave a cluster
// half deployed.
func exportCost(ctx *pulumi.Context, s Settings) error {
	prices, err := components.NodePrices(ctx, NodeSizes(s))
	if err != nil {
		return ctx.Log.Warn("monthlyCostUSD is not known: "+err.Error(), nil)
	}
	cost, err := MonthlyCost(s, prices)
	if err != nil {
		return ctx.Log.Warn("monthlyCostUSD is not known: DigitalOcean tells "+err.Error(), nil)
	}
	ctx.Export("monthlyCostUSD", pulumi.ToFloat64Map(map[string]float64{
		"nodes": cost.Nodes, "controlPlane": cost.ControlPlane, "loadBalancers": cost.LoadBalancers,
		"volumes": cost.Volumes, "spaces": cost.Spaces, "total": cost.Total, "maximum": cost.Maximum,
	}))
	return nil
}
