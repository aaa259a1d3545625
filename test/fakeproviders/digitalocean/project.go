package digitalocean

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/digitalocean/godo"
)

var projectSchema = schema{
	"name":        {required: true, named: true, valid: notEmpty},
	"description": {fallback: ""},
	"purpose":     {fallback: "Web Application"},
	"environment": {valid: inAnyCase(oneOf("development", "staging", "production")),
		same: func(_ *data, _ map[string]any, old, new any) bool {
			was, _ := old.(string)
			is, _ := new.(string)
			return strings.EqualFold(was, is)
		}},
	"isDefault": {fallback: false},
	"resources": {computed: true, set: true},
	"ownerUuid": {output: true},
	"ownerId":   {output: true},
	"createdAt": {output: true},
	"updatedAt": {output: true},
}

func (p *provider) project() *bridged {
	return &bridged{
		schema: projectSchema, creation: 20 * time.Minute, deletion: 3 * time.Minute,
		create: p.createProject, read: p.readProject, update: p.updateProject, remove: p.deleteProject,
		importer: byID,
	}
}

func (p *provider) assign(ctx context.Context, project string, urns []string) error {
	if _, _, err := p.client.Projects.AssignResources(ctx, project, anys(urns)...); err != nil {
		return fmt.Errorf("Error assigning resources: %w", err)
	}
	return nil
}

func (p *provider) assignToDefault(ctx context.Context, urns []string) error {
	fallback, _, err := p.client.Projects.GetDefault(ctx)
	if err != nil {
		return fmt.Errorf("Error locating default project %w", err)
	}
	return p.assign(ctx, fallback.ID, urns)
}

func (p *provider) createProject(ctx context.Context, d *data) error {
	v, _, err := p.client.Projects.Create(ctx, &godo.CreateProjectRequest{
		Name: d.text("name"), Description: d.text("description"), Purpose: d.text("purpose"),
		Environment: d.text("environment"),
	})
	if err != nil {
		return fmt.Errorf("Error creating Project: %w", err)
	}
	if urns := texts(d.values["resources"]); len(urns) > 0 {
		if err := p.assign(ctx, v.ID, urns); err != nil {
			_, _ = p.client.Projects.Delete(ctx, v.ID) // tried only
			return fmt.Errorf("Error creating Project: %w", err)
		}
	}
	d.id = v.ID
	return p.readProject(ctx, d)
}

func (p *provider) readProject(ctx context.Context, d *data) error {
	v, response, err := p.client.Projects.Get(ctx, d.id)
	if missing(response, err) {
		d.id = ""
		return nil
	}
	if err != nil {
		return fmt.Errorf("Error reading Project: %w", err)
	}
	urns, err := p.filed(ctx, d.id)
	if err != nil {
		return fmt.Errorf("Error reading Project: %w", err)
	}
	slices.Sort(urns)
	d.set(map[string]any{
		"name": v.Name, "purpose": strings.TrimPrefix(v.Purpose, "Other: "), "description": v.Description,
		"environment": v.Environment,
		"isDefault":   v.IsDefault, "ownerUuid": v.OwnerUUID, "ownerId": float64(v.OwnerID), "createdAt": v.CreatedAt,
		"updatedAt": v.UpdatedAt,
		"resources": anys(urns),
	})
	return nil
}

// updateProject leaves the state as it was when it fails.
func (p *provider) updateProject(ctx context.Context, d *data) (err error) {
	planned := d.values
	defer func() {
		if err != nil {
			d.values = d.state
		}
	}()
	_, _, err = p.client.Projects.Update(ctx, d.id, &godo.UpdateProjectRequest{
		Name: d.text("name"), Description: d.text("description"), Purpose: d.text("purpose"),
		Environment: d.text("environment"),
		IsDefault:   d.flag("isDefault"),
	})
	if err != nil {
		return fmt.Errorf("Error updating Project: %w", err)
	}
	was, is := texts(d.state["resources"]), texts(planned["resources"])
	if gone := without(was, is); len(gone) > 0 {
		if err := p.unfile(ctx, gone); err != nil {
			return err
		}
	}
	if added := without(is, was); len(added) > 0 {
		if err := p.assign(ctx, d.id, added); err != nil {
			return fmt.Errorf("Error Updating project: %w", err)
		}
	}
	return p.readProject(ctx, d)
}

// deleteProject moves what is in it to the default project first: only an empty one can be deleted.
func (p *provider) deleteProject(ctx context.Context, d *data) error {
	if urns := texts(d.values["resources"]); len(urns) > 0 {
		if err := p.assignToDefault(ctx, urns); err != nil {
			return fmt.Errorf("Error assigning resource to default project: %w", err)
		}
	}
	err := until(ctx, func() (bool, error) {
		response, err := p.client.Projects.Delete(ctx, d.id)
		return err == nil || !is(response, http.StatusPreconditionFailed), err
	})
	if err != nil {
		return fmt.Errorf("Error deleting project (%s): %w", d.id, err)
	}
	return nil
}

func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(other, s) })
}
