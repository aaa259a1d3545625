package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"doks-security/test/fakeproviders"
)

// A state's properties are the live object's, and these.
const (
	inputsKey       = "__inputs"
	apiVersionKey   = "__initialApiVersion"
	fieldManagerKey = "__fieldManager"
)

// object is any kind of the Kubernetes API.
type object struct {
	*provider
	kind schema.GroupVersionKind
}

// kindOf reads a type token, kubernetes:<group>/<version>:<Kind>; the core group is called core.
func kindOf(token string) (schema.GroupVersionKind, error) {
	parts := strings.Split(token, ":")
	if len(parts) != 3 {
		return schema.GroupVersionKind{}, fmt.Errorf("the Kubernetes stand-in has no %s", token)
	}
	group, version, ok := strings.Cut(parts[1], "/")
	if !ok {
		return schema.GroupVersionKind{}, fmt.Errorf("the Kubernetes stand-in has no %s", token)
	}
	if group == "core" {
		group = ""
	}
	return schema.GroupVersionKind{Group: group, Version: version, Kind: parts[2]}, nil
}

// Check completes the namespace and writes values as the API does.
func (o object) Check(_ context.Context, r plugin.CheckRequest) (plugin.CheckResponse, error) {
	inputs := normalize(plain(r.News))
	if inputs.GetName() == "" {
		// Every object of this project is named: others refer to it.
		failure := plugin.CheckFailure{Property: "metadata.name", Reason: "the stand-in names nothing by itself; name " +
			r.URN.Name()}
		return plugin.CheckResponse{Properties: r.News, Failures: []plugin.CheckFailure{failure}}, nil
	}
	if inputs.GetNamespace() == "" && o.namespaced() {
		inputs.SetNamespace(metav1.NamespaceDefault)
	}
	checked := resource.NewPropertyMapFromMap(inputs.Object)
	markSecrets(checked, r.News)
	markData(inputs, checked)
	return plugin.CheckResponse{Properties: checked}, nil
}

// Diff compares what the live object has of the old inputs with the new ones: what others manage is no difference.
func (o object) Diff(_ context.Context, r plugin.DiffRequest) (plugin.DiffResult, error) {
	before, live := stored(r.OldOutputs)
	old, news := prune(live.Object, normalize(before).Object), normalize(plain(r.NewInputs))
	if old == nil {
		old = map[string]any{}
	}
	o.identify(old, news.Object, live)
	result := plugin.DiffResult{Changes: plugin.DiffNone, DetailedDiff: map[string]plugin.PropertyDiff{}}
	delta := resource.NewPropertyMapFromMap(old).Diff(resource.NewPropertyMapFromMap(news.Object))
	if delta == nil {
		return result, nil
	}
	result.Changes = plugin.DiffSome
	result.DetailedDiff = plugin.NewDetailedDiffFromObjectDiff(delta, false)
	for path, change := range result.DetailedDiff {
		if !o.forcesNew(news, path) {
			continue
		}
		change.Kind = change.Kind.AsReplace()
		result.DetailedDiff[path] = change
		result.ReplaceKeys = append(result.ReplaceKeys, resource.PropertyKey(path))
	}
	result.DeleteBeforeReplace = len(result.ReplaceKeys) > 0 && news.GetName() == live.GetName() &&
		news.GetNamespace() == live.GetNamespace()
	return result, nil
}

// identify makes both sides say the same of what is known anyway: kind, namespace and name.
func (o object) identify(old, news map[string]any, live *unstructured.Unstructured) {
	was, is := &unstructured.Unstructured{Object: old}, &unstructured.Unstructured{Object: news}
	namespace := func(u *unstructured.Unstructured) string {
		if !o.namespaced() {
			return ""
		}
		if u.GetNamespace() == "" {
			return metav1.NamespaceDefault
		}
		return u.GetNamespace()
	}
	was.SetNamespace(namespace(was))
	is.SetNamespace(namespace(is))
	if was.GroupVersionKind().Empty() {
		was.SetGroupVersionKind(o.kind)
	}
	if is.GetName() != "" {
		was.SetName(live.GetName())
	}
}

func (o object) Create(ctx context.Context, r plugin.CreateRequest) (resource.ID, fakeproviders.Properties, error) {
	if r.Preview && (r.Properties.ContainsUnknowns() || !o.exists()) {
		return "", r.Properties, nil
	}
	if _, err := o.cluster(); err != nil {
		return "", nil, err
	}
	inputs, manager := plain(r.Properties), newFieldManager()
	live, err := o.create(ctx, inputs, manager, r.Preview)
	if r.Preview {
		var missing missingNamespaceError
		if apierrors.IsForbidden(err) || apierrors.IsAlreadyExists(err) || errors.As(err, &missing) {
			return "", r.Properties, nil
		}
		if err == nil {
			unstructured.RemoveNestedField(live.Object, "status")
			return "", state(inputs, live, r.Properties, manager), nil
		}
	}
	switch {
	case meta.IsNoMatchError(err):
		return "", nil, fmt.Errorf("creation of resource %q with kind %s/%s failed because the Kubernetes API server "+
			"reported that the apiVersion for this resource does not exist. Verify that any required CRDs have been created: %w",
			r.URN, o.kind.GroupVersion(), o.kind.Kind, err)
	case err != nil:
		return "", nil, fmt.Errorf("resource %q was not successfully created by the Kubernetes API server: %w", r.URN, err)
	}
	live, err = o.await(ctx, live, timeout(r.Timeout))
	id, outputs := identity(live), state(inputs, live, r.Properties, manager)
	if err != nil {
		return "", nil, fakeproviders.InitError(id, nil, outputs,
			fmt.Errorf("resource %q was successfully created, but the Kubernetes API server "+
				"reported that it failed to fully initialize or become live: %w", r.URN, err))
	}
	return id, outputs, nil
}

func (o object) Read(ctx context.Context, r plugin.ReadRequest) (plugin.ReadResult, error) {
	if o.unreachable != nil {
		if o.deleteUnreachable {
			return plugin.ReadResult{}, nil
		}
		return plugin.ReadResult{},
			errors.New("failed to read resource state due to unreachable cluster. If the cluster was " +
				"deleted, you can remove this resource from Pulumi state by rerunning the operation with the " +
				`PULUMI_K8S_DELETE_UNREACHABLE environment variable set to "true"`)
	}
	inputs := normalize(plain(r.Inputs))
	imported := len(inputs.Object) == 0
	if imported {
		inputs.SetGroupVersionKind(o.kind)
		namespace, name, ok := strings.Cut(string(r.ID), "/")
		if !ok {
			namespace, name = "", namespace
		}
		inputs.SetName(name)
		inputs.SetNamespace(namespace)
	}
	live, err := o.get(ctx, inputs)
	if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
		return plugin.ReadResult{}, nil
	}
	if err != nil {
		return plugin.ReadResult{}, err
	}
	found := &unstructured.Unstructured{Object: prune(live.Object, inputs.Object)}
	manager := newFieldManager()
	if v := r.State[fieldManagerKey]; v.IsString() {
		manager = v.StringValue()
	}
	news := resource.NewPropertyMapFromMap(found.Object)
	markSecrets(news, r.Inputs)
	markData(live, news)
	return plugin.ReadResult{ID: r.ID, Inputs: news, Outputs: state(found, live, r.Inputs, manager)}, nil
}

func (o object) Update(ctx context.Context, r plugin.UpdateRequest) (fakeproviders.Properties, error) {
	if r.Preview && (r.NewInputs.ContainsUnknowns() || !o.exists()) {
		return r.NewInputs, nil
	}
	if _, err := o.cluster(); err != nil {
		return nil, err
	}
	inputs := normalize(plain(r.NewInputs))
	manager := newFieldManager()
	if v := r.OldOutputs[fieldManagerKey]; v.IsString() {
		manager = v.StringValue()
	}
	live, err := o.apply(ctx, inputs, manager, r.Preview)
	if err == nil && !r.Preview {
		live, err = o.await(ctx, live, timeout(r.Timeout))
	}
	if err == nil {
		return state(inputs, live, r.NewInputs, manager), nil
	}
	if r.Preview && apierrors.IsForbidden(err) {
		return r.NewInputs, nil
	}
	if meta.IsNoMatchError(err) {
		return nil, fmt.Errorf("update of resource %q failed because the Kubernetes API server "+
			"reported that the apiVersion for this resource does not exist. Verify that any required CRDs have been created: %w",
			r.URN, err)
	}
	live, getErr := o.get(ctx, inputs)
	if getErr != nil {
		return nil, errors.Join(fmt.Errorf("update of resource %q failed: %w", r.URN, err),
			fmt.Errorf("unable to get cluster state: %w", getErr))
	}
	return nil, fakeproviders.InitError(identity(live), nil, state(inputs, live, r.NewInputs, manager), fmt.Errorf(
		"the Kubernetes API server reported that %q failed to fully initialize or become live: %w", identity(live), err))
}

func (o object) Delete(ctx context.Context, r plugin.DeleteRequest) error {
	if o.unreachable != nil {
		if o.deleteUnreachable {
			return nil
		}
		return errors.New("configured Kubernetes cluster is unreachable. If the cluster was deleted, " +
			"you can remove this resource from Pulumi state by rerunning the operation with the " +
			`PULUMI_K8S_DELETE_UNREACHABLE environment variable set to "true"`)
	}
	_, live := stored(r.Outputs)
	err := o.remove(ctx, live, timeout(r.Timeout))
	if meta.IsNoMatchError(err) || apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// stored takes a state apart: the inputs it was made from, and the live object.
func stored(outputs fakeproviders.Properties) (inputs, live *unstructured.Unstructured) {
	all := plain(outputs).Object
	before, _ := all[inputsKey].(map[string]any)
	all = maps.Clone(all)
	for _, key := range []string{inputsKey, apiVersionKey, fieldManagerKey} {
		delete(all, key)
	}
	return &unstructured.Unstructured{Object: before}, &unstructured.Unstructured{Object: all}
}

// state is what is kept of an object: it, the inputs, and what was secret in them.
func state(inputs, live *unstructured.Unstructured, from fakeproviders.Properties,
	manager string) fakeproviders.Properties {
	outputs, kept := resource.NewPropertyMapFromMap(live.Object), resource.NewPropertyMapFromMap(inputs.Object)
	markSecrets(outputs, from)
	markSecrets(kept, from)
	markData(live, outputs)
	markData(live, kept)
	outputs[inputsKey] = resource.NewProperty(kept)
	outputs[apiVersionKey] = resource.NewProperty(live.GetAPIVersion())
	outputs[fieldManagerKey] = resource.NewProperty(manager)
	return outputs
}

func identity(live *unstructured.Unstructured) resource.ID {
	if live.GetNamespace() == "" {
		return resource.ID(live.GetName())
	}
	return resource.ID(live.GetNamespace() + "/" + live.GetName())
}
