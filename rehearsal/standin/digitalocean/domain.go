package digitalocean

import (
	"context"
	"fmt"
	"strconv"

	"github.com/digitalocean/godo"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"doks-security/rehearsal/standin"
)

func (p *provider) getDomain(ctx context.Context, args standin.Properties) (standin.Properties, error) {
	d, response, err := p.api().Domains.Get(ctx, text(args, "name"))
	if missing(response, err) {
		return nil, fmt.Errorf("domain not found: %s", text(args, "name"))
	}
	if err != nil {
		return nil, err
	}
	return with(args, map[string]any{"id": d.Name, "ttl": d.TTL, "domainUrn": "do:domain:" + d.Name, "zoneFile": d.ZoneFile}), nil
}

func (p *provider) dnsRecord() *standin.Resource {
	request := func(in standin.Properties) *godo.DomainRecordEditRequest {
		return &godo.DomainRecordEditRequest{Type: text(in, "type"), Name: text(in, "name"), Data: text(in, "value"), TTL: number(in, "ttl")}
	}
	fqdn := func(in standin.Properties) standin.Properties {
		return with(in, map[string]any{"fqdn": text(in, "name") + "." + text(in, "domain")})
	}
	return &standin.Resource{
		Computed:  []resource.PropertyKey{"fqdn"},
		ReplaceOn: []resource.PropertyKey{"domain", "type"},
		Create: func(ctx context.Context, _ string, in standin.Properties) (resource.ID, standin.Properties, error) {
			record, _, err := p.api().Domains.CreateRecord(ctx, text(in, "domain"), request(in))
			if err != nil {
				return "", nil, fmt.Errorf("creating the record %s: %w", text(in, "name"), err)
			}
			return resource.ID(strconv.Itoa(record.ID)), fqdn(in), nil
		},
		Read: func(ctx context.Context, id resource.ID, inputs, _ standin.Properties) (standin.Properties, error) {
			number, err := strconv.Atoi(string(id))
			if err != nil {
				return nil, err
			}
			record, response, err := p.api().Domains.Record(ctx, text(inputs, "domain"), number)
			if missing(response, err) {
				return nil, nil
			}
			if err != nil {
				return nil, err
			}
			return fqdn(with(inputs, map[string]any{"name": record.Name, "value": record.Data, "ttl": record.TTL})), nil
		},
		Update: func(ctx context.Context, id resource.ID, _, in standin.Properties) (standin.Properties, error) {
			number, err := strconv.Atoi(string(id))
			if err != nil {
				return nil, err
			}
			if _, _, err := p.api().Domains.EditRecord(ctx, text(in, "domain"), number, request(in)); err != nil {
				return nil, fmt.Errorf("changing the record %s: %w", text(in, "name"), err)
			}
			return fqdn(in), nil
		},
		Delete: func(ctx context.Context, id resource.ID, state standin.Properties) error {
			number, err := strconv.Atoi(string(id))
			if err != nil {
				return err
			}
			response, err := p.api().Domains.DeleteRecord(ctx, text(state, "domain"), number)
			if missing(response, err) {
				return nil
			}
			return err
		},
	}
}
