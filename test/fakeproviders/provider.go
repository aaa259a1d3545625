package fakeproviders

import (
	"context"
	"errors"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
)

// instanceServer translates the engine's calls for one Instance.
type instanceServer struct {
	pulumirpc.UnimplementedResourceProviderServer
	provider *Provider
	instance *Instance
}

func unmarshal(s *structpb.Struct) (Properties, error) {
	return plugin.UnmarshalProperties(s, plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, PropagateNil: true})
}

func marshal(p Properties) (*structpb.Struct, error) {
	return plugin.MarshalProperties(p, plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, PropagateNil: true})
}

// unmarshalInto reads several properties at once.
func unmarshalInto(pairs map[*Properties]*structpb.Struct) error {
	for into, from := range pairs {
		var err error
		if *into, err = unmarshal(from); err != nil {
			return err
		}
	}
	return nil
}

// Attach is called by the engine on every provider it finds through PULUMI_DEBUG_PROVIDERS.
func (s *instanceServer) Attach(context.Context, *pulumirpc.PluginAttach) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

func (s *instanceServer) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

func (s *instanceServer) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: s.provider.PackageVersion}, nil
}

func (s *instanceServer) GetSchema(context.Context, *pulumirpc.GetSchemaRequest) (*pulumirpc.GetSchemaResponse, error) {
	schema := fmt.Sprintf(`{"name":%q,"version":%q}`, s.provider.Package, s.provider.PackageVersion)
	return &pulumirpc.GetSchemaResponse{Schema: schema}, nil
}

func (s *instanceServer) CheckConfig(_ context.Context, r *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	return &pulumirpc.CheckResponse{Inputs: r.GetNews()}, nil
}

func (s *instanceServer) DiffConfig(_ context.Context, r *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	request := plugin.DiffConfigRequest{URN: resource.URN(r.GetUrn())}
	if err := unmarshalInto(map[*Properties]*structpb.Struct{
		&request.OldInputs: r.GetOldInputs(), &request.OldOutputs: r.GetOlds(), &request.NewInputs: r.GetNews(),
	}); err != nil {
		return nil, err
	}
	if s.instance.DiffConfig == nil {
		return diffResponse(CompareInputs(request.OldInputs, request.NewInputs)), nil
	}
	return diffResponse(s.instance.DiffConfig(request)), nil
}

func (s *instanceServer) Configure(ctx context.Context,
	r *pulumirpc.ConfigureRequest) (*pulumirpc.ConfigureResponse, error) {
	inputs, err := unmarshal(r.GetArgs())
	if err == nil && s.instance.Configure != nil {
		err = s.instance.Configure(ctx, inputs)
	}
	return &pulumirpc.ConfigureResponse{SupportsPreview: true, AcceptSecrets: s.instance.AcceptSecrets}, err
}

func (s *instanceServer) Check(ctx context.Context, r *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	request := plugin.CheckRequest{URN: resource.URN(r.GetUrn()), AllowUnknowns: true, RandomSeed: r.GetRandomSeed()}
	res, err := s.instance.Resource(request.URN.Type())
	if err != nil {
		return nil, err
	}
	if err := unmarshalInto(map[*Properties]*structpb.Struct{&request.Olds: r.GetOlds(),
		&request.News: r.GetNews()}); err != nil {
		return nil, err
	}
	checked, err := res.Check(ctx, request)
	if err != nil {
		return nil, err
	}
	response := &pulumirpc.CheckResponse{}
	for _, f := range checked.Failures {
		response.Failures = append(response.Failures, &pulumirpc.CheckFailure{Property: string(f.Property), Reason: f.Reason})
	}
	response.Inputs, err = marshal(checked.Properties)
	return response, err
}

func (s *instanceServer) Diff(ctx context.Context, r *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	request := plugin.DiffRequest{
		URN: resource.URN(r.GetUrn()), ID: resource.ID(r.GetId()), AllowUnknowns: true, IgnoreChanges: r.GetIgnoreChanges(),
	}
	res, err := s.instance.Resource(request.URN.Type())
	if err != nil {
		return nil, err
	}
	if err := unmarshalInto(map[*Properties]*structpb.Struct{
		&request.OldInputs: r.GetOldInputs(), &request.OldOutputs: r.GetOlds(), &request.NewInputs: r.GetNews(),
	}); err != nil {
		return nil, err
	}
	result, err := res.Diff(ctx, request)
	if err != nil {
		return nil, err
	}
	return diffResponse(result), nil
}

func (s *instanceServer) Create(ctx context.Context, r *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	request := plugin.CreateRequest{URN: resource.URN(r.GetUrn()), Timeout: r.GetTimeout(), Preview: r.GetPreview()}
	res, err := s.instance.Resource(request.URN.Type())
	if err != nil {
		return nil, err
	}
	if request.Properties, err = unmarshal(r.GetProperties()); err != nil {
		return nil, err
	}
	id, outputs, err := res.Create(ctx, request)
	if err != nil {
		return nil, err
	}
	response := &pulumirpc.CreateResponse{Id: string(id)}
	response.Properties, err = marshal(outputs)
	return response, err
}

func (s *instanceServer) Read(ctx context.Context, r *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error) {
	request := plugin.ReadRequest{URN: resource.URN(r.GetUrn()), ID: resource.ID(r.GetId()), Timeout: r.GetTimeout()}
	res, err := s.instance.Resource(request.URN.Type())
	if err != nil {
		return nil, err
	}
	if err := unmarshalInto(map[*Properties]*structpb.Struct{&request.Inputs: r.GetInputs(),
		&request.State: r.GetProperties()}); err != nil {
		return nil, err
	}
	result, err := res.Read(ctx, request)
	if err != nil || result.ID == "" {
		return &pulumirpc.ReadResponse{}, err
	}
	response := &pulumirpc.ReadResponse{Id: string(result.ID)}
	if response.Inputs, err = marshal(result.Inputs); err != nil {
		return nil, err
	}
	response.Properties, err = marshal(result.Outputs)
	return response, err
}

func (s *instanceServer) Update(ctx context.Context, r *pulumirpc.UpdateRequest) (*pulumirpc.UpdateResponse, error) {
	request := plugin.UpdateRequest{
		URN: resource.URN(r.GetUrn()), ID: resource.ID(r.GetId()), Timeout: r.GetTimeout(),
		Preview: r.GetPreview(), IgnoreChanges: r.GetIgnoreChanges(),
	}
	res, err := s.instance.Resource(request.URN.Type())
	if err != nil {
		return nil, err
	}
	if err := unmarshalInto(map[*Properties]*structpb.Struct{
		&request.OldInputs: r.GetOldInputs(), &request.OldOutputs: r.GetOlds(), &request.NewInputs: r.GetNews(),
	}); err != nil {
		return nil, err
	}
	outputs, err := res.Update(ctx, request)
	if err != nil {
		return nil, err
	}
	response := &pulumirpc.UpdateResponse{}
	response.Properties, err = marshal(outputs)
	return response, err
}

func (s *instanceServer) Delete(ctx context.Context, r *pulumirpc.DeleteRequest) (*emptypb.Empty, error) {
	request := plugin.DeleteRequest{URN: resource.URN(r.GetUrn()), ID: resource.ID(r.GetId()), Timeout: r.GetTimeout()}
	res, err := s.instance.Resource(request.URN.Type())
	if err != nil {
		return nil, err
	}
	if err := unmarshalInto(map[*Properties]*structpb.Struct{&request.Inputs: r.GetOldInputs(),
		&request.Outputs: r.GetProperties()}); err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, res.Delete(ctx, request)
}

func (s *instanceServer) Invoke(ctx context.Context, r *pulumirpc.InvokeRequest) (*pulumirpc.InvokeResponse, error) {
	if s.instance.Function == nil {
		return nil, errors.New("the " + s.provider.Package + " stand-in has no functions")
	}
	args, err := unmarshal(r.GetArgs())
	if err != nil {
		return nil, err
	}
	result, err := s.instance.Function(ctx, tokens.ModuleMember(r.GetTok()), args)
	if err != nil {
		return nil, err
	}
	response := &pulumirpc.InvokeResponse{}
	response.Return, err = marshal(result)
	return response, err
}

// CompareInputs finds the inputs that differ; none of them replaces.
func CompareInputs(old, new Properties) plugin.DiffResult {
	delta := old.Diff(new, resource.IsInternalPropertyKey)
	if delta == nil {
		return plugin.DiffResult{Changes: plugin.DiffNone}
	}
	return plugin.DiffResult{
		Changes: plugin.DiffSome, ChangedKeys: delta.ChangedKeys(),
		DetailedDiff: plugin.NewDetailedDiffFromObjectDiff(delta, true),
	}
}

var kinds = map[plugin.DiffKind]pulumirpc.PropertyDiff_Kind{
	plugin.DiffAdd:           pulumirpc.PropertyDiff_ADD,
	plugin.DiffAddReplace:    pulumirpc.PropertyDiff_ADD_REPLACE,
	plugin.DiffDelete:        pulumirpc.PropertyDiff_DELETE,
	plugin.DiffDeleteReplace: pulumirpc.PropertyDiff_DELETE_REPLACE,
	plugin.DiffUpdate:        pulumirpc.PropertyDiff_UPDATE,
	plugin.DiffUpdateReplace: pulumirpc.PropertyDiff_UPDATE_REPLACE,
}

func diffResponse(d plugin.DiffResult) *pulumirpc.DiffResponse {
	response := &pulumirpc.DiffResponse{
		Changes: pulumirpc.DiffResponse_DIFF_NONE, DeleteBeforeReplace: d.DeleteBeforeReplace,
		HasDetailedDiff: d.DetailedDiff != nil,
	}
	if d.Changes == plugin.DiffSome {
		response.Changes = pulumirpc.DiffResponse_DIFF_SOME
	}
	for path, change := range d.DetailedDiff {
		if response.DetailedDiff == nil {
			response.DetailedDiff = map[string]*pulumirpc.PropertyDiff{}
		}
		response.DetailedDiff[path] = &pulumirpc.PropertyDiff{Kind: kinds[change.Kind], InputDiff: change.InputDiff}
	}
	strs := func(keys []resource.PropertyKey) []string {
		var list []string
		for _, key := range keys {
			list = append(list, string(key))
		}
		return list
	}
	response.Diffs, response.Replaces, response.Stables = strs(d.ChangedKeys), strs(d.ReplaceKeys), strs(d.StableKeys)
	return response
}
