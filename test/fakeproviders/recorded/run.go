package recorded

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

// World is what a provider works on.
type World interface {
	// Config is the provider's configuration, and Env what a published plugin finds in its environment.
	Config(published bool) map[string]any
	Env() []string
	// Do makes something happen, and returns values for ${name} in later steps.
	Do(ctx context.Context, what string, arg any) (map[string]string, error)
	// Calls lists the requests by which the provider changed the world since the last time.
	Calls() []string
	// Mask replaces in a text what is different in each world.
	Mask(text string) string
	Close() error
}

// session is one case under way.
type session struct {
	open      func() (plugin.Provider, func() error, error)
	published bool
	provider  plugin.Provider
	close     func() error
	config    map[string]any
	world     World
	kind      tokens.Type
	urn       resource.URN
	mask      *masker
	variables map[string]string
	timeout   float64 // of a creation, an update or a deletion, in seconds

	sent            map[string]any // what the program says
	id              resource.ID
	inputs, outputs resource.PropertyMap // what the state has
}

// run makes the calls of a case.
func run(ctx context.Context, open func() (plugin.Provider, func() error, error), published bool, w World, t *Table,
	c Case) (_ []Answer, err error) {
	kind := tokens.Type(t.Type)
	s := &session{
		open: open, published: published, world: w, kind: kind, urn: resource.NewURN("test", "test", "", kind, "drill"),
		mask: newMasker(w), variables: map[string]string{}, sent: changed(t.Inputs, c.Inputs),
		outputs: resource.PropertyMap{},
		timeout: cmp.Or(c.Timeout, 60),
	}
	for _, step := range c.Before {
		if _, err := s.step(ctx, step); err != nil {
			return nil, fmt.Errorf("before: %s: %w", step.Do, err)
		}
	}
	if err := s.connect(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	var answers []Answer
	for i, step := range c.Steps {
		answer, err := s.step(ctx, step)
		if err != nil {
			return nil, fmt.Errorf("step %d, %s: %w", i+1, step.Do, err)
		}
		calls := w.Calls()
		if answer == nil {
			continue
		}
		if len(calls) > 0 {
			answer["calls"] = s.mask.lines(calls)
		}
		answers = append(answers, Answer{Step: step.Do, Answer: answer})
	}
	return answers, nil
}

// connect opens a provider and configures it, as the engine does with each operation.
func (s *session) connect(ctx context.Context) error {
	var err error
	if s.provider, s.close, err = s.open(); err != nil {
		return err
	}
	s.config = s.world.Config(s.published)
	kind := tokens.Type("pulumi:providers:" + string(s.kind.Package()))
	if _, err := s.provider.Configure(ctx, plugin.ConfigureRequest{Type: &kind,
		Inputs: resource.NewPropertyMapFromMap(s.config)}); err != nil {
		return errors.Join(fmt.Errorf("configuring: %w", err), s.close())
	}
	return nil
}

// changed returns a copy of inputs with changes: null removes a key, objects are merged.
func changed(inputs, changes map[string]any) map[string]any {
	result := maps.Clone(inputs)
	if result == nil {
		result = map[string]any{}
	}
	for key, value := range changes {
		old, isObject := result[key].(map[string]any)
		change, isChange := value.(map[string]any)
		switch {
		case value == nil:
			delete(result, key)
		case isObject && isChange:
			result[key] = changed(old, change)
		default:
			result[key] = value
		}
	}
	return result
}

// substitute replaces ${name}; ${unknown} is a value that is not known yet.
func (s *session) substitute(value any) any {
	switch v := value.(type) {
	case string:
		if v == "${unknown}" {
			return resource.Computed{Element: resource.NewProperty("")}
		}
		v = strings.ReplaceAll(v, "${id}", string(s.id))
		for name, text := range s.variables {
			v = strings.ReplaceAll(v, "${"+name+"}", text)
		}
		return v
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = s.substitute(v[i])
		}
		return list
	case map[string]any:
		m := map[string]any{}
		for key, element := range v {
			m[key] = s.substitute(element)
		}
		return m
	}
	return value
}

func (s *session) step(ctx context.Context, step Step) (map[string]any, error) {
	arg := s.substitute(step.Arg)
	changes, _ := arg.(map[string]any)
	if s.id == "" && slices.Contains([]string{"diff", "update", "preview update", "read", "delete"}, step.Do) {
		return map[string]any{"nothing in the state": true}, nil // the engine calls nothing
	}
	switch step.Do {
	case "check":
		_, answer := s.check(ctx, changes)
		return answer, nil
	case "diff":
		return s.diff(ctx, changes), nil
	case "create", "preview":
		return s.create(ctx, changes, step.Do == "preview"), nil
	case "update":
		return s.update(ctx, changes, false), nil
	case "preview update":
		return s.update(ctx, changes, true), nil
	case "read":
		return s.read(ctx, plugin.ReadRequest{URN: s.urn, ID: s.id, Inputs: s.inputs, State: s.outputs}), nil
	case "import":
		return s.read(ctx, plugin.ReadRequest{URN: s.urn, ID: resource.ID(fmt.Sprint(arg)), Inputs: resource.PropertyMap{},
			State: resource.PropertyMap{}}), nil
	case "delete":
		_, err := s.provider.Delete(ctx, plugin.DeleteRequest{URN: s.urn, ID: s.id, Inputs: s.inputs, Outputs: s.outputs,
			Timeout: s.timeout})
		return s.answer(err), nil
	case "again": // something happens between two operations of the engine
		if _, err := s.world.Do(ctx, fmt.Sprint(arg), nil); err != nil {
			return nil, err
		}
		if err := s.close(); err != nil {
			return nil, err
		}
		return nil, s.connect(ctx)
	case "diff config":
		return s.diffConfig(ctx, changes)
	}
	values, err := s.world.Do(ctx, step.Do, arg)
	maps.Copy(s.variables, values)
	return nil, err
}
