package digitalocean

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"

	"doks-security/test/fakeproviders"
)

// defaults lists, in every object of inputs, the properties that the program did not set.
const defaults = "__defaults"

// bridged is a resource of Terraform's provider, as Pulumi's bridge shows it to the engine. A difference is one between
// the state and the inputs, not between old and new inputs: what a refresh found is undone by the next update.
type bridged struct {
	schema schema
	// What the provider does. An ID of "" after an error says that nothing was made; otherwise the resource is kept in
	// the state. Read without a resource sets the ID to "".
	create, read, update, remove func(ctx context.Context, d *data) error
	// importer completes an ID before it is read. Without one the resource cannot be imported.
	importer func(ctx context.Context, d *data) error
	// forces reports that a change needs a new resource, where the schema cannot say it. Optional.
	forces func(d *data) bool
	// idle says that an update without a difference, as after a failed one, neither sends nor reads anything.
	idle bool
	// deletion and creation are how long those may take.
	creation, deletion time.Duration
}

func (b *bridged) Check(_ context.Context, r plugin.CheckRequest) (plugin.CheckResponse, error) {
	inputs := withoutNulls(r.News)
	added := []string{}
	if b.schema["name"].named && inputs["name"] == nil {
		name, err := chooseName(r)
		if err != nil {
			return plugin.CheckResponse{}, err
		}
		inputs["name"], added = name, []string{"name"}
	}
	failures := b.schema.failures(r.URN.Name(), place{}, inputs)
	inputs = b.schema.complete(inputs)
	inputs[defaults] = anys(slices.Sorted(slices.Values(append(added, texts(inputs[defaults])...))))
	return plugin.CheckResponse{Properties: properties(inputs, nil), Failures: failures}, nil
}

// chooseName keeps the name that an earlier call chose.
func chooseName(r plugin.CheckRequest) (string, error) {
	old := plainMap(r.Olds)
	if isChosen(old) {
		return fmt.Sprint(old["name"]), nil
	}
	return resource.NewUniqueName(r.RandomSeed, r.URN.Name()+"-", 7, 0, nil)
}

// isChosen reports that the name is none of the program.
func isChosen(inputs map[string]any) bool { return slices.Contains(texts(inputs[defaults]), "name") }

func (b *bridged) Diff(_ context.Context, r plugin.DiffRequest) (plugin.DiffResult, error) {
	d := b.plan(r.ID, r.OldOutputs, r.NewInputs)
	result := plugin.DiffResult{Changes: plugin.DiffNone, DetailedDiff: b.differences(d)}
	if len(result.DetailedDiff) == 0 {
		return result, nil
	}
	result.Changes = plugin.DiffSome
	for path, change := range result.DetailedDiff {
		top := resource.PropertyKey(topLevel(path))
		if !slices.Contains(result.ChangedKeys, top) {
			result.ChangedKeys = append(result.ChangedKeys, top)
		}
		if change.Kind.IsReplace() && !slices.Contains(result.ReplaceKeys, top) {
			result.ReplaceKeys = append(result.ReplaceKeys, top)
		}
	}
	_, hasDefaults := d.config[defaults]
	result.DeleteBeforeReplace = len(result.ReplaceKeys) > 0 && hasDefaults && b.schema["name"].named &&
		d.config["name"] != nil && !isChosen(d.config)
	return result, nil
}

func topLevel(path string) string {
	if i := strings.IndexAny(path, ".["); i >= 0 {
		return path[:i]
	}
	return path
}

func (b *bridged) Create(ctx context.Context, r plugin.CreateRequest) (resource.ID, fakeproviders.Properties, error) {
	d := b.plan("", nil, r.Properties)
	if r.Preview {
		b.schema.unknown(d.values, true)
		out := b.outputs(d)
		out["id"] = resource.MakeComputed(resource.NewProperty(""))
		return "", out, nil
	}
	ctx, cancel := within(ctx, r.Timeout, b.creation)
	defer cancel()
	err := b.create(ctx, d)
	b.schema.settle(d.state, d.values, false)
	switch {
	case err == nil && d.id == "":
		return "", nil, fmt.Errorf("expected non-nil error with nil state during Create of %s", r.URN) // the published words
	case err == nil:
		return resource.ID(d.id), b.outputs(d), nil
	case d.id == "": // nothing is kept
		return "", nil, fmt.Errorf("1 error occurred:\n\t* %w\n\n", err)
	}
	b.schema.blank(d.values)
	return "", nil, fakeproviders.InitError(resource.ID(d.id), nil, b.outputs(d),
		fmt.Errorf("creating %s: 1 error occurred:\n\t* %w\n\n", r.URN, err))
}

func (b *bridged) Read(ctx context.Context, r plugin.ReadRequest) (plugin.ReadResult, error) {
	refresh := len(r.State) > 0
	d := &data{id: string(r.ID), state: plainMap(r.State), values: plainMap(r.State)}
	if !refresh && b.importer == nil {
		return plugin.ReadResult{}, nil // it cannot be imported
	}
	if !refresh {
		if err := b.importer(ctx, d); err != nil {
			return plugin.ReadResult{}, nil // so the published plugin answers: there is nothing to import
		}
	}
	if err := b.read(ctx, d); err != nil {
		return plugin.ReadResult{}, fmt.Errorf("refreshing %s: 1 error occurred:\n\t* %w\n\n", r.URN,
			err)
	}
	if d.id == "" {
		return plugin.ReadResult{}, nil
	}
	outputs := b.outputs(d)
	inputs := b.schema.imported(b.schema.shape(d.values))
	if refresh {
		inputs, _ = b.schema.refreshed(plainMap(r.Inputs), d.values)
	}
	return plugin.ReadResult{ID: resource.ID(d.id), Inputs: properties(inputs, nil), Outputs: outputs}, nil
}

func (b *bridged) Update(ctx context.Context, r plugin.UpdateRequest) (fakeproviders.Properties, error) {
	d := b.plan(r.ID, r.OldOutputs, r.NewInputs)
	if r.Preview {
		b.schema.unknown(d.values, false)
		return b.outputs(d), nil
	}
	if b.idle && len(b.differences(d)) == 0 {
		return b.outputs(&data{id: d.id, values: d.state}), nil
	}
	ctx, cancel := within(ctx, r.Timeout, b.creation)
	defer cancel()
	err := b.update(ctx, d)
	b.schema.settle(d.state, d.values, true)
	if err != nil {
		return nil, fakeproviders.InitError(r.ID, nil, b.outputs(d),
			fmt.Errorf("updating %s: 1 error occurred:\n\t* %w\n\n", r.URN, err))
	}
	if d.id == "" {
		return nil, fmt.Errorf("Resource provider reported that the resource did not exist while updating %s.\n\n"+

			"This is usually a result of the resource having been deleted outside of Pulumi, and can often be "+
			"fixed by running `pulumi refresh` before updating.", r.URN)
	}
	return b.outputs(d), nil
}

func (b *bridged) Delete(ctx context.Context, r plugin.DeleteRequest) error {
	ctx, cancel := within(ctx, r.Timeout, b.deletion)
	defer cancel()
	d := &data{id: string(r.ID), state: plainMap(r.Outputs), values: plainMap(r.Outputs)}
	if err := b.remove(ctx, d); err != nil {
		return fmt.Errorf("deleting %s: 1 error occurred:\n\t* %w\n\n", r.URN, err)
	}
	return nil
}

// within limits a call to the resource's own timeout, in seconds, or to the provider's.
func within(ctx context.Context, seconds float64, usual time.Duration) (context.Context, context.CancelFunc) {
	if seconds > 0 {
		usual = time.Duration(seconds * float64(time.Second))
	}
	return context.WithTimeout(ctx, usual)
}

// plan merges the inputs into the state.
func (b *bridged) plan(id resource.ID, state, inputs fakeproviders.Properties) *data {
	d := &data{id: string(id), state: plainMap(state), config: plainMap(inputs)}
	d.values = b.schema.plan(d.state, d.config)
	b.schema.settle(d.state, d.values, false)
	return d
}

// outputs are all properties of the schema, null where there is nothing.
func (b *bridged) outputs(d *data) fakeproviders.Properties {
	out := properties(b.schema.shape(d.values), b.schema)
	if d.id != "" {
		out["id"] = resource.NewProperty(d.id)
	}
	return out
}

// byID imports what the ID says.
func byID(context.Context, *data) error { return nil }
