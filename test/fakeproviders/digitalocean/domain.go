package digitalocean

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/digitalocean/godo"

	"doks-security/test/fakeproviders"
)

func (p *provider) getDomain(ctx context.Context, args fakeproviders.Properties) (fakeproviders.Properties, error) {
	d, response, err := p.client.Domains.Get(ctx, text(args, "name"))
	if missing(response, err) {
		return nil, fmt.Errorf("domain not found: %s", text(args, "name"))
	}
	if err != nil {
		return nil, err
	}
	return with(args, map[string]any{"id": d.Name, "ttl": d.TTL, "domainUrn": "do:domain:" + d.Name,
		"zoneFile": d.ZoneFile}), nil
}

var recordSchema = schema{
	"type":   {required: true, replaces: true, valid: oneOf("A", "AAAA", "CAA", "CNAME", "MX", "NS", "TXT", "SRV", "SOA")},
	"domain": {required: true, replaces: true, valid: notEmpty},
	"name": {required: true, named: true, valid: notEmpty, same: func(d *data, _ map[string]any, old, new any) bool {
		domain := d.text("domain") + "."
		return old == "@" && new == domain || fmt.Sprint(old)+"."+domain == new
	}},
	"value": {required: true, same: func(d *data, _ map[string]any, old, new any) bool {
		domain := d.text("domain") + "."
		return old == "@" && new == domain || old == fmt.Sprint(new)+"."+domain
	}},
	"ttl":      {computed: true},
	"port":     {},
	"priority": {},
	"weight":   {},
	"flags":    {},
	"tag":      {},
	"fqdn":     {output: true},
}

func (p *provider) dnsRecord() *bridged {
	request := func(d *data) *godo.DomainRecordEditRequest {
		return &godo.DomainRecordEditRequest{
			Type: d.text("type"), Name: d.text("name"), Data: d.text("value"), TTL: d.number("ttl"), Port: d.number("port"),
			Priority: d.number("priority"), Weight: d.number("weight"), Flags: d.number("flags"), Tag: d.text("tag"),
		}
	}
	read := func(ctx context.Context, d *data) error {
		id, err := strconv.Atoi(d.id)
		if err != nil {
			return fmt.Errorf("invalid record ID: %w", err)
		}
		r, response, err := p.client.Domains.Record(ctx, d.text("domain"), id)
		if missing(response, err) {
			d.id = ""
			return nil
		}
		if err != nil {
			return err
		}
		d.set(map[string]any{
			"name": r.Name, "type": r.Type, "value": r.Data, "ttl": float64(r.TTL), "port": float64(r.Port),
			"priority": float64(r.Priority),
			"weight":   float64(r.Weight), "flags": float64(r.Flags), "tag": r.Tag, "fqdn": r.Name + "." + d.text("domain"),
		})
		return nil
	}
	return &bridged{
		schema: recordSchema, read: read, creation: 20 * time.Minute, deletion: 20 * time.Minute,
		create: func(ctx context.Context, d *data) error {
			r, _, err := p.client.Domains.CreateRecord(ctx, d.text("domain"), request(d))
			if err != nil {
				return fmt.Errorf("Failed to create record: %w", err)
			}
			d.id = strconv.Itoa(r.ID)
			return read(ctx, d)
		},
		update: func(ctx context.Context, d *data) error {
			id, err := strconv.Atoi(d.id)
			if err != nil {
				return fmt.Errorf("invalid record ID: %w", err)
			}
			edit := request(d)
			edit.Type = "" // it cannot change, and is not sent
			if _, _, err := p.client.Domains.EditRecord(ctx, d.text("domain"), id, edit); err != nil {
				return fmt.Errorf("Failed to update record: %w", err)
			}
			return read(ctx, d)
		},
		remove: func(ctx context.Context, d *data) error {
			id, err := strconv.Atoi(d.id)
			if err != nil {
				return fmt.Errorf("invalid record ID: %w", err)
			}
			response, err := p.client.Domains.DeleteRecord(ctx, d.text("domain"), id)
			if err != nil && !missing(response, err) {
				return fmt.Errorf("Error deleting record: %w", err)
			}
			return nil
		},
		// An imported record is named by its domain and its number.
		importer: func(_ context.Context, d *data) error {
			if domain, id, ok := strings.Cut(d.id, ","); ok {
				d.id, d.values["domain"] = id, domain
			}
			return nil
		},
	}
}
