package stack

import (
	"context"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/internals"

	"doks-security/account"
	"doks-security/components"
	"doks-security/preflight"
	"doks-security/preflight/incluster"
	"doks-security/stack/field"
)

// logicalName begins the Pulumi names of all components. It is no part of any name in the account or the cluster, and
// does not change with the stack's.
const logicalName = Project

// formerName is an alias for a component of stacks that were deployed when logical names began with the stack's name:
// nothing is replaced. Pulumi derives the aliases of its children, whose names begin with the component's.
func formerName(ctx *pulumi.Context, suffix string) pulumi.ResourceOption {
	return pulumi.Aliases([]pulumi.Alias{{Name: pulumi.String(ctx.Stack() + suffix)}})
}

// openAccount uses the token and the endpoint that the DigitalOcean provider uses: its configuration, or its
// environment. It returns what is in the account, too, and keeps what DigitalOcean offers it. All of this is nil when
// the cluster is given by a kubeconfig: nothing of DigitalOcean is used then.
func (s *Settings) openAccount(ctx *pulumi.Context) (*account.Account, *account.Inventory, error) {
	if s.Cluster.Kubeconfig != "" {
		return nil, nil, nil
	}
	token, _ := accountSetting(ctx, "token", tokenVariables...)
	endpoint, _ := accountSetting(ctx, "apiEndpoint", "DIGITALOCEAN_API_URL")
	a, err := account.Open(token, endpoint)
	if err != nil {
		return nil, nil, err
	}
	inventory, err := a.Inventory(ctx.Context())
	if err != nil {
		return nil, nil, err
	}
	s.offer = inventory.Offer
	return a, inventory, nil
}

// newCluster checks the settings against the account and the running cluster, and registers the cluster. It returns
// the stack's releases that the cluster has.
func newCluster(ctx *pulumi.Context, s Settings, a *account.Account, inventory *account.Inventory,
	known *components.Known) (*components.Cluster, []incluster.Release, error) {
	last, err := lastDeployment(ctx)
	if err != nil {
		return nil, nil, err
	}
	if s.Cluster.Kubeconfig != "" {
		return newKubeconfigCluster(ctx, s, last)
	}
	plan, err := s.plan(ctx, a, inventory, last)
	if err != nil {
		return nil, nil, err
	}
	if s.Cluster.Existing != "" {
		c, err := components.NewExistingCluster(ctx, logicalName, &components.ExistingClusterArgs{
			Account: a, Running: plan.Running, Credentials: s.Cluster.Credentials,
		}, formerName(ctx, ""))
		return c, plan.installed, err
	}
	c, err := components.NewCluster(ctx, logicalName, &components.ClusterArgs{
		Account: a, Running: plan.Running, VPC: plan.VPC, OtherVPC: plan.OtherVPC, ExistingProject: plan.Project,
		Known: known,
		Name:  s.Cluster.Name, Region: s.Cluster.Region, Version: plan.Version, Upgrade: plan.Upgrade,
		Network: plan.Network, Pools: s.Cluster.Pools,
		HA: s.Cluster.HA, AutoUpgrade: s.Cluster.AutoUpgrade, SurgeUpgrade: s.Cluster.SurgeUpgrade,
		Maintenance: s.Cluster.Maintenance, APIAllowedCIDRs: s.Cluster.APIAllowedCIDRs,
		RegistryIntegration: s.Cluster.RegistryIntegration,
		Tags:                append([]string{account.StackTag(ctx.Stack())}, s.Cluster.Tags...),
		Protect:             s.Cluster.Protect, DestroyAssociatedResources: s.Cluster.DestroyAssociatedResources,
		Credentials: s.Cluster.Credentials, Project: components.ProjectArgs(s.Project),
	}, formerName(ctx, ""))
	if err == nil && plan.deferred {
		plan.installed, err = s.checkCluster(ctx, a, plan.Running, last)
	}
	return c, plan.installed, err
}

// deployment is the stack's last one, from its own outputs; empty before the first.
type deployment struct {
	preflight.Deployment
	stackID string // components.StackID at that time
	logs    incluster.LogStore
	// kubeconfig is the file by which the cluster was given; empty: it is one of DigitalOcean.
	kubeconfig string
}

func lastDeployment(ctx *pulumi.Context) (deployment, error) {
	last, err := internals.UnsafeAwaitOutput(ctx.Context(), ctx.InvokeOutput("pulumi:pulumi:readStackOutputs", pulumi.Map{
		"name": pulumi.String(fmt.Sprintf("%s/%s/%s", ctx.Organization(), ctx.Project(), ctx.Stack())),
	}, pulumi.MapOutput{}, pulumi.InvokeOutputOptions{}))
	if err != nil {
		// A backend in files may be writing at that moment, which the SDK remembers as a failure: no retry here helps.
		return deployment{},
			fmt.Errorf("reading the stack's last outputs: %w; nothing was deployed: run the command again", err)
	}
	result, _ := last.Value.(map[string]any)
	outputs, _ := result["outputs"].(map[string]any)
	var d deployment
	d.ClusterID, _ = outputs["clusterId"].(string)
	d.stackID, _ = outputs["stackId"].(string)
	logs, _ := outputs["logs"].(string)
	d.logs = incluster.ParseLogStore(logs)
	if _, exported := outputs["kubeconfig"]; !exported { // see export
		d.kubeconfig, _ = outputs["kubeconfigFile"].(string)
	}
	_, d.Stack, _ = strings.Cut(d.stackID, "/")
	cost, _ := outputs["monthlyCostUSD"].(map[string]any)
	nodes, _ := cost["nodes"].(float64)
	d.PaysNodes = nodes > 0
	return d, nil
}

// requireDomain is an error unless the account manages the domain's DNS: the records would fail after everything else.
func (s Settings) requireDomain(ctx context.Context, a *account.Account) error {
	if s.Exposure.Mode != components.ByGateway || !s.Exposure.Records {
		return nil
	}
	found, err := a.HasDomain(ctx, s.Exposure.Domain)
	if err != nil || found {
		return err
	}
	return field.Errors{{Key: "exposure.domain", Value: s.Exposure.Domain,
		Allowed: "a domain of this DigitalOcean account",
		Fix: "doctl compute domain create " + s.Exposure.Domain +
			"; `doctl compute domain list` shows those there are; or, for a domain elsewhere: " +
			"pulumi config set --path 'exposure.records' false"}}
}

// clusterName is that of the cluster, the stack's own or an existing one.
func (s Settings) clusterName() string {
	if s.Cluster.Existing != "" {
		return s.Cluster.Existing
	}
	return s.Cluster.Name
}
