package digitalocean

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/digitalocean/godo"
)

var vpcSchema = schema{
	"name":        {required: true, named: true, valid: notEmpty},
	"region":      {required: true, replaces: true, valid: notEmpty},
	"description": {},
	"ipRange":     {computed: true, replaces: true, valid: isCIDR},
	"vpcUrn":      {output: true},
	"default":     {output: true},
	"createdAt":   {output: true},
}

func (p *provider) vpc() *bridged {
	read := func(ctx context.Context, d *data) error {
		v, response, err := p.client.VPCs.Get(ctx, d.id)
		if missing(response, err) {
			d.id = ""
			return nil
		}
		if err != nil {
			return fmt.Errorf("Error reading VPC: %w", err)
		}
		d.set(map[string]any{
			"name": v.Name, "region": v.RegionSlug, "description": v.Description, "ipRange": v.IPRange,
			"vpcUrn": v.URN, "default": v.Default, "createdAt": v.CreatedAt.UTC().String(),
		})
		return nil
	}
	return &bridged{
		schema: vpcSchema, read: read, importer: byID, creation: 20 * time.Minute, deletion: 2 * time.Minute,
		create: func(ctx context.Context, d *data) error {
			v, _, err := p.client.VPCs.Create(ctx, &godo.VPCCreateRequest{
				Name: d.text("name"), RegionSlug: d.text("region"), Description: d.text("description"), IPRange: d.text("ipRange"),
			})
			if err != nil {
				return fmt.Errorf("Error creating VPC: %w", err)
			}
			d.id = v.ID
			return read(ctx, d)
		},
		update: func(ctx context.Context, d *data) error {
			if d.changed("name", "description") {
				_, _, err := p.client.VPCs.Update(ctx, d.id, &godo.VPCUpdateRequest{
					Name: d.text("name"), Description: d.text("description"), Default: godo.PtrTo(d.flag("default")),
				})
				if err != nil {
					return fmt.Errorf("Error updating VPC : %w", err)
				}
			}
			return read(ctx, d)
		},
		// DigitalOcean refuses while members are on their way out.
		remove: func(ctx context.Context, d *data) error {
			return until(ctx, func() (bool, error) {
				response, err := p.client.VPCs.Delete(ctx, d.id)
				if err == nil {
					return true, nil
				}
				if is(response, http.StatusForbidden) || is(response, http.StatusConflict) {
					return false, err
				}
				return true, fmt.Errorf("Error deleting VPC: %w", err)
			})
		},
	}
}
