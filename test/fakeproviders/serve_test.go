package fakeproviders_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"

	"doks-security/test/fakeproviders"
	"doks-security/test/fakeproviders/recorded"
)

// labeled makes resources that say which provider made them.
type labeled struct {
	fakeproviders.Stateless
	label *string
}

func (labeled) Diff(context.Context, plugin.DiffRequest) (plugin.DiffResult, error) {
	return plugin.DiffResult{}, nil
}

func (l labeled) Create(context.Context, plugin.CreateRequest) (resource.ID, fakeproviders.Properties, error) {
	return resource.ID(*l.label), fakeproviders.Properties{}, nil
}

func (l labeled) Update(context.Context, plugin.UpdateRequest) (fakeproviders.Properties, error) {
	return fakeproviders.Properties{}, nil
}

// Two providers of one package, configured for two clusters, each keep to their own.
func TestProvidersOfOnePackageKeepTheirConfiguration(t *testing.T) {
	p := &fakeproviders.Provider{Package: "labels", PackageVersion: "1.0.0", Open: func() *fakeproviders.Instance {
		label := new(string)
		return &fakeproviders.Instance{
			Configure: func(_ context.Context, inputs fakeproviders.Properties) error {
				*label = inputs["label"].StringValue()
				return nil
			},
			Resource: func(tokens.Type) (fakeproviders.Resource, error) { return labeled{label: label}, nil },
		}
	}}
	cancel := make(chan bool)
	defer close(cancel)
	port, err := p.Serve(cancel)
	if err != nil {
		t.Fatal(err)
	}
	providers := map[string]plugin.Provider{}
	for _, label := range []string{"old", "new"} {
		provider, hangUp, err := recorded.Dial(strconv.Itoa(port))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = hangUp() }()
		kind := tokens.Type("pulumi:providers:labels")
		inputs := resource.NewPropertyMapFromMap(map[string]any{"label": label})
		if _, err := provider.Configure(t.Context(), plugin.ConfigureRequest{Type: &kind, Inputs: inputs}); err != nil {
			t.Fatal(err)
		}
		providers[label] = provider
	}
	for label, provider := range providers {
		urn := resource.NewURN("s", "p", "", "labels:index:Label", "a")
		created, err := provider.Create(t.Context(), plugin.CreateRequest{URN: urn, Properties: fakeproviders.Properties{}})
		if err != nil || string(created.ID) != label {
			t.Errorf("the provider of %q created %q, %v", label, created.ID, err)
		}
	}
}
