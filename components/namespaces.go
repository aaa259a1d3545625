package components

import (
	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/preflight/incluster"
)

// The namespaces of the stack. Names are literals everywhere: a namespace's output is unknown in a first preview.
const (
	NamespaceMonitoring    = "monitoring"
	NamespaceLoki          = "loki"
	NamespaceNodeAgents    = "node-agents" // node-exporter and Alloy: what must see the host
	NamespaceFalco         = "falco"
	NamespaceMetricsServer = "metrics-server"
	NamespaceVCluster      = "vcluster"
	NamespaceGateway       = "gateway" // with exposure by gateway: the Gateway and oauth2-proxy
	NamespaceCertManager   = "cert-manager"
)

// PodSecurity is a level of Kubernetes' Pod Security Standards.
type PodSecurity string

const (
	Restricted PodSecurity = "restricted"
	Baseline   PodSecurity = "baseline"
	Privileged PodSecurity = "privileged"
)

// podSecurityVersion pins the standards: an upgrade of Kubernetes must not tighten them unseen.
const podSecurityVersion = "v1.33"

// Levels are the enforced levels by namespace.
var levels = map[string]PodSecurity{
	NamespaceMonitoring:    Restricted,
	NamespaceLoki:          Restricted,
	NamespaceMetricsServer: Restricted,
	NamespaceNodeAgents:    Privileged,
	NamespaceFalco:         Privileged,
	NamespaceVCluster:      Baseline,
	NamespaceGateway:       Restricted,
	NamespaceCertManager:   Restricted,
}

// Namespaces are the stack's namespaces, each with its Pod Security level enforced.
type Namespaces struct {
	pulumi.ResourceState

	byName map[string]pulumi.Resource
}

// NamespacesArgs list the namespaces to create, of those named above.
type NamespacesArgs struct {
	Names []string
}

// NewNamespaces creates the namespaces.
func NewNamespaces(ctx *pulumi.Context, name string, args *NamespacesArgs, opts ...pulumi.ResourceOption) (*Namespaces, error) {
	n := &Namespaces{byName: map[string]pulumi.Resource{}}
	if err := ctx.RegisterComponentResource(typePrefix+"Namespaces", name, n, opts...); err != nil {
		return nil, err
	}
	for _, namespace := range args.Names {
		level := levels[namespace]
		labels := pulumi.StringMap{
			incluster.PartOfLabel:                        pulumi.String(incluster.PartOf),
			"pod-security.kubernetes.io/enforce":         pulumi.String(level),
			"pod-security.kubernetes.io/enforce-version": pulumi.String(podSecurityVersion),
		}
		if level == Privileged {
			// Enforcing nothing still shows what a pod asks for.
			labels["pod-security.kubernetes.io/audit"] = pulumi.String(Baseline)
			labels["pod-security.kubernetes.io/audit-version"] = pulumi.String(podSecurityVersion)
		}
		created, err := corev1.NewNamespace(ctx, name+"-"+namespace, &corev1.NamespaceArgs{
			Metadata: &metav1.ObjectMetaArgs{
				Name: pulumi.String(namespace), Labels: labels,
				Annotations: pulumi.StringMap{incluster.StackAnnotation: pulumi.String(StackID(ctx))},
			},
		}, pulumi.Parent(n))
		if err != nil {
			return nil, err
		}
		n.byName[namespace] = created
	}
	return n, ctx.RegisterResourceOutputs(n, pulumi.Map{"names": pulumi.ToStringArray(args.Names)})
}

// StackID names a stack on what it has in a cluster: <project>/<stack>.
func StackID(ctx *pulumi.Context) string { return ctx.Project() + "/" + ctx.Stack() }

// dependency makes a resource wait for the namespaces it uses.
func (n *Namespaces) dependency(names ...string) pulumi.ResourceOption {
	var resources []pulumi.Resource
	for _, name := range names {
		if created, ok := n.byName[name]; ok {
			resources = append(resources, created)
		}
	}
	return pulumi.DependsOn(resources)
}
