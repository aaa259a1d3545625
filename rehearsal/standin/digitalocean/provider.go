// Package digitalocean stands in for the published DigitalOcean provider: the resources and functions of this project,
// through godo, against whatever API the configuration or the environment names.
package digitalocean

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/digitalocean/godo"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"

	"doks-security/rehearsal/standin"
)

const (
	poll     = 100 * time.Millisecond // between looks at an asynchronous state
	patience = 5 * time.Minute        // until such a state is reached
)

// provider talks to one API.
type provider struct {
	mu     sync.Mutex
	client *godo.Client
}

// New makes the provider; version is the published plugin's.
func New(version string) *standin.Provider {
	p := &provider{}
	resources := map[tokens.Type]*standin.Resource{
		"digitalocean:index/vpc:Vpc":                               p.vpc(),
		"digitalocean:index/kubernetesCluster:KubernetesCluster":   p.cluster(),
		"digitalocean:index/kubernetesNodePool:KubernetesNodePool": p.nodePool(),
		"digitalocean:index/project:Project":                       p.project(),
		"digitalocean:index/spacesBucket:SpacesBucket":             p.bucket(),
		"digitalocean:index/spacesKey:SpacesKey":                   p.spacesKey(),
		"digitalocean:index/dnsRecord:DnsRecord":                   p.dnsRecord(),
	}
	return &standin.Provider{
		Package: "digitalocean", PackageVersion: version, OnConfigure: p.configure,
		Resource: func(token tokens.Type) (*standin.Resource, error) {
			if r, ok := resources[token]; ok {
				return r, nil
			}
			return nil, fmt.Errorf("the DigitalOcean stand-in has no %s", token)
		},
		Function: func(ctx context.Context, token tokens.ModuleMember, args standin.Properties) (standin.Properties, error) {
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
		},
	}
}

func (p *provider) configure(inputs standin.Properties) error {
	setting := func(key resource.PropertyKey, variables ...string) string {
		if v, ok := inputs[key]; ok && v.IsString() {
			return v.StringValue()
		}
		for _, variable := range variables {
			if v := os.Getenv(variable); v != "" {
				return v
			}
		}
		return ""
	}
	client := godo.NewFromToken(setting("token", "DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN"))
	if err := godo.SetBaseURL(setting("apiEndpoint", "DIGITALOCEAN_API_URL"))(client); err != nil {
		return fmt.Errorf("configuring the DigitalOcean stand-in: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.client = client
	return nil
}

func (p *provider) api() *godo.Client {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.client
}

// missing tells an answer of 404 from other errors.
func missing(response *godo.Response, err error) bool {
	return err != nil && response != nil && response.Response != nil && response.StatusCode == http.StatusNotFound
}

// until polls for a state.
func until(ctx context.Context, what string, reached func() (bool, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New("not within "+patience.String()))
	defer cancel()
	for {
		ok, err := reached()
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", what, context.Cause(ctx))
		case <-time.After(poll):
		}
	}
}

// text and its kin read optional inputs.
func text(m standin.Properties, key resource.PropertyKey) string {
	if v, ok := m[key]; ok && v.IsString() {
		return v.StringValue()
	}
	return ""
}

func flag(m standin.Properties, key resource.PropertyKey) bool {
	v, ok := m[key]
	return ok && v.IsBool() && v.BoolValue()
}

func number(m standin.Properties, key resource.PropertyKey) int {
	if v, ok := m[key]; ok && v.IsNumber() {
		return int(v.NumberValue())
	}
	return 0
}

func texts(m standin.Properties, key resource.PropertyKey) []string {
	v, ok := m[key]
	if !ok || !v.IsArray() {
		return nil
	}
	list := []string{}
	for _, element := range v.ArrayValue() {
		list = append(list, element.StringValue())
	}
	return list
}

// with returns the inputs completed with outputs.
func with(inputs standin.Properties, outputs map[string]any) standin.Properties {
	out := inputs.Copy()
	for key, value := range resource.NewPropertyMapFromMap(outputs) {
		out[key] = value
	}
	return out
}
