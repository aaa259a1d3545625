package components

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/internals"
)

// Inputs whose change replaces a resource: DigitalOcean's provider deletes the old one first, since all have explicit names,
// and volumes go with a cluster. Their changes are ignored, so that no update can plan it; package preflight refuses them
// with the reason. The lists are held against recorded answers of the provider: kept_test.go in
// rehearsal/standin/digitalocean.
var (
	KeptVPCInputs     = []string{"region", "ipRange"}
	KeptClusterInputs = []string{"region", "vpcUuid", "workerSubnetUuid", "clusterSubnet", "serviceSubnet", "nodePool.size"}
	KeptPoolInputs    = []string{"size", "clusterId"}
	KeptBucketInputs  = []string{"region", "name"}
)

// forgetCluster is the command by which the state forgets a cluster that is gone, with its node pools: clusterId is kept, so
// that a pool of a cluster that is gone would not be created in the new one.
const forgetCluster = "pulumi refresh --target '**index/kubernetes**'"

// requireKnown is an error when a preview plans to create what the account already has: the state does not know it, because
// its creation was interrupted or it belongs to others; or knows another one, because it was deleted and created again. tagged
// is whether the cluster has the tag of a stack of this name.
func (c *Cluster) requireKnown(ctx *pulumi.Context, id pulumi.IDOutput, of pulumi.URNOutput,
	kind, name, exists, status string, tagged bool) error {
	if !ctx.DryRun() {
		return nil // the provider would answer that the name is taken
	}
	planned, err := internals.UnsafeAwaitOutput(ctx.Context(), id)
	if err != nil {
		return err
	}
	if planned.Known && fmt.Sprint(planned.Value) == exists {
		return nil
	}
	own, err := awaitURN(ctx, of)
	if err != nil {
		return err
	}
	if planned.Known {
		forget := fmt.Sprintf("pulumi refresh --target '%s'", own)
		if kind == "cluster" {
			forget = forgetCluster
		}
		return fmt.Errorf("the %[1]s %[2]s of this stack (%[3]v) no longer exists; the account has another %[1]s of this name "+
			"(%[4]s).\n    To create a new one, delete or rename the other, then: %[5]s && pulumi up",
			kind, name, planned.Value, exists, forget)
	}
	parent, err := awaitURN(ctx, c.URN())
	if err != nil {
		return err
	}
	otherwise := "pulumi config set --path 'cluster.name' <another name>"
	if tagged {
		otherwise = "pulumi stack rename <another name>: the cluster has the tag of a stack of this name"
	}
	return fmt.Errorf("the account has a %[1]s %[2]q (%[3]s%[4]s) that is not in this stack's state; it was not created by this "+
		"stack, or its creation was interrupted.\n    If it is this stack's, and running: pulumi import %[5]s %[6]s %[3]s "+
		"--parent 'parent=%[7]s' --protect=false --generate-code=false, then pulumi up\n"+
		"    If its creation failed: delete it, then pulumi up\n"+
		"    Otherwise: %[8]s",
		kind, name, exists, status, own.Type(), own.Name(), parent, otherwise)
}

func awaitURN(ctx *pulumi.Context, o pulumi.URNOutput) (urn.URN, error) {
	result, err := internals.UnsafeAwaitOutput(ctx.Context(), o)
	return urn.URN(fmt.Sprint(result.Value)), err
}
