package components

import (
	"github.com/pulumi/pulumi-digitalocean/sdk/v4/go/digitalocean"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// ProjectArgs describe a DigitalOcean project: the folder the environment's resources are filed under.
type ProjectArgs struct {
	Name, Description string
	Environment       string // Development, Staging or Production
}

func newProject(ctx *pulumi.Context, name string, args *ProjectArgs, resources pulumi.StringArray, opts ...pulumi.ResourceOption) (*digitalocean.Project, error) {
	return digitalocean.NewProject(ctx, name, &digitalocean.ProjectArgs{
		Name:        pulumi.String(args.Name),
		Description: pulumi.String(args.Description),
		Purpose:     pulumi.String("Operational / Developer tooling"),
		Environment: pulumi.String(args.Environment),
		Resources:   resources,
	}, opts...)
}
