package components

import (
	"fmt"

	"github.com/pulumi/pulumi-digitalocean/sdk/v4/go/digitalocean"
	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// vpcDeletion is how long DigitalOcean may need to let go of a VPC: its API refuses while the cluster's members leave,
// and the cluster's own deletion returns before that.
const vpcDeletion = "15m"

// Network is the address plan. The pods' and services' subnets make the cluster VPC-native; they are set at creation
// and cannot change.
type Network struct {
	VPC      string `json:"vpc"`
	Pods     string `json:"pods"`
	Services string `json:"services"`
}

// Maintenance is the weekly window of DigitalOcean's automatic upgrades.
type Maintenance struct {
	Day   string `json:"day"`   // monday ... sunday, or any
	Start string `json:"start"` // HH:MM, UTC
}

// ClusterArgs describe a cluster and what belongs to it.
type ClusterArgs struct {
	Name, Region  string
	VersionPrefix string // a minor such as 1.34, or an exact slug
	Network       Network
	Pools         []Pool // the first is created with the cluster
	HA            bool
	AutoUpgrade   bool
	SurgeUpgrade  bool
	Maintenance   Maintenance
	// APIAllowedCIDRs limit who reaches the control plane; empty leaves it open.
	APIAllowedCIDRs            []string
	RegistryIntegration        bool
	Tags                       []string
	Protect                    bool
	DestroyAssociatedResources bool
	Credentials                Credentials
	Project                    ProjectArgs
}

// Cluster is a DOKS cluster in its own VPC and DigitalOcean project, or an existing one, with a Kubernetes provider.
type Cluster struct {
	pulumi.ResourceState

	ClusterID pulumi.StringOutput `pulumi:"clusterId"`
	Name      pulumi.StringOutput `pulumi:"name"`
	Version   pulumi.StringOutput `pulumi:"version"`
	// Kubeconfig asks doctl for a token at each use: it holds none. A secret all the same.
	Kubeconfig pulumi.StringOutput `pulumi:"kubeconfig"`
	// KubeconfigFile is where this run wrote a kubeconfig with a short-lived token; empty with doctl credentials.
	KubeconfigFile string
	// Provider deploys into the cluster.
	Provider *kubernetes.Provider

	owned pulumi.Resource
}

// NewCluster creates the VPC, the cluster with its node pools, the project and the Kubernetes provider. A change that
// would replace a living cluster is an error.
func NewCluster(ctx *pulumi.Context, name string, args *ClusterArgs, opts ...pulumi.ResourceOption) (*Cluster, error) {
	live, err := lookupCluster(ctx, args.Name)
	if err != nil {
		return nil, err
	}
	if live != nil {
		if err := refuseReplacement(live, args); err != nil {
			return nil, err
		}
	}
	version, upgrade, err := chooseVersion(ctx, args.VersionPrefix, live)
	if err != nil {
		return nil, err
	}
	c := &Cluster{}
	if err := ctx.RegisterComponentResource(typePrefix+"Cluster", name, c, opts...); err != nil {
		return nil, err
	}
	parent := pulumi.Parent(c)
	vpc, err := digitalocean.NewVpc(ctx, name, &digitalocean.VpcArgs{
		Name:        pulumi.String(args.Name),
		Description: pulumi.String("Nodes of " + args.Name),
		Region:      pulumi.String(args.Region),
		IpRange:     pulumi.String(args.Network.VPC),
	}, parent, pulumi.Protect(args.Protect), pulumi.Timeouts(&pulumi.CustomTimeouts{Delete: vpcDeletion}))
	if err != nil {
		return nil, err
	}
	clusterOpts := []pulumi.ResourceOption{parent, pulumi.Protect(args.Protect)}
	if !upgrade {
		// DigitalOcean's automatic upgrade is no diff: the state's version stays until the prefix asks for another.
		clusterOpts = append(clusterOpts, pulumi.IgnoreChanges([]string{"version"}))
	}
	doks, err := digitalocean.NewKubernetesCluster(ctx, name, &digitalocean.KubernetesClusterArgs{
		Name:          pulumi.String(args.Name),
		Region:        pulumi.String(args.Region),
		Version:       pulumi.String(version),
		VpcUuid:       vpc.ID(),
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
	}, clusterOpts...)
	if err != nil {
		return nil, err
	}
	for _, pool := range args.Pools[1:] {
		if err := newNodePool(ctx, name+"-"+pool.Name, pool, doks, parent); err != nil {
			return nil, err
		}
	}
	if err := newProject(ctx, name, &args.Project, pulumi.StringArray{doks.ClusterUrn}, parent); err != nil {
		return nil, err
	}
	c.owned = doks
	c.ClusterID, c.Name, c.Version = doks.ID().ToStringOutput(), doks.Name, doks.Version
	return c, c.connect(ctx, name, args.Name, args.Credentials, live)
}

// ExistingClusterArgs name a cluster that other means look after.
type ExistingClusterArgs struct {
	Name        string
	Credentials Credentials
}

// NewExistingCluster looks a cluster up by its name. A destroy leaves it, and removes what was put into it.
func NewExistingCluster(ctx *pulumi.Context, name string, args *ExistingClusterArgs, opts ...pulumi.ResourceOption) (*Cluster, error) {
	live, err := lookupCluster(ctx, args.Name)
	if err != nil {
		return nil, err
	}
	if live == nil {
		return nil, fmt.Errorf("cluster.existing: there is no cluster %q in this DigitalOcean account; `doctl kubernetes cluster list` shows those there are", args.Name)
	}
	c := &Cluster{}
	if err := ctx.RegisterComponentResource(typePrefix+"ExistingCluster", name, c, opts...); err != nil {
		return nil, err
	}
	c.ClusterID = pulumi.String(live.Id).ToStringOutput()
	c.Name = pulumi.String(live.Name).ToStringOutput()
	c.Version = pulumi.String(live.Version).ToStringOutput()
	return c, c.connect(ctx, name, args.Name, args.Credentials, live)
}

// Options are what a component needs to deploy into the cluster. Its Kubernetes resources go with an owned cluster:
// a destroy deletes the cluster and leaves them out, quickly and without a living token.
func (c *Cluster) Options() []pulumi.ResourceOption {
	opts := []pulumi.ResourceOption{pulumi.Provider(c.Provider)}
	if c.owned == nil {
		return opts
	}
	deletedWith := func(args *pulumi.ResourceTransformationArgs) *pulumi.ResourceTransformationResult {
		if !isKubernetes(args.Type) {
			return nil
		}
		return &pulumi.ResourceTransformationResult{
			Props: args.Props, Opts: append(args.Opts, pulumi.DeletedWith(c.owned)),
		}
	}
	return append(opts, pulumi.Transformations([]pulumi.ResourceTransformation{deletedWith}))
}
