package digitalocean

import (
	"context"
	"fmt"
	"net/http"

	"github.com/digitalocean/godo"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"doks-security/rehearsal/standin"
)

func (p *provider) vpc() *standin.Resource {
	outputs := func(inputs standin.Properties, v *godo.VPC) standin.Properties {
		return with(inputs, map[string]any{"vpcUrn": v.URN, "default": v.Default, "createdAt": v.CreatedAt.String(), "ipRange": v.IPRange})
	}
	return &standin.Resource{
		ReplaceOn: []resource.PropertyKey{"region", "ipRange"},
		Computed:  []resource.PropertyKey{"vpcUrn", "default", "createdAt"},
		Create: func(ctx context.Context, _ string, in standin.Properties) (resource.ID, standin.Properties, error) {
			v, _, err := p.api().VPCs.Create(ctx, &godo.VPCCreateRequest{
				Name: text(in, "name"), RegionSlug: text(in, "region"), Description: text(in, "description"), IPRange: text(in, "ipRange"),
			})
			if err != nil {
				return "", nil, fmt.Errorf("creating VPC: %w", err)
			}
			return resource.ID(v.ID), outputs(in, v), nil
		},
		Import: p.importVPC,
		Read: func(ctx context.Context, id resource.ID, inputs, _ standin.Properties) (standin.Properties, error) {
			v, response, err := p.api().VPCs.Get(ctx, string(id))
			if missing(response, err) {
				return nil, nil
			}
			if err != nil {
				return nil, err
			}
			return outputs(inputs, v), nil
		},
		Update: func(ctx context.Context, id resource.ID, _, in standin.Properties) (standin.Properties, error) {
			v, _, err := p.api().VPCs.Update(ctx, string(id), &godo.VPCUpdateRequest{Name: text(in, "name"), Description: text(in, "description")})
			if err != nil {
				return nil, fmt.Errorf("updating VPC: %w", err)
			}
			return outputs(in, v), nil
		},
		// DigitalOcean refuses while members are on their way out.
		Delete: func(ctx context.Context, id resource.ID, _ standin.Properties) error {
			return until(ctx, "deleting VPC", func() (bool, error) {
				response, err := p.api().VPCs.Delete(ctx, string(id))
				if err == nil || missing(response, err) {
					return true, nil
				}
				if response != nil && response.Response != nil && response.StatusCode == http.StatusConflict {
					return false, nil
				}
				return false, err
			})
		},
	}
}
