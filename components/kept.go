package components

// Inputs whose change replaces a resource: DigitalOcean's provider deletes the old one first, since all have explicit
// names, and volumes go with a cluster. Their changes are ignored, so that no update can plan it; package preflight
// refuses them with the reason. The lists are held against recorded answers of the provider: kept_test.go in
// test/fakeproviders/digitalocean.
var (
	KeptVPCInputs     = []string{"region", "ipRange"}
	KeptClusterInputs = []string{"region", "vpcUuid", "workerSubnetUuid", "clusterSubnet", "serviceSubnet",
		"nodePool.size"}
	KeptPoolInputs   = []string{"size", "clusterId"}
	KeptBucketInputs = []string{"region", "name"}
)

// forgetCluster is the command by which the state forgets a cluster that is gone, with its node pools: clusterId is
// kept, so that a pool of a cluster that is gone would not be created in the new one.
const forgetCluster = "pulumi refresh --target '**index/kubernetes**'"
