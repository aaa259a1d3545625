package stack

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/components"
	"doks-security/values"
)

// endpoint is a web interface that is reached through kubectl port-forward.
type endpoint struct {
	namespace, service string // namespace: its role
	port, localPort    int
}

var (
	grafana         = endpoint{components.NamespaceMonitoring, "kube-prometheus-stack-grafana", 80, 3000}
	falcosidekickUI = endpoint{components.NamespaceFalco, "falco-falcosidekick-ui", 2802, 2802}
)

func (e endpoint) url() string { return fmt.Sprintf("http://localhost:%d", e.localPort) }

// portForward is a command; kubeconfig is a file's path, or empty for that of kubectl's own configuration.
func (e endpoint) portForward(namespaces values.Namespaces, kubeconfig string) string {
	if kubeconfig != "" {
		kubeconfig = "--kubeconfig " + kubeconfig + " "
	}
	return fmt.Sprintf("kubectl %s--namespace %s port-forward service/%s %d:%d", kubeconfig,
		namespaces[e.namespace], e.service,
		e.localPort, e.port)
}

// export exports how to reach the system. Passwords and the kubeconfig are secrets. Of a part that is off there is no
// export; security is nil without Falco.
func export(ctx *pulumi.Context, s Settings, cluster *components.Cluster, observability *components.Observability,
	security *components.RuntimeSecurity) {
	ctx.Export("stackId", pulumi.String(components.StackID(ctx)))
	if s.Logging.Enabled {
		ctx.Export("logs", pulumi.String(s.logStore().String()))
	}
	ctx.Export("clusterId", cluster.ClusterID)
	ctx.Export("clusterName", cluster.Name)
	ctx.Export("clusterVersion", cluster.Version)
	if s.Cluster.Kubeconfig == "" {
		ctx.Export("kubeconfig", cluster.Kubeconfig)
	}
	if s.Cluster.Kubeconfig != "" || s.Cluster.Credentials == components.TokenCredentials {
		ctx.Export("kubeconfigFile", cluster.KubeconfigFile)
	}
	portForward := func(e endpoint) pulumi.StringOutput {
		return cluster.KubeconfigFile.ApplyT(func(file string) string {
			return e.portForward(s.Namespaces.ByRole(), file)
		}).(pulumi.StringOutput)
	}
	ctx.Export("namespaces", pulumi.ToStringMap(s.createdNamespaces()))
	exportLogin := func(prefix, url string, e endpoint, login components.Login) {
		ctx.Export(prefix+"Url", pulumi.String(url))
		ctx.Export(prefix+"PortForward", portForward(e))
		ctx.Export(prefix+"Login", pulumi.String(login.User))
		ctx.Export(prefix+"Password", pulumi.ToSecret(login.Password))
	}
	if s.Observability.Grafana {
		exportLogin("grafana", s.grafanaURL(), grafana, observability.Grafana)
	}
	if s.hasUI() {
		exportLogin("falcosidekickUi", s.falcosidekickUIURL(), falcosidekickUI, security.UI)
	}
}

// exportCost exports what the environment costs at DigitalOcean. A price that could not be found is a warning: it is no
// reason to leave a cluster half deployed.
func exportCost(ctx *pulumi.Context, s Settings) error {
	if s.Cluster.Kubeconfig != "" {
		return nil
	}
	cost, err := MonthlyCost(s, s.offer.Prices())
	if err != nil {
		return ctx.Log.Warn("monthlyCostUSD is not known: DigitalOcean reports "+err.Error(), nil)
	}
	ctx.Export("monthlyCostUSD", pulumi.ToFloat64Map(map[string]float64{
		"nodes": cost.Nodes, "controlPlane": cost.ControlPlane, "loadBalancers": cost.LoadBalancers,
		"volumes": cost.Volumes, "spaces": cost.Spaces, "total": cost.Total, "maximum": cost.Maximum,
	}))
	return nil
}
