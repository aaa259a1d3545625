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

// newProject creates the project and files the cluster under it. Whatever else is in the project stays there: the list
// of its resources is no input. A destroy moves the cluster out first, since DigitalOcean deletes empty projects only;
// so the cluster's place in the project is not DeletedWith it.
func newProject(
	ctx *pulumi.Context, name string, args *ProjectArgs, cluster pulumi.StringInput, opts ...pulumi.ResourceOption,
) (*digitalocean.Project, error) {
	project, err := digitalocean.NewProject(ctx, name, &digitalocean.ProjectArgs{
		Name:        pulumi.String(args.Name),
		Description: pulumi.String(args.Description),
		Purpose:     pulumi.String("Operational / Developer tooling"),
		Environment: pulumi.String(args.Environment),
	}, append(opts, importable())...)
	if err != nil {
		return nil, err
	}
	_, err = digitalocean.NewProjectResources(ctx, name, &digitalocean.ProjectResourcesArgs{
		Project:   project.ID(),
		Resources: pulumi.StringArray{cluster},
	}, opts...)
	return project, err
}
