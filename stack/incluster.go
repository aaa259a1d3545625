package stack

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/components"
)

// inCluster is what every component inside of the cluster is made with.
type inCluster struct {
	ctx        *pulumi.Context
	settings   Settings
	platform   components.Platform
	namespaces *components.Namespaces
	options    []pulumi.ResourceOption // the cluster's provider, and the name of before
}

// newInCluster creates the namespaces.
func newInCluster(
	ctx *pulumi.Context, s Settings, cluster *components.Cluster, platform components.Platform,
) (inCluster, error) {
	in := inCluster{ctx: ctx, settings: s, platform: platform, options: append(cluster.Options(), formerName(ctx, ""))}
	var err error
	in.namespaces, err = components.NewNamespaces(ctx, logicalName, &components.NamespacesArgs{
		Roles: s.createdNamespaces().Roles(), Names: s.Namespaces.ByRole(), Releases: s.set(),
	}, in.options...)
	return in, err
}

func newNetworkPolicies(in inCluster) error {
	_, err := components.NewNetworkPolicies(in.ctx, logicalName, &components.NetworkPoliciesArgs{
		Namespaces: in.namespaces, Options: in.settings.options(),
	}, in.options...)
	return err
}
