package components

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Addons are the releases of the user's own: those of addons/.
type Addons struct {
	pulumi.ResourceState
}

// AddonsArgs choose the releases.
type AddonsArgs struct {
	Platform      Platform
	Namespaces    *Namespaces
	Observability *Observability
	Folders       []string // of addons/
	// Secrets are what the Secret of an addon holds, by folder: see AddonSecret. An addon without one has none.
	Secrets map[string]map[string]string
}

// AddonSecret is the name of the Secret that holds what the stack file encrypts for an addon.
func AddonSecret(folder string) string { return folder + "-secrets" }

// NewAddons installs the releases, each after its Secret.
func NewAddons(ctx *pulumi.Context, name string, args *AddonsArgs, opts ...pulumi.ResourceOption) (*Addons, error) {
	a := &Addons{}
	if err := ctx.RegisterComponentResource(typePrefix+"Addons", name, a, opts...); err != nil {
		return nil, err
	}
	parent := pulumi.Parent(a)
	for _, folder := range args.Folders {
		dependencies := []pulumi.ResourceOption{parent, args.Observability.dependency()}
		if data := args.Secrets[folder]; len(data) > 0 {
			role := args.Namespaces.releases[folder].Namespace
			secret, err := args.Namespaces.newSecret(ctx, role, AddonSecret(folder), pulumi.ToStringMap(data), parent,
				args.Namespaces.dependency(role))
			if err != nil {
				return nil, err
			}
			dependencies = append(dependencies, pulumi.DependsOn([]pulumi.Resource{secret}))
		}
		if _, err := args.Platform.install(ctx, args.Namespaces, chartRelease{folder: folder}, dependencies...); err != nil {
			return nil, err
		}
	}
	return a, ctx.RegisterResourceOutputs(a, pulumi.Map{})
}
