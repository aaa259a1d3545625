package recorded

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil/rpcerror"
	"google.golang.org/grpc/codes"
)

// answer starts one: an error's text, and the state that came with it.
func (s *session) answer(err error) map[string]any {
	a := map[string]any{}
	var partial *plugin.InitError
	var answered *rpcerror.Error
	switch {
	case errors.As(err, &partial):
		reasons := []any{}
		for _, reason := range partial.Reasons {
			reasons = append(reasons, s.mask.error(reason))
		}
		a["failed, and kept in the state"] = reasons
	case errors.As(err, &answered) && answered.Code() == codes.Unavailable: // the connection is lost
		a["crashed"] = true
	case err != nil:
		a["error"] = s.mask.error(err.Error())
	}
	return a
}

func (s *session) check(ctx context.Context, changes map[string]any) (resource.PropertyMap, map[string]any) {
	news := resource.NewPropertyMapFromMap(s.substitute(changed(s.sent, changes)).(map[string]any))
	response, err := s.provider.Check(ctx, plugin.CheckRequest{
		URN: s.urn, Olds: s.inputs, News: news, AllowUnknowns: true, RandomSeed: make([]byte, 32),
	})
	a := s.answer(err)
	if delta := s.mask.delta(news, response.Properties); err == nil && len(delta) > 0 {
		a["inputs"] = delta
	}
	// they come in any order
	slices.SortFunc(response.Failures, func(a, b plugin.CheckFailure) int { return strings.Compare(a.Reason, b.Reason) })
	for _, f := range response.Failures {
		failures, _ := a["failures"].([]any)
		a["failures"] = append(failures, map[string]any{string(f.Property): s.mask.error(f.Reason)})
	}
	return response.Properties, a
}

// prefixed adds what Check answered, if it is more than the inputs it was sent.
func prefixed(a, check map[string]any) map[string]any {
	if len(check) > 0 {
		a["check"] = check
	}
	return a
}

func (s *session) create(ctx context.Context, changes map[string]any, preview bool) map[string]any {
	inputs, check := s.check(ctx, changes)
	if check["error"] != nil || check["failures"] != nil {
		return prefixed(map[string]any{}, check)
	}
	response, err := s.provider.Create(ctx, plugin.CreateRequest{URN: s.urn, Properties: inputs, Preview: preview,
		Timeout: s.timeout})
	a := prefixed(s.answer(err), check)
	if err != nil && response.ID == "" {
		return a
	}
	a["outputs"] = s.mask.delta(inputs, response.Properties)
	if preview {
		return a
	}
	a["id"] = s.mask.text(string(response.ID))
	s.sent, s.id, s.inputs, s.outputs = changed(s.sent, changes), response.ID, inputs, response.Properties
	return a
}

func (s *session) diff(ctx context.Context, changes map[string]any) map[string]any {
	inputs, check := s.check(ctx, changes)
	response, err := s.provider.Diff(ctx, plugin.DiffRequest{
		URN: s.urn, ID: s.id, OldInputs: s.inputs, OldOutputs: s.outputs, NewInputs: inputs, AllowUnknowns: true,
	})
	delete(check, "inputs") // recorded where the resource is made
	a := prefixed(s.answer(err), check)
	if err == nil {
		describe(a, response)
	}
	return a
}

func (s *session) update(ctx context.Context, changes map[string]any, preview bool) map[string]any {
	inputs, check := s.check(ctx, changes)
	response, err := s.provider.Update(ctx, plugin.UpdateRequest{
		URN: s.urn, ID: s.id, OldInputs: s.inputs, OldOutputs: s.outputs, NewInputs: inputs, Preview: preview,
		Timeout: s.timeout,
	})
	delete(check, "inputs")
	a := prefixed(s.answer(err), check)
	if response.Properties == nil {
		return a
	}
	a["outputs"] = s.mask.delta(s.outputs, response.Properties)
	if !preview {
		s.sent, s.inputs, s.outputs = changed(s.sent, changes), inputs, response.Properties
	}
	return a
}

func (s *session) read(ctx context.Context, r plugin.ReadRequest) map[string]any {
	response, err := s.provider.Read(ctx, r)
	a := s.answer(err)
	if err != nil && response.Outputs == nil {
		return a
	}
	if response.ID == "" {
		a["gone"] = true
		return a
	}
	if response.ID != r.ID {
		a["id"] = s.mask.text(string(response.ID))
	}
	a["inputs"], a["outputs"] = s.mask.delta(r.Inputs, response.Inputs), s.mask.delta(r.State, response.Outputs)
	s.id, s.inputs, s.outputs = response.ID, response.Inputs, response.Outputs
	return a
}

func (s *session) diffConfig(ctx context.Context, changes map[string]any) (map[string]any, error) {
	old, news := resource.NewPropertyMapFromMap(s.config), resource.NewPropertyMapFromMap(changed(s.config, changes))
	urn := resource.NewURN("test", "test", "", tokens.Type("pulumi:providers:"+string(s.kind.Package())), "drill")
	response, err := s.provider.DiffConfig(ctx,
		plugin.DiffConfigRequest{URN: urn, OldInputs: old, OldOutputs: old, NewInputs: news, AllowUnknowns: true})
	a := s.answer(err)
	if err == nil {
		describe(a, response)
	}
	return a, nil
}
