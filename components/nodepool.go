package components

import (
	"slices"

	"github.com/pulumi/pulumi-digitalocean/sdk/v4/go/digitalocean"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Pool is a group of equal nodes, of a fixed number (Count) or scaled by DigitalOcean (AutoScale).
type Pool struct {
	// Name of the pool, unique in the cluster.
	Name string `json:"name" required:"true" format:"poolName"`
	// Slug of a Droplet size that DigitalOcean offers for nodes in the region. It cannot be changed.
	Size string `json:"size" required:"true" format:"size"`
	// Number of nodes. Required without autoScale.
	Count int `json:"count" min:"1" max:"512" unit:"nodes"`
	// DigitalOcean scales the pool by what pods request. Instead of count.
	AutoScale *AutoScale `json:"autoScale"`
	// Kubernetes labels of the nodes.
	Labels map[string]string `json:"labels" keys:"labelKey" format:"labelValue"`
	// Taints of the nodes. With the effect NoSchedule or NoExecute the nodes do not count as room for the stack.
	Taints []Taint `json:"taints"`
	// Tags of the pool's Droplets, in addition to cluster.tags.
	Tags []string `json:"tags" format:"tag"`
}

// AutoScale bounds the number of nodes.
type AutoScale struct {
	// Minimum number of nodes; 0 for any pool but the first.
	Min int `json:"min" required:"true" min:"0" max:"512" unit:"nodes"`
	// Maximum number of nodes.
	Max int `json:"max" required:"true" min:"1" max:"512" unit:"nodes"`
}

// Taint keeps pods without a matching toleration off a pool's nodes.
type Taint struct {
	// Key of the taint.
	Key string `json:"key" required:"true" format:"taintKey"`
	// Value of the taint.
	Value string `json:"value" format:"taintValue"`
	// What happens to pods that do not tolerate the taint.
	Effect string `json:"effect" required:"true" enum:"NoSchedule,PreferNoSchedule,NoExecute"`
}

// Tainted reports whether a taint keeps pods that do not tolerate it off the pool's nodes.
func (p Pool) Tainted() bool {
	return slices.ContainsFunc(p.Taints, func(t Taint) bool { return t.Effect != "PreferNoSchedule" })
}

// MinNodes is the number of nodes that can be counted on.
func (p Pool) MinNodes() int {
	if p.AutoScale != nil {
		return p.AutoScale.Min
	}
	return p.Count
}

// MaxNodes is the largest number of nodes.
func (p Pool) MaxNodes() int {
	if p.AutoScale != nil {
		return p.AutoScale.Max
	}
	return p.Count
}

// scale returns the pool's size as both of DigitalOcean's resources take it. The count is left to the autoscaler
// where there is one: a preview must not undo its work.
func (p Pool) scale() (count, minimum, maximum pulumi.IntPtrInput) {
	if p.AutoScale != nil {
		return nil, pulumi.Int(p.AutoScale.Min), pulumi.Int(p.AutoScale.Max)
	}
	return pulumi.Int(p.Count), nil, nil
}

// asDefault is the pool that is created with the cluster.
func (p Pool) asDefault() *digitalocean.KubernetesClusterNodePoolArgs {
	count, minimum, maximum := p.scale()
	var taints digitalocean.KubernetesClusterNodePoolTaintArray
	for _, t := range p.Taints {
		taints = append(taints, digitalocean.KubernetesClusterNodePoolTaintArgs{
			Key: pulumi.String(t.Key), Value: pulumi.String(t.Value), Effect: pulumi.String(t.Effect),
		})
	}
	return &digitalocean.KubernetesClusterNodePoolArgs{
		Name: pulumi.String(p.Name), Size: pulumi.String(p.Size),
		NodeCount: count, AutoScale: pulumi.Bool(p.AutoScale != nil), MinNodes: minimum, MaxNodes: maximum,
		Labels: pulumi.ToStringMap(p.Labels), Taints: taints, Tags: pulumi.ToStringArray(p.Tags),
	}
}

// newNodePool adds a pool to a cluster as its own resource, so that its size changes without the cluster's.
func newNodePool(
	ctx *pulumi.Context, name string, p Pool, cluster *digitalocean.KubernetesCluster, opts ...pulumi.ResourceOption,
) (*digitalocean.KubernetesNodePool, error) {
	count, minimum, maximum := p.scale()
	var taints digitalocean.KubernetesNodePoolTaintArray
	for _, t := range p.Taints {
		taints = append(taints, digitalocean.KubernetesNodePoolTaintArgs{
			Key: pulumi.String(t.Key), Value: pulumi.String(t.Value), Effect: pulumi.String(t.Effect),
		})
	}
	return digitalocean.NewKubernetesNodePool(ctx, name, &digitalocean.KubernetesNodePoolArgs{
		ClusterId: cluster.ID(),
		Name:      pulumi.String(p.Name), Size: pulumi.String(p.Size),
		NodeCount: count, AutoScale: pulumi.Bool(p.AutoScale != nil), MinNodes: minimum, MaxNodes: maximum,
		Labels: pulumi.ToStringMap(p.Labels), Taints: taints, Tags: pulumi.ToStringArray(p.Tags),
	}, append(opts, pulumi.DeletedWith(cluster), pulumi.IgnoreChanges(KeptPoolInputs))...)
}
