package digitalocean

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/digitalocean/godo"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"doks-security/rehearsal/standin"
)

func (p *provider) spacesKey() *standin.Resource {
	grants := func(in standin.Properties) []*godo.Grant {
		var list []*godo.Grant
		if v, ok := in["grants"]; ok && v.IsArray() {
			for _, g := range v.ArrayValue() {
				list = append(list, &godo.Grant{Bucket: text(g.ObjectValue(), "bucket"), Permission: godo.SpacesKeyPermission(text(g.ObjectValue(), "permission"))})
			}
		}
		return list
	}
	return &standin.Resource{
		Computed: []resource.PropertyKey{"accessKey", "secretKey", "createdAt"},
		Create: func(ctx context.Context, _ string, in standin.Properties) (resource.ID, standin.Properties, error) {
			key, _, err := p.api().SpacesKeys.Create(ctx, &godo.SpacesKeyCreateRequest{Name: text(in, "name"), Grants: grants(in)})
			if err != nil {
				return "", nil, fmt.Errorf("creating Spaces key: %w", err)
			}
			return resource.ID(key.AccessKey), with(in, map[string]any{"accessKey": key.AccessKey, "secretKey": key.SecretKey, "createdAt": key.CreatedAt}), nil
		},
		Read: func(ctx context.Context, id resource.ID, _, state standin.Properties) (standin.Properties, error) {
			_, response, err := p.api().SpacesKeys.Get(ctx, string(id))
			if missing(response, err) {
				return nil, nil
			}
			return state, err // the API does not tell the secret again
		},
		Update: func(ctx context.Context, id resource.ID, state, in standin.Properties) (standin.Properties, error) {
			if _, _, err := p.api().SpacesKeys.Update(ctx, string(id), &godo.SpacesKeyUpdateRequest{Name: text(in, "name"), Grants: grants(in)}); err != nil {
				return nil, fmt.Errorf("updating Spaces key: %w", err)
			}
			out := in.Copy()
			for _, key := range []resource.PropertyKey{"accessKey", "secretKey", "createdAt"} {
				out[key] = state[key]
			}
			return out, nil
		},
		Delete: func(ctx context.Context, id resource.ID, _ standin.Properties) error {
			response, err := p.api().SpacesKeys.Delete(ctx, string(id))
			if missing(response, err) {
				return nil
			}
			return err
		},
	}
}

// bucket speaks S3 without signatures: it only ever meets the simulated Spaces.
func (p *provider) bucket() *standin.Resource {
	call := func(ctx context.Context, method, name string) (int, error) {
		request, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(os.Getenv("SPACES_ENDPOINT_URL"), "/")+"/"+name, nil)
		if err != nil {
			return 0, err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return 0, fmt.Errorf("%s bucket %s: %w", method, name, err)
		}
		return response.StatusCode, response.Body.Close()
	}
	outputs := func(in standin.Properties) standin.Properties {
		name, endpoint := text(in, "name"), text(in, "region")+".digitaloceanspaces.com"
		return with(in, map[string]any{"bucketUrn": "do:space:" + name, "endpoint": endpoint, "bucketDomainName": name + "." + endpoint})
	}
	return &standin.Resource{
		ReplaceOn: []resource.PropertyKey{"name", "region"},
		Computed:  []resource.PropertyKey{"bucketUrn", "endpoint", "bucketDomainName"},
		Create: func(ctx context.Context, _ string, in standin.Properties) (resource.ID, standin.Properties, error) {
			status, err := call(ctx, http.MethodPut, text(in, "name"))
			if err == nil && status != http.StatusOK {
				err = fmt.Errorf("creating bucket: status %d", status)
			}
			return resource.ID(text(in, "name")), outputs(in), err
		},
		Read: func(ctx context.Context, id resource.ID, inputs, _ standin.Properties) (standin.Properties, error) {
			status, err := call(ctx, http.MethodHead, string(id))
			if err != nil || status == http.StatusNotFound {
				return nil, err
			}
			return outputs(inputs), nil
		},
		Update: func(_ context.Context, _ resource.ID, _, in standin.Properties) (standin.Properties, error) {
			return outputs(in), nil
		},
		Delete: func(ctx context.Context, id resource.ID, _ standin.Properties) error {
			_, err := call(ctx, http.MethodDelete, string(id))
			return err
		},
	}
}
