package stack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/charts"
	"doks-security/components"
)

// assemble returns the values of every Helm release without overrides, by the release's name, before anything is
// registered: it runs the components that install them with Pulumi's mocks in place of the engine. What only an engine
// knows, such as a generated password, has a placeholder.
func (s Settings) assemble(root, stack string) (map[string]map[string]any, error) {
	m := &assembly{values: map[string]map[string]any{}}
	ctx, err := pulumi.NewContext(context.Background(), pulumi.RunInfo{
		Project: Project, Stack: stack, RootDirectory: root, Mocks: m,
	})
	if err != nil {
		return nil, err
	}
	err = pulumi.RunWithContext(ctx, func(ctx *pulumi.Context) error {
		in := inCluster{ctx: ctx, settings: s, platform: components.Platform{
			Cluster: s.clusterName(), Profile: string(s.Profile), Provided: s.Cluster.Provides, Known: &components.Known{},
			Charts: charts.Source{Offline: true, Unverified: true}, // they are verified already
		}}
		var err error
		if in.namespaces, err = components.NewNamespaces(ctx, logicalName, &components.NamespacesArgs{
			Roles: s.createdNamespaces().Roles(), Names: s.Namespaces.ByRole(), Releases: s.set(),
		}); err != nil {
			return err
		}
		_, _, err = newReleases(in, nil) // only a preview asks the account
		return err
	})
	if err := errors.Join(err, ctx.Close()); err != nil {
		return nil, fmt.Errorf("assembling the values of the Helm releases: %w", err)
	}
	return m.values, nil
}

// assembly takes the place of the engine and of the providers.
type assembly struct {
	mu     sync.Mutex
	values map[string]map[string]any // by release
}

func (m *assembly) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	out := maps.Clone(args.Inputs)
	switch args.TypeToken {
	case "kubernetes:helm.sh/v3:Release":
		plain := args.Inputs.MapRepl(nil, resolved)
		name, _ := plain["name"].(string)
		given, _ := plain["values"].(map[string]any)
		m.mu.Lock()
		defer m.mu.Unlock()
		m.values[name] = given
	case "random:index/randomPassword:RandomPassword":
		out["result"] = resource.MakeSecret(resource.NewProperty("generated"))
	case "digitalocean:index/spacesKey:SpacesKey":
		out["accessKey"], out["secretKey"] = resource.NewProperty("generated"), resource.NewProperty("generated")
	case "kubernetes:gateway.networking.k8s.io/v1:Gateway":
		out["status"] = resource.NewProperty(resource.PropertyMap{"addresses": resource.NewProperty([]resource.PropertyValue{
			resource.NewProperty(resource.PropertyMap{"value": resource.NewProperty("192.0.2.1")}),
		})})
	}
	return args.Name + "-id", out, nil
}

func (m *assembly) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	return nil, fmt.Errorf("no function %s without an engine", args.Token)
}

// resolved is what a provider gets of a secret or an output.
func resolved(v resource.PropertyValue) (any, bool) {
	switch {
	case v.IsSecret():
		return v.SecretValue().Element.MapRepl(nil, resolved), true
	case v.IsOutput():
		return v.OutputValue().Element.MapRepl(nil, resolved), true
	}
	return nil, false
}
