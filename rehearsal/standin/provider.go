// Package standin serves Pulumi resource providers in process, for machines on which the published plugins
// cannot be installed. The engine reaches them through PULUMI_DEBUG_PROVIDERS ("package:port").
//
// A Provider holds the plumbing every package shares; what a resource does stands in a Resource, one per type token.
// Handlers see plain values: the engine strips secrets before a call and marks them again afterwards.
package standin

import (
	"context"
	"errors"
	"fmt"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

// Properties are a resource's inputs or outputs.
type Properties = resource.PropertyMap

// Resource is what a provider does for one type token. Create, Read, Update and Delete are required; an error of
// Create or Update is reported for the resource it belongs to.
type Resource struct {
	// ReplaceOn lists the inputs that cannot change in place.
	ReplaceOn []resource.PropertyKey
	// Replaces decides on the values, where a list of inputs is not enough (a version that goes down). Optional.
	Replaces func(old, new Properties) []resource.PropertyKey
	// DeleteBeforeReplace is set where the old resource blocks the new one's name.
	DeleteBeforeReplace bool
	// Computed lists the outputs a preview cannot know before the resource exists.
	Computed []resource.PropertyKey
	// Check completes the inputs with defaults, as the published provider does, and finds their faults. Optional.
	Check func(ctx context.Context, name string, old, new Properties) (Properties, []plugin.CheckFailure, error)
	// Preview sees the inputs of a Create (old is nil) or an Update before anything changes; an error fails the
	// preview. Optional.
	Preview func(ctx context.Context, name string, old, new Properties) error
	// Create returns the identifier and all outputs, inputs included.
	Create func(ctx context.Context, name string, inputs Properties) (resource.ID, Properties, error)
	// Import returns the inputs that would have made what stands; nil when nothing does. Optional.
	Import func(ctx context.Context, id resource.ID) (Properties, error)
	// Read returns the outputs as they are now; nil when the resource is gone.
	Read func(ctx context.Context, id resource.ID, inputs, state Properties) (Properties, error)
	// Update returns all outputs.
	Update func(ctx context.Context, id resource.ID, state, inputs Properties) (Properties, error)
	// Delete returns once the resource is gone.
	Delete func(ctx context.Context, id resource.ID, state Properties) error
}

// Provider is one package: what the engine's plumbing needs, and its resources and functions.
type Provider struct {
	plugin.UnimplementedProvider

	// Package and PackageVersion name the published plugin this stands in for.
	Package, PackageVersion string
	// Resource finds a type token's handler.
	Resource func(token tokens.Type) (*Resource, error)
	// Function answers an invoke. Optional.
	Function func(ctx context.Context, token tokens.ModuleMember, args Properties) (Properties, error)
	// DiffConfig compares the provider's own configuration; a change never replaces without it. Optional.
	ReplaceConfig func(old, new Properties) []resource.PropertyKey
	// OnConfigure takes the provider's configuration. It is called before any resource of that provider. Optional.
	OnConfigure func(inputs Properties) error
}

var _ plugin.GrpcProvider = (*Provider)(nil)

// Serve listens on a free loopback port until cancel is closed, and returns the port.
func (p *Provider) Serve(cancel chan bool) (int, error) {
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: cancel,
		Init: func(server *grpc.Server) error {
			pulumirpc.RegisterResourceProviderServer(server, plugin.NewProviderServer(p))
			return nil
		},
	})
	if err != nil {
		return 0, fmt.Errorf("serving the %s stand-in: %w", p.Package, err)
	}
	return handle.Port, nil
}

func (p *Provider) Pkg() tokens.Package { return tokens.Package(p.Package) }

func (p *Provider) Close() error { return nil }

func (p *Provider) SignalCancellation(context.Context) error {
	return nil
}

// Handshake declines secrets: the engine then keeps track of them itself, by property path.
func (p *Provider) Handshake(context.Context, plugin.ProviderHandshakeRequest) (*plugin.ProviderHandshakeResponse, error) {
	return &plugin.ProviderHandshakeResponse{}, nil
}

// Attach is called by the engine on every provider it finds through PULUMI_DEBUG_PROVIDERS.
func (p *Provider) Attach(string) error { return nil }

func (p *Provider) GetPluginInfo(context.Context) (plugin.PluginInfo, error) {
	version, err := semver.Parse(p.PackageVersion)
	if err != nil {
		return plugin.PluginInfo{}, fmt.Errorf("version of the %s stand-in: %w", p.Package, err)
	}
	return plugin.PluginInfo{Version: &version}, nil
}

func (p *Provider) GetSchema(context.Context, plugin.GetSchemaRequest) (plugin.GetSchemaResponse, error) {
	return plugin.GetSchemaResponse{Schema: fmt.Appendf(nil, `{"name":%q,"version":%q}`, p.Package, p.PackageVersion)}, nil
}

func (p *Provider) CheckConfig(_ context.Context, r plugin.CheckConfigRequest) (plugin.CheckConfigResponse, error) {
	return plugin.CheckConfigResponse{Properties: r.News}, nil
}

func (p *Provider) DiffConfig(_ context.Context, r plugin.DiffConfigRequest) (plugin.DiffConfigResponse, error) {
	return diff(r.OldInputs, r.NewInputs, &Resource{Replaces: p.ReplaceConfig}), nil
}

func (p *Provider) Configure(_ context.Context, r plugin.ConfigureRequest) (plugin.ConfigureResponse, error) {
	if p.OnConfigure == nil {
		return plugin.ConfigureResponse{}, nil
	}
	return plugin.ConfigureResponse{}, p.OnConfigure(r.Inputs)
}

func (p *Provider) Check(ctx context.Context, r plugin.CheckRequest) (plugin.CheckResponse, error) {
	res, err := p.Resource(r.URN.Type())
	if err != nil {
		return plugin.CheckResponse{}, err
	}
	if res.Check == nil {
		return plugin.CheckResponse{Properties: r.News}, nil
	}
	inputs, failures, err := res.Check(ctx, r.URN.Name(), r.Olds, r.News)
	return plugin.CheckResponse{Properties: inputs, Failures: failures}, err
}

func (p *Provider) Diff(_ context.Context, r plugin.DiffRequest) (plugin.DiffResult, error) {
	res, err := p.Resource(r.URN.Type())
	if err != nil {
		return plugin.DiffResult{}, err
	}
	return diff(r.OldInputs, r.NewInputs, res), nil
}

func (p *Provider) Create(ctx context.Context, r plugin.CreateRequest) (plugin.CreateResponse, error) {
	res, err := p.Resource(r.URN.Type())
	if err != nil {
		return plugin.CreateResponse{}, err
	}
	name := r.URN.Name()
	if r.Preview {
		if err := preview(ctx, res, name, nil, r.Properties); err != nil {
			return plugin.CreateResponse{}, err
		}
		out := r.Properties.Copy()
		for _, key := range res.Computed {
			if !out.HasValue(key) {
				out[key] = resource.MakeComputed(resource.NewProperty(""))
			}
		}
		return plugin.CreateResponse{Properties: out, Status: resource.StatusOK}, nil
	}
	id, out, err := res.Create(ctx, name, r.Properties)
	if err != nil {
		return plugin.CreateResponse{Status: resource.StatusUnknown}, err
	}
	return plugin.CreateResponse{ID: id, Properties: out, Status: resource.StatusOK}, nil
}

// preview leaves out inputs that are not known yet: nothing can be said of them.
func preview(ctx context.Context, res *Resource, name string, old, new Properties) error {
	if res.Preview == nil || new.ContainsUnknowns() {
		return nil
	}
	return res.Preview(ctx, name, old, new)
}

func (p *Provider) Read(ctx context.Context, r plugin.ReadRequest) (plugin.ReadResponse, error) {
	res, err := p.Resource(r.URN.Type())
	if err != nil {
		return plugin.ReadResponse{}, err
	}
	inputs := r.Inputs
	if len(inputs) == 0 && res.Import != nil {
		if inputs, err = res.Import(ctx, r.ID); err != nil {
			return plugin.ReadResponse{}, err
		}
	}
	out, err := res.Read(ctx, r.ID, inputs, r.State)
	if err != nil {
		return plugin.ReadResponse{}, err
	}
	if out == nil {
		return plugin.ReadResponse{Status: resource.StatusOK}, nil
	}
	return plugin.ReadResponse{
		ReadResult: plugin.ReadResult{ID: r.ID, Inputs: inputs, Outputs: out},
		Status:     resource.StatusOK,
	}, nil
}

// Update keeps known outputs known in a preview, or everything that depends on them would seem to change.
func (p *Provider) Update(ctx context.Context, r plugin.UpdateRequest) (plugin.UpdateResponse, error) {
	res, err := p.Resource(r.URN.Type())
	if err != nil {
		return plugin.UpdateResponse{}, err
	}
	if r.Preview {
		if err := preview(ctx, res, r.URN.Name(), r.OldOutputs, r.NewInputs); err != nil {
			return plugin.UpdateResponse{}, err
		}
		out := r.OldOutputs.Copy()
		for key, value := range r.NewInputs {
			out[key] = value
		}
		return plugin.UpdateResponse{Properties: out, Status: resource.StatusOK}, nil
	}
	out, err := res.Update(ctx, r.ID, r.OldOutputs, r.NewInputs)
	if err != nil {
		return plugin.UpdateResponse{Status: resource.StatusUnknown}, err
	}
	return plugin.UpdateResponse{Properties: out, Status: resource.StatusOK}, nil
}

func (p *Provider) Delete(ctx context.Context, r plugin.DeleteRequest) (plugin.DeleteResponse, error) {
	res, err := p.Resource(r.URN.Type())
	if err != nil {
		return plugin.DeleteResponse{}, err
	}
	if err := res.Delete(ctx, r.ID, r.Outputs); err != nil {
		return plugin.DeleteResponse{Status: resource.StatusUnknown}, err
	}
	return plugin.DeleteResponse{Status: resource.StatusOK}, nil
}

func (p *Provider) Invoke(ctx context.Context, r plugin.InvokeRequest) (plugin.InvokeResponse, error) {
	if p.Function == nil {
		return plugin.InvokeResponse{}, errors.New("the " + p.Package + " stand-in has no functions")
	}
	out, err := p.Function(ctx, r.Tok, r.Args)
	return plugin.InvokeResponse{Properties: out}, err
}

// diff leaves DetailedDiff empty: the engine then shows the changed inputs by itself.
func diff(old, new Properties, res *Resource) plugin.DiffResult {
	delta := old.Diff(new, resource.IsInternalPropertyKey)
	if delta == nil {
		return plugin.DiffResult{Changes: plugin.DiffNone}
	}
	result := plugin.DiffResult{Changes: plugin.DiffSome, ChangedKeys: delta.ChangedKeys()}
	for _, key := range res.ReplaceOn {
		if delta.Changed(key) {
			result.ReplaceKeys = append(result.ReplaceKeys, key)
		}
	}
	if res.Replaces != nil {
		result.ReplaceKeys = append(result.ReplaceKeys, res.Replaces(old, new)...)
	}
	result.DeleteBeforeReplace = res.DeleteBeforeReplace && len(result.ReplaceKeys) > 0
	return result
}
