package digitalocean

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/digitalocean/godo"
)

var keySchema = schema{
	"name":      {required: true, named: true},
	"grants":    {list: true, object: schema{"bucket": {required: true}, "permission": {required: true}}},
	"accessKey": {output: true},
	"secretKey": {output: true, secret: true},
	"createdAt": {output: true},
}

func (p *provider) spacesKey() *bridged {
	grants := func(d *data) []*godo.Grant {
		list := []*godo.Grant{}
		for _, g := range d.list("grants") {
			grant := &data{values: g.(map[string]any)}
			list = append(list, &godo.Grant{Bucket: grant.text("bucket"),
				Permission: godo.SpacesKeyPermission(grant.text("permission"))})
		}
		return list
	}
	set := func(d *data, key *godo.SpacesKey) {
		list := []any{}
		for _, g := range key.Grants {
			list = append(list, map[string]any{"bucket": g.Bucket, "permission": string(g.Permission)})
		}
		d.set(map[string]any{"name": key.Name, "accessKey": key.AccessKey, "grants": list, "createdAt": key.CreatedAt})
	}
	return &bridged{
		schema: keySchema, creation: 20 * time.Minute, deletion: 20 * time.Minute,
		create: func(ctx context.Context, d *data) error {
			key, _, err := p.client.SpacesKeys.Create(ctx, &godo.SpacesKeyCreateRequest{Name: d.text("name"), Grants: grants(d)})
			if err != nil {
				return fmt.Errorf("Error creating Spaces key: %w", err)
			}
			d.id, d.values["secretKey"] = key.AccessKey, key.SecretKey
			set(d, key)
			return nil
		},
		// The API shows the secret once: the state keeps it.
		read: func(ctx context.Context, d *data) error {
			key, response, err := p.client.SpacesKeys.Get(ctx, d.id)
			if missing(response, err) {
				d.id = ""
				return nil
			}
			if err != nil {
				return fmt.Errorf("Error reading Spaces key: %w", err)
			}
			set(d, key)
			return nil
		},
		update: func(ctx context.Context, d *data) error {
			key, _, err := p.client.SpacesKeys.Update(ctx, d.id,
				&godo.SpacesKeyUpdateRequest{Name: d.text("name"), Grants: grants(d)})
			if err != nil {
				return fmt.Errorf("Error updating Spaces key: %w", err)
			}
			set(d, key)
			return nil
		},
		remove: func(ctx context.Context, d *data) error {
			if _, err := p.client.SpacesKeys.Delete(ctx, d.id); err != nil {
				return fmt.Errorf("Error deleting Spaces key: %w", err)
			}
			return nil
		},
	}
}

var bucketSchema = schema{
	// A changed name is applied in place, and does nothing: so the published provider has it.
	"name": {required: true, named: true},
	"region": {replaces: true, keep: true, fallback: "nyc3",
		valid: inAnyCase(oneOf("ams3", "atl1", "blr1", "fra1", "lon1", "nyc3", "sfo2", "sfo3", "sgp1", "syd1", "tor1"))},
	"acl": {fallback: "private"},
	"lifecycleRules": {list: true, object: schema{
		"id": {computed: true}, "prefix": {}, "enabled": {required: true}, "abortIncompleteMultipartUploadDays": {},
		"expiration":                  {object: schema{"date": {zero: ""}, "days": {}, "expiredObjectDeleteMarker": {}}},
		"noncurrentVersionExpiration": {object: schema{"days": {}}},
	}},
	"forceDestroy":     {fallback: false},
	"versioning":       {object: schema{"enabled": {fallback: false}}},
	"corsRules":        {list: true},
	"bucketUrn":        {output: true},
	"bucketDomainName": {output: true},
	"endpoint":         {output: true},
}

// lifecycle is as much of S3's configuration as the program sets.
type lifecycle struct {
	XMLName xml.Name        `xml:"LifecycleConfiguration"`
	Rules   []lifecycleRule `xml:"Rule"`
}

type lifecycleRule struct {
	ID         string `xml:"ID"`
	Status     string `xml:"Status"`
	Prefix     string `xml:"Filter>Prefix"`
	Expiration *struct {
		Days int `xml:"Days"`
	} `xml:"Expiration"`
	Abort *struct {
		Days int `xml:"DaysAfterInitiation"`
	} `xml:"AbortIncompleteMultipartUpload"`
}

func (p *provider) bucket() *bridged {
	return &bridged{
		schema: bucketSchema, creation: 20 * time.Minute, deletion: 20 * time.Minute,
		create: func(ctx context.Context, d *data) error {
			if err := p.s3(ctx, http.MethodPut, d.text("name"), "", nil, nil); err != nil {
				return fmt.Errorf("Error creating Spaces bucket: %w", err)
			}
			d.id = d.text("name")
			return p.updateBucket(ctx, d)
		},
		read: p.readBucket, update: p.updateBucket, remove: p.deleteBucket,
		// An imported bucket is named by its region and its name.
		importer: func(_ context.Context, d *data) error {
			region, name, ok := strings.Cut(d.id, ",")
			if !ok {
				return errors.New("importing a Spaces bucket requires the format: <region>,<name>")
			}
			d.id, d.values["region"], d.values["name"], d.values["forceDestroy"] = name, region, name, false
			return nil
		},
	}
}

func (p *provider) updateBucket(ctx context.Context, d *data) error {
	if d.changed("acl") {
		if err := p.s3(ctx, http.MethodPut, d.text("name"), "acl", nil, nil); err != nil {
			return fmt.Errorf("Error putting Spaces ACL: %w", err)
		}
	}
	if d.changed("lifecycleRules") {
		method, body := http.MethodDelete, []byte(nil)
		if rules := d.list("lifecycleRules"); len(rules) > 0 {
			var err error
			if method, body = http.MethodPut, nil; err == nil {
				body, err = xml.Marshal(lifecycle{Rules: writeRules(rules)})
			}
			if err != nil {
				return err
			}
		}
		if err := p.s3(ctx, method, d.text("name"), "lifecycle", body, nil); err != nil {
			return fmt.Errorf("Error putting S3 lifecycle: %w", err)
		}
	}
	return p.readBucket(ctx, d)
}

func (p *provider) readBucket(ctx context.Context, d *data) error {
	err := p.s3(ctx, http.MethodHead, d.id, "", nil, nil)
	if s3Status(err) == http.StatusNotFound {
		d.id = ""
		return nil
	}
	if err != nil {
		return fmt.Errorf("error reading Spaces bucket %q: %w", d.id, err)
	}
	var found lifecycle
	err = p.s3(ctx, http.MethodGet, d.id, "lifecycle", nil, &found)
	if err != nil && s3Status(err) != http.StatusNotFound {
		return err
	}
	var location struct {
		Region string `xml:",chardata"`
	}
	if err := p.s3(ctx, http.MethodGet, d.id, "location", nil, &location); err != nil {
		return err
	}
	// The domain is still that of the region that was asked for.
	name, domain := d.text("name"), d.text("name")+"."+d.text("region")+".digitaloceanspaces.com"
	d.set(map[string]any{
		"bucketUrn": "do:space:" + name, "region": location.Region, "endpoint": location.Region + ".digitaloceanspaces.com",
		"bucketDomainName": domain,
		"lifecycleRules":   readRules(found.Rules), "versioning": map[string]any{"enabled": false},
	})
	return nil
}

// deleteBucket empties the bucket when it must and may.
func (p *provider) deleteBucket(ctx context.Context, d *data) error {
	for {
		err := p.s3(ctx, http.MethodDelete, d.id, "", nil, nil)
		if err == nil {
			return nil
		}
		var refused *s3Error
		if !errors.As(err, &refused) || refused.Code != "BucketNotEmpty" || !d.flag("forceDestroy") {
			return fmt.Errorf("Error deleting Spaces Bucket: %w %q", err,
				d.text("name"))
		}
		if err := p.emptyBucket(ctx, d.text("name")); err != nil {
			return fmt.Errorf("Error Spaces Bucket force_destroy error deleting: %w",
				err)
		}
	}
}

func writeRules(rules []any) []lifecycleRule {
	list := []lifecycleRule{}
	for _, r := range rules {
		d := &data{values: r.(map[string]any)}
		rule := lifecycleRule{ID: d.text("id"), Status: "Disabled", Prefix: d.text("prefix")}
		if d.flag("enabled") {
			rule.Status = "Enabled"
		}
		if e := d.object("expiration"); e != nil {
			rule.Expiration = &struct {
				Days int `xml:"Days"`
			}{toInt(e["days"])}
		}
		if days := d.number("abortIncompleteMultipartUploadDays"); days > 0 {
			rule.Abort = &struct {
				Days int `xml:"DaysAfterInitiation"`
			}{days}
		}
		list = append(list, rule)
	}
	return list
}

func readRules(rules []lifecycleRule) []any {
	list := []any{}
	for _, r := range rules {
		rule := map[string]any{"id": r.ID, "prefix": r.Prefix, "enabled": r.Status == "Enabled",
			"abortIncompleteMultipartUploadDays": 0.0}
		if r.Expiration != nil {
			rule["expiration"] = map[string]any{"date": "", "days": float64(r.Expiration.Days),
				"expiredObjectDeleteMarker": false}
		}
		if r.Abort != nil {
			rule["abortIncompleteMultipartUploadDays"] = float64(r.Abort.Days)
		}
		list = append(list, rule)
	}
	return list
}
