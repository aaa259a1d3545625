package components

import (
	"fmt"
	"slices"

	"github.com/digitalocean/godo"
	"github.com/pulumi/pulumi-digitalocean/sdk/v4/go/digitalocean"
	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/account"
)

// vpcDeletion is how long DigitalOcean may need to let go of a VPC: its API refuses while the cluster's members leave,
// and the cluster's own deletion returns before that.
const vpcDeletion = "15m"

// Maintenance is the weekly window of DigitalOcean's automatic upgrades.
type Maintenance struct {
	// Day of the week, or any.
	Day string `json:"day" default:"sunday" format:"day"`
	// Begin of the window: HH:MM, UTC.
	Start string `json:"start" default:"04:00" format:"time"`
}

// ClusterArgs describe a cluster and what belongs to it.
type ClusterArgs struct {
	Account *account.Account
	// Running, VPC and ExistingProject are what the account has already of this cluster; nil when there is none.
	Running         *godo.KubernetesCluster
	VPC             *godo.VPC
	ExistingProject *godo.Project
	// OtherVPC uses VPC, which is managed elsewhere, instead of creating one.
	OtherVPC bool
	Known    *Known

	Name, Region string
	Version      string // slug
	Upgrade      bool   // upgrade a running cluster to Version; otherwise it keeps its own
	Network      account.Network
	Pools        []Pool // the first is created with the cluster
	HA           bool
	AutoUpgrade  bool
	SurgeUpgrade bool
	Maintenance  Maintenance
	// APIAllowedCIDRs limit who reaches the control plane; empty leaves it open.
	APIAllowedCIDRs            []string
	RegistryIntegration        bool
	Tags                       []string
	Protect                    bool
	DestroyAssociatedResources bool
	Credentials                Credentials
	Project                    ProjectArgs
}

// Cluster is a DOKS cluster in a VPC and DigitalOcean project, or an existing one, with a Kubernetes provider.
type Cluster struct {
	pulumi.ResourceState

	ClusterID pulumi.StringOutput `pulumi:"clusterId"`
	Name      pulumi.StringOutput `pulumi:"name"`
	Version   pulumi.StringOutput `pulumi:"version"`
	// Kubeconfig asks doctl for a token at each use: it holds none. A secret all the same. Empty of a KubeconfigCluster.
	Kubeconfig pulumi.StringOutput `pulumi:"kubeconfig"`
	// KubeconfigFile is where this run wrote a kubeconfig with a short-lived token, below the project's directory; empty
	// with doctl credentials. Of a KubeconfigCluster it is the given file.
	KubeconfigFile pulumi.StringOutput
	// Provider deploys into the cluster.
	Provider *kubernetes.Provider

	owned bool
}

// NewCluster creates the VPC unless another is used, the cluster with its node pools, the project and the Kubernetes
// provider. An update never replaces any of them: inputs that would are kept as they are.
func NewCluster(ctx *pulumi.Context, name string, args *ClusterArgs, opts ...pulumi.ResourceOption) (*Cluster, error) {
	c := &Cluster{owned: true}
	if err := ctx.RegisterComponentResource(typePrefix+"Cluster", name, c, opts...); err != nil {
		return nil, err
	}
	parent := pulumi.Parent(c)
	otherName := "pulumi config set --path 'cluster.name' <another name>"
	if args.Running != nil && account.HasTag(args.Running.Tags, account.StackTag(ctx.Stack())) {
		otherName = "pulumi stack rename <another name>: the cluster has the tag of a stack of this name"
	}
	vpc, err := args.vpc(ctx, name, otherName, parent)
	if err != nil {
		return nil, err
	}
	kept := KeptClusterInputs
	if !args.Upgrade {
		// DigitalOcean's automatic upgrade is no diff: the state's version stays until the prefix asks for another.
		kept = append([]string{"version"}, kept...)
	}
	doks, err := digitalocean.NewKubernetesCluster(ctx, name, &digitalocean.KubernetesClusterArgs{
		Name:          pulumi.String(args.Name),
		Region:        pulumi.String(args.Region),
		Version:       pulumi.String(args.Version),
		VpcUuid:       vpc,
		ClusterSubnet: pulumi.String(args.Network.Pods),
		ServiceSubnet: pulumi.String(args.Network.Services),
		NodePool:      args.Pools[0].asDefault(),
		Ha:            pulumi.Bool(args.HA), // explicit: newer versions default to true, which can never be undone
		AutoUpgrade:   pulumi.Bool(args.AutoUpgrade),
		SurgeUpgrade:  pulumi.Bool(args.SurgeUpgrade),
		MaintenancePolicy: &digitalocean.KubernetesClusterMaintenancePolicyArgs{
			Day: pulumi.String(args.Maintenance.Day), StartTime: pulumi.String(args.Maintenance.Start),
		},
		ControlPlaneFirewall: &digitalocean.KubernetesClusterControlPlaneFirewallArgs{
			Enabled:          pulumi.Bool(len(args.APIAllowedCIDRs) > 0),
			AllowedAddresses: pulumi.ToStringArray(args.APIAllowedCIDRs),
		},
		RegistryIntegration:           pulumi.Bool(args.RegistryIntegration),
		Tags:                          pulumi.ToStringArray(args.Tags),
		DestroyAllAssociatedResources: pulumi.Bool(args.DestroyAssociatedResources),
		KubeconfigExpireSeconds:       pulumi.Int(tokenSeconds),
	}, parent, importable(), pulumi.Protect(args.Protect), pulumi.IgnoreChanges(kept))
	if err != nil {
		return nil, err
	}
	if r := args.Running; r != nil {
		status := ""
		if r.Status != nil {
			status = ", " + string(r.Status.State)
		}
		args.Known.require(existing{
			resource: doks, kind: "cluster", name: r.Name, ids: []string{r.ID}, status: status, otherwise: otherName,
		})
	}
	if err := args.Known.Err(ctx); err != nil {
		return nil, err // what follows would be planned for another cluster
	}
	for i, pool := range args.Pools[1:] {
		planned, err := newNodePool(ctx, name+"-"+pool.Name, pool, doks, parent, importable())
		if err != nil {
			return nil, err
		}
		if is := args.running(pool.Name); is != nil {
			args.Known.require(existing{resource: planned, kind: "node pool", name: is.Name, ids: []string{is.ID},
				otherwise: fmt.Sprintf("pulumi config set --path 'cluster.pools[%d].name' <another name>", i+1)})
		}
	}
	project, err := newProject(ctx, name, &args.Project, doks.ClusterUrn, parent, pulumi.Protect(args.Protect))
	if err != nil {
		return nil, err
	}
	if p := args.ExistingProject; p != nil {
		args.Known.require(existing{resource: project, kind: "project", name: p.Name, ids: []string{p.ID},
			otherwise: "pulumi config set --path 'project.name' <another name>"})
	}
	c.ClusterID, c.Name, c.Version = doks.ID().ToStringOutput(), doks.Name, doks.Version
	return c, c.connect(ctx, name, args.Account, args.Credentials)
}

// VPCDescription begins the description of VPCs that a stack creates.
const VPCDescription = "Nodes of "

// vpc is the id of the cluster's VPC, which is created unless it is managed elsewhere.
func (a *ClusterArgs) vpc(ctx *pulumi.Context, name, otherName string, parent pulumi.ResourceOption) (
	pulumi.StringPtrInput, error,
) {
	if a.OtherVPC {
		return pulumi.String(a.VPC.ID), nil
	}
	vpc, err := digitalocean.NewVpc(ctx, name, &digitalocean.VpcArgs{
		Name:        pulumi.String(a.Name),
		Description: pulumi.String(VPCDescription + a.Name),
		Region:      pulumi.String(a.Region),
		IpRange:     pulumi.String(a.Network.VPC),
	}, parent, importable(), pulumi.Protect(a.Protect), pulumi.IgnoreChanges(KeptVPCInputs),
		pulumi.Timeouts(&pulumi.CustomTimeouts{Delete: vpcDeletion}))
	if err != nil {
		return nil, err
	}
	if v := a.VPC; v != nil {
		a.Known.require(existing{resource: vpc, kind: "VPC", name: v.Name, ids: []string{v.ID}, otherwise: otherName})
	}
	return vpc.ID(), nil
}

// running is the pool of that name that the running cluster has; nil when there is none.
func (a *ClusterArgs) running(pool string) *godo.KubernetesNodePool {
	if a.Running == nil {
		return nil
	}
	i := slices.IndexFunc(a.Running.NodePools, func(p *godo.KubernetesNodePool) bool { return p.Name == pool })
	if i < 0 {
		return nil
	}
	return a.Running.NodePools[i]
}

// ExistingClusterArgs describe a cluster that is managed outside of this stack.
type ExistingClusterArgs struct {
	Account     *account.Account
	Running     *godo.KubernetesCluster
	Credentials Credentials
}

// NewExistingCluster uses a cluster. A destroy leaves it, and removes what was deployed into it.
func NewExistingCluster(ctx *pulumi.Context, name string, args *ExistingClusterArgs,
	opts ...pulumi.ResourceOption) (*Cluster, error) {
	c := &Cluster{}
	if err := ctx.RegisterComponentResource(typePrefix+"ExistingCluster", name, c, opts...); err != nil {
		return nil, err
	}
	c.ClusterID = pulumi.String(args.Running.ID).ToStringOutput()
	c.Name = pulumi.String(args.Running.Name).ToStringOutput()
	c.Version = pulumi.String(args.Running.VersionSlug).ToStringOutput()
	return c, c.connect(ctx, name, args.Account, args.Credentials)
}

// KubeconfigClusterArgs describe a cluster by a kubeconfig.
type KubeconfigClusterArgs struct {
	// File is the kubeconfig's path, absolute or from the project's directory. The state holds the path alone.
	File string
	// Context is that of the kubeconfig: a destroy, which does not run the program, acts in the same cluster whatever the
	// file's current context is by then.
	Context string
	// ID distinguishes the cluster from others: when it changes, the provider and all that it deployed are replaced.
	ID            string
	Name, Version string
}

// NewKubeconfigCluster uses any cluster, of the current context of a kubeconfig. A destroy leaves it, and removes what
// was deployed into it.
func NewKubeconfigCluster(ctx *pulumi.Context, name string, args *KubeconfigClusterArgs,
	opts ...pulumi.ResourceOption) (*Cluster, error) {
	c := &Cluster{}
	if err := ctx.RegisterComponentResource(typePrefix+"KubeconfigCluster", name, c, opts...); err != nil {
		return nil, err
	}
	c.ClusterID = pulumi.String(args.ID).ToStringOutput()
	c.Name = pulumi.String(args.Name).ToStringOutput()
	c.Version = pulumi.String(args.Version).ToStringOutput()
	c.Kubeconfig = pulumi.String("").ToStringOutput()
	c.KubeconfigFile = pulumi.String(args.File).ToStringOutput()
	return c, c.newProvider(ctx, name, c.KubeconfigFile, pulumi.String(args.Context))
}

// Options are what a component needs to deploy into the cluster. Kubernetes resources of an owned cluster are deleted
// with its provider: a destroy deletes the cluster, and neither needs a valid token nor takes the time to uninstall.
// The provider belongs to one cluster (see connect), so when the cluster is lost and another is created, what was in
// the lost one is forgotten and never deleted from the new one.
func (c *Cluster) Options() []pulumi.ResourceOption {
	opts := []pulumi.ResourceOption{pulumi.Provider(c.Provider)}
	if !c.owned {
		return opts
	}
	deletedWith := func(args *pulumi.ResourceTransformationArgs) *pulumi.ResourceTransformationResult {
		if !isKubernetes(args.Type) {
			return nil
		}
		return &pulumi.ResourceTransformationResult{
			Props: args.Props, Opts: append(args.Opts, pulumi.DeletedWith(c.Provider)),
		}
	}
	return append(opts, pulumi.Transformations([]pulumi.ResourceTransformation{deletedWith}))
}
