package digitalocean

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/digitalocean/godo"
)

var projectResourcesSchema = schema{
	"project": {required: true, replaces: true, valid: func(v any) string {
		if v == "" {
			return "expected %q to not be an empty string, got "
		}
		return ""
	}},
	"resources": {required: true, set: true},
}

// projectResources are resources that the program files under a project, which may have others besides.
func (p *provider) projectResources() *bridged {
	return &bridged{
		schema: projectResourcesSchema, creation: 20 * time.Minute, deletion: 20 * time.Minute,
		create: p.fileResources, read: p.readFiled, update: p.fileResources, idle: true,
		// What is in the state moves to the default project, also where others have moved it to a third one.
		remove: func(ctx context.Context, d *data) error {
			_, response, err := p.client.Projects.Get(ctx, d.text("project"))
			if missing(response, err) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("Error while retrieving project: %w", err)
			}
			urns := texts(d.values["resources"])
			if len(urns) == 0 {
				return nil
			}
			return p.unfile(ctx, urns)
		},
	}
}

// fileResources moves what is new into the project, and to the default one what is no longer listed.
func (p *provider) fileResources(ctx context.Context, d *data) error {
	project := d.text("project")
	_, response, err := p.client.Projects.Get(ctx, project)
	if missing(response, err) {
		d.id = ""
		return nil
	}
	if err != nil {
		return fmt.Errorf("Error while retrieving project %s: %w", project, err)
	}
	was, is := texts(d.state["resources"]), texts(d.values["resources"])
	if gone := without(was, is); len(gone) > 0 {
		if err := p.unfile(ctx, gone); err != nil {
			return err
		}
	}
	if added := without(is, was); len(added) > 0 {
		if err := p.assign(ctx, project, added); err != nil {

			return fmt.Errorf("Error assigning resources to project %s: %w", project, err)
		}
	}
	d.id = project
	return p.readFiled(ctx, d)
}

func (p *provider) unfile(ctx context.Context, urns []string) error {
	if err := p.assignToDefault(ctx, urns); err != nil {
		return fmt.Errorf("Error assigning resources to default project: %w", err)
	}
	return nil
}

// readFiled finds which of the state's resources are in the project; what others filed there is not read.
func (p *provider) readFiled(ctx context.Context, d *data) error {
	_, response, err := p.client.Projects.Get(ctx, d.id)
	if missing(response, err) {
		d.id = ""
		return nil
	}
	if err != nil {
		return fmt.Errorf("Error while retrieving project: %w", err)
	}
	filed, err := p.filed(ctx, d.id)
	if err != nil {
		return fmt.Errorf("Error while retrieving project resources: %w", err)
	}
	kept := slices.DeleteFunc(texts(d.values["resources"]), func(urn string) bool { return !slices.Contains(filed, urn) })
	d.set(map[string]any{"project": d.id, "resources": anys(kept)})
	return nil
}

// filed lists the URNs of all that is in a project.
func (p *provider) filed(ctx context.Context, project string) ([]string, error) {
	urns := []string{}
	for options := (&godo.ListOptions{Page: 1, PerPage: 200}); ; options.Page++ {
		listed, response, err := p.client.Projects.ListResources(ctx, project, options)
		if err != nil {
			return nil, fmt.Errorf("Error loading project resources: %w", err)
		}
		for _, r := range listed {
			urns = append(urns, r.URN)
		}
		if response.Links == nil || response.Links.IsLastPage() {
			return urns, nil
		}
	}
}
