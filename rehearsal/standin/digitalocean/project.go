package digitalocean

import (
	"context"
	"fmt"

	"github.com/digitalocean/godo"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"doks-security/rehearsal/standin"
)

func (p *provider) project() *standin.Resource {
	assign := func(ctx context.Context, id string, urns []string) error {
		var list []any
		for _, urn := range urns {
			list = append(list, urn)
		}
		if len(list) == 0 {
			return nil
		}
		if _, _, err := p.api().Projects.AssignResources(ctx, id, list...); err != nil {
			return fmt.Errorf("assigning resources to the project: %w", err)
		}
		return nil
	}
	outputs := func(in standin.Properties, v *godo.Project) standin.Properties {
		return with(in, map[string]any{"createdAt": v.CreatedAt, "updatedAt": v.UpdatedAt, "ownerUuid": v.OwnerUUID, "ownerId": int(v.OwnerID)})
	}
	return &standin.Resource{
		Computed: []resource.PropertyKey{"createdAt", "updatedAt", "ownerUuid", "ownerId"},
		Create: func(ctx context.Context, _ string, in standin.Properties) (resource.ID, standin.Properties, error) {
			v, _, err := p.api().Projects.Create(ctx, &godo.CreateProjectRequest{
				Name: text(in, "name"), Description: text(in, "description"), Purpose: text(in, "purpose"), Environment: text(in, "environment"),
			})
			if err != nil {
				return "", nil, fmt.Errorf("creating project: %w", err)
			}
			return resource.ID(v.ID), outputs(in, v), assign(ctx, v.ID, texts(in, "resources"))
		},
		Import: p.importProject,
		Read: func(ctx context.Context, id resource.ID, inputs, _ standin.Properties) (standin.Properties, error) {
			v, response, err := p.api().Projects.Get(ctx, string(id))
			if missing(response, err) {
				return nil, nil
			}
			if err != nil {
				return nil, err
			}
			return outputs(inputs, v), nil
		},
		Update: func(ctx context.Context, id resource.ID, _, in standin.Properties) (standin.Properties, error) {
			v, _, err := p.api().Projects.Update(ctx, string(id), &godo.UpdateProjectRequest{
				Name: text(in, "name"), Description: text(in, "description"), Purpose: text(in, "purpose"), Environment: text(in, "environment"), IsDefault: false,
			})
			if err != nil {
				return nil, fmt.Errorf("updating project: %w", err)
			}
			return outputs(in, v), assign(ctx, string(id), texts(in, "resources"))
		},
		// What is in it moves to the default project first: only an empty one can be deleted.
		Delete: func(ctx context.Context, id resource.ID, _ standin.Properties) error {
			listed, response, err := p.api().Projects.ListResources(ctx, string(id), nil)
			if missing(response, err) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("deleting project: %w", err)
			}
			fallback, _, err := p.api().Projects.GetDefault(ctx)
			if err != nil {
				return fmt.Errorf("deleting project: %w", err)
			}
			var urns []string
			for _, r := range listed {
				urns = append(urns, r.URN)
			}
			if err := assign(ctx, fallback.ID, urns); err != nil {
				return err
			}
			if _, err := p.api().Projects.Delete(ctx, string(id)); err != nil {
				return fmt.Errorf("deleting project: %w", err)
			}
			return nil
		},
	}
}
