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
