package components

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// VClusterDemo is a virtual cluster in an unapproved namespace: it makes the rule fire.
type VClusterDemo struct {
	pulumi.ResourceState
}

// VClusterDemoArgs say where.
type VClusterDemoArgs struct {
	Platform        Platform
	Namespaces      *Namespaces
	RuntimeSecurity *RuntimeSecurity
}

// NewVClusterDemo installs the virtual cluster once Falco watches.
func NewVClusterDemo(ctx *pulumi.Context, name string, args *VClusterDemoArgs,
	opts ...pulumi.ResourceOption) (*VClusterDemo, error) {
	d := &VClusterDemo{}
	if err := ctx.RegisterComponentResource(typePrefix+"VClusterDemo", name, d, opts...); err != nil {
		return nil, err
	}
	_, err := args.Platform.install(ctx, args.Namespaces, chartRelease{folder: "vcluster", known: args.values()},
		pulumi.Parent(d), pulumi.DependsOn([]pulumi.Resource{args.RuntimeSecurity}))
	if err != nil {
		return nil, err
	}
	return d, ctx.RegisterResourceOutputs(d, pulumi.Map{})
}

func (a *VClusterDemoArgs) values() map[string]any {
	return map[string]any{"controlPlane": map[string]any{"statefulSet": map[string]any{"persistence": map[string]any{
		"volumeClaim": map[string]any{"storageClass": a.Platform.class()},
	}}}}
}
