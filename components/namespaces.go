package components

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/preflight/incluster"
	"doks-security/values"
)

// Roles of namespaces, as values.Namespaces has them. Names are plain strings and no outputs: a namespace's output is
// unknown in a first preview.
const (
	NamespaceMonitoring = values.NamespaceMonitoring
	NamespaceLoki       = values.NamespaceLoki
	NamespaceNodeAgents = values.NamespaceNodeAgents
	NamespaceFalco      = values.NamespaceFalco
	NamespaceVCluster   = values.NamespaceVCluster
	NamespaceGateway    = values.NamespaceGateway
)

// PodSecurityVersion pins the standards: an upgrade of Kubernetes must not tighten them unseen.
const PodSecurityVersion = "v1.33"

// Namespaces are the stack's namespaces, each with its Pod Security level enforced.
type Namespaces struct {
	pulumi.ResourceState

	names    values.Namespaces
	releases values.Set
	byRole   map[string]pulumi.Resource
}

// NamespacesArgs choose the namespaces to create, and name them.
type NamespacesArgs struct {
	Roles []string          // of the namespaces to create
	Names values.Namespaces // of all roles, also of those that are not created
	// Releases have the namespaces, their workloads, alerts and dashboards; nil: those of values/, without addons.
	Releases values.Set
}

// NewNamespaces creates the namespaces, each with the stack's name in incluster.StackAnnotation. Logical names have the
// role.
func NewNamespaces(ctx *pulumi.Context, name string, args *NamespacesArgs,
	opts ...pulumi.ResourceOption) (*Namespaces, error) {
	n := &Namespaces{names: args.Names, releases: args.Releases, byRole: map[string]pulumi.Resource{}}
	if err := ctx.RegisterComponentResource(typePrefix+"Namespaces", name, n, opts...); err != nil {
		return nil, err
	}
	if n.releases == nil {
		var err error
		if n.releases, err = values.Releases(); err != nil {
			return nil, err
		}
	}
	all := n.releases.Namespaces()
	created := []string{}
	for _, role := range args.Roles {
		level := all[role].PodSecurity
		labels := map[string]any{
			"pod-security.kubernetes.io/enforce":         level,
			"pod-security.kubernetes.io/enforce-version": PodSecurityVersion,
		}
		if level == "privileged" {
			// Enforcing nothing still shows what a pod asks for.
			labels["pod-security.kubernetes.io/audit"] = "baseline"
			labels["pod-security.kubernetes.io/audit-version"] = PodSecurityVersion
		}
		annotations := map[string]any{incluster.StackAnnotation: StackID(ctx)}
		if all[role].Addon {
			annotations[incluster.AddonAnnotation] = role
		}
		meta := metadata("", args.Names[role], labels)
		meta["annotations"] = annotations
		namespace, err := registerObject(ctx, name+"-"+role,
			map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": meta}, pulumi.Parent(n))
		if err != nil {
			return nil, err
		}
		n.byRole[role] = namespace
		created = append(created, args.Names[role])
	}
	return n, ctx.RegisterResourceOutputs(n, pulumi.Map{"names": pulumi.ToStringArray(created)})
}

// StackID names a stack on what it has in a cluster: <project>/<stack>.
func StackID(ctx *pulumi.Context) string { return ctx.Project() + "/" + ctx.Stack() }

// dependency makes a resource wait for the namespaces it uses, by role.
func (n *Namespaces) dependency(roles ...string) pulumi.ResourceOption {
	var resources []pulumi.Resource
	for _, role := range roles {
		if created, ok := n.byRole[role]; ok {
			resources = append(resources, created)
		}
	}
	return pulumi.DependsOn(resources)
}

// created are the names of the namespaces that this stack has.
func (n *Namespaces) created() values.Namespaces {
	created := values.Namespaces{}
	for role := range n.byRole {
		created[role] = n.names[role]
	}
	return created
}

// watched are the names of the namespaces that this stack has, but for those of tenants, in the order of their roles:
// Prometheus reads monitors and rules there.
func (n *Namespaces) watched() []string {
	all, created := n.releases.Namespaces(), n.created()
	var names []string
	for _, role := range created.Roles() {
		if !all[role].Tenant {
			names = append(names, created[role])
		}
	}
	return names
}

// logicalName is the Pulumi name of an object in the namespace with the role.
func logicalName(role, object string) string { return role + "-" + object }
