package fakeproviders

import (
	"context"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil/rpcerror"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
)

// Properties are a resource's inputs or outputs.
type Properties = resource.PropertyMap

// Instance is a provider with its own configuration.
type Instance struct {
	// Configure takes the provider's configuration. It is called before any resource of that provider. Optional.
	Configure func(ctx context.Context, inputs Properties) error
	// AcceptSecrets makes the engine pass secrets, as secrets, and leave it to the provider to mark them in what it
	// returns. Without it the engine strips them before a call, and marks outputs by the path of their inputs.
	AcceptSecrets bool
	// DiffConfig compares two configurations. Optional: without it no change replaces the provider.
	DiffConfig func(r plugin.DiffConfigRequest) plugin.DiffResult
	// Resource finds what a type token stands for.
	Resource func(token tokens.Type) (Resource, error)
	// Function answers an invoke. Optional.
	Function func(ctx context.Context, token tokens.ModuleMember, args Properties) (Properties, error)
}

// Resource is what a provider does for one type token.
type Resource interface {
	// Check completes the inputs with defaults and finds their errors.
	Check(ctx context.Context, r plugin.CheckRequest) (plugin.CheckResponse, error)
	Diff(ctx context.Context, r plugin.DiffRequest) (plugin.DiffResult, error)
	// Create returns the identifier and all outputs. In a preview it changes nothing, and outputs may be unknown.
	Create(ctx context.Context, r plugin.CreateRequest) (resource.ID, Properties, error)
	// Read finds the inputs and outputs as they are now. Without state it imports. The result has no ID if the
	// resource is gone.
	Read(ctx context.Context, r plugin.ReadRequest) (plugin.ReadResult, error)
	// Update returns all outputs.
	Update(ctx context.Context, r plugin.UpdateRequest) (Properties, error)
	// Delete returns once the resource is gone.
	Delete(ctx context.Context, r plugin.DeleteRequest) error
}

// InitError reports that a resource exists although a call has failed: the engine keeps it in the state, with these
// properties, and the next update repairs it.
func InitError(id resource.ID, inputs, outputs Properties, reason error) error {
	detail := &pulumirpc.ErrorResourceInitFailed{Id: string(id), Reasons: []string{reason.Error()}}
	var err error
	if detail.Properties, err = marshal(outputs); err != nil {
		return err
	}
	if inputs != nil {
		if detail.Inputs, err = marshal(inputs); err != nil {
			return err
		}
	}
	return rpcerror.WithDetails(rpcerror.New(codes.Unknown, reason.Error()), detail)
}

// Stateless is a Resource of the state alone, such as a password: Read finds what the state has, Delete does nothing.
type Stateless struct{}

func (Stateless) Check(_ context.Context, r plugin.CheckRequest) (plugin.CheckResponse, error) {
	return plugin.CheckResponse{Properties: r.News}, nil
}

func (Stateless) Read(_ context.Context, r plugin.ReadRequest) (plugin.ReadResult, error) {
	return plugin.ReadResult{ID: r.ID, Inputs: r.Inputs, Outputs: r.State}, nil
}

func (Stateless) Delete(context.Context, plugin.DeleteRequest) error { return nil }
