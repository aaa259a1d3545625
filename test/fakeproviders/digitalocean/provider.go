// Package digitalocean stands in for the published DigitalOcean provider: the resources and functions of this project,
// through godo, against whatever API the configuration or the environment names. testdata holds it against recorded
// answers of the published plugin.
package digitalocean

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/digitalocean/godo"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"

	"doks-security/test/fakeproviders"
)

// poll is the time between two looks at an asynchronous state; the published plugin's is 10 seconds.
const poll = 100 * time.Millisecond

// provider talks to one API.
type provider struct {
	client *godo.Client
	// spaces is the URL of the object storage.
	spaces string
}

// New makes the provider; version is the published plugin's.
func New(version string) *fakeproviders.Provider {
	return &fakeproviders.Provider{Package: "digitalocean", PackageVersion: version, Open: func() *fakeproviders.Instance {
		p := &provider{}
		resources := map[tokens.Type]*bridged{
			"digitalocean:index/vpc:Vpc":                               p.vpc(),
			"digitalocean:index/kubernetesCluster:KubernetesCluster":   p.cluster(),
			"digitalocean:index/kubernetesNodePool:KubernetesNodePool": p.nodePool(),
			"digitalocean:index/project:Project":                       p.project(),
			"digitalocean:index/projectResources:ProjectResources":     p.projectResources(),
			"digitalocean:index/spacesBucket:SpacesBucket":             p.bucket(),
			"digitalocean:index/spacesKey:SpacesKey":                   p.spacesKey(),
			"digitalocean:index/dnsRecord:DnsRecord":                   p.dnsRecord(),
		}
		return &fakeproviders.Instance{
			Configure: p.configure, Function: p.function,
			Resource: func(token tokens.Type) (fakeproviders.Resource, error) {
				if r, ok := resources[token]; ok {
					return r, nil
				}
				return nil, fmt.Errorf("the DigitalOcean stand-in has no %s", token)
			},
		}
	}}
}

func (p *provider) function(ctx context.Context, token tokens.ModuleMember,
	args fakeproviders.Properties) (fakeproviders.Properties, error) {
	switch token {
	case "digitalocean:index/getKubernetesCluster:getKubernetesCluster":
		return p.getCluster(ctx, args)
	case "digitalocean:index/getKubernetesVersions:getKubernetesVersions":
		return p.getVersions(ctx, args)
	case "digitalocean:index/getDomain:getDomain":
		return p.getDomain(ctx, args)
	case "digitalocean:index/getSizes:getSizes":
		return p.getSizes(ctx, args)
	}
	return nil, fmt.Errorf("the DigitalOcean stand-in has no function %s", token)
}

func (p *provider) configure(_ context.Context, inputs fakeproviders.Properties) error {
	setting := func(key resource.PropertyKey, variables ...string) string {
		switch v := inputs[key]; {
		case v.IsSecret():
			return v.SecretValue().Element.StringValue()
		case v.IsString():
			return v.StringValue()
		case v.IsNumber():
			return fmt.Sprint(v.NumberValue())
		}
		for _, variable := range variables {
			if v := os.Getenv(variable); v != "" {
				return v
			}
		}
		return ""
	}
	number := func(otherwise float64, text string) float64 {
		if v, err := strconv.ParseFloat(text, 64); err == nil {
			return v
		}
		return otherwise
	}
	client := godo.NewFromToken(setting("token", "DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN"))
	retry := godo.WithRetryAndBackoffs(godo.RetryConfig{
		RetryMax:     int(number(4, setting("httpRetryMax", "DIGITALOCEAN_HTTP_RETRY_MAX"))),
		RetryWaitMin: godo.PtrTo(number(1, setting("httpRetryWaitMin", "DIGITALOCEAN_HTTP_RETRY_WAIT_MIN"))),
		RetryWaitMax: godo.PtrTo(number(30, setting("httpRetryWaitMax", "DIGITALOCEAN_HTTP_RETRY_WAIT_MAX"))),
	})
	client, err := godo.New(client.HTTPClient, retry, godo.SetBaseURL(setting("apiEndpoint", "DIGITALOCEAN_API_URL")))
	if err != nil {
		return fmt.Errorf("configuring the DigitalOcean stand-in: %w", err)
	}
	p.client, p.spaces = client, setting("spacesEndpoint", "SPACES_ENDPOINT_URL")
	return nil
}

// missing reports whether an error is a 404.
func missing(response *godo.Response, err error) bool {
	return err != nil && is(response, http.StatusNotFound)
}

func is(response *godo.Response, status int) bool {
	return response != nil && response.Response != nil && response.StatusCode == status
}

// until asks again until it is done, with that error or none, or until the time is over, with the last error.
func until(ctx context.Context, ask func() (done bool, err error)) error {
	for {
		done, err := ask()
		if done {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(poll):
		}
	}
}

// text and its kin read optional arguments.
func text(m fakeproviders.Properties, key resource.PropertyKey) string {
	if v, ok := m[key]; ok && v.IsString() {
		return v.StringValue()
	}
	return ""
}

func number(m fakeproviders.Properties, key resource.PropertyKey) int {
	if v, ok := m[key]; ok && v.IsNumber() {
		return int(v.NumberValue())
	}
	return 0
}

// with returns arguments completed with results.
func with(args fakeproviders.Properties, results map[string]any) fakeproviders.Properties {
	out := args.Copy()
	for key, value := range resource.NewPropertyMapFromMap(results) {
		out[key] = value
	}
	return out
}
