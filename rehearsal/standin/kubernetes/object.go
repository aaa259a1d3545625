package kubernetes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/restmapper"

	"doks-security/rehearsal/standin"
)

const (
	fieldManager = "pulumi"
	deletionTime = 5 * time.Minute
)

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

func (p *provider) object(kind schema.GroupVersionKind) *standin.Resource {
	return &standin.Resource{
		DeleteBeforeReplace: true,
		Replaces: func(old, new standin.Properties) []resource.PropertyKey {
			for _, key := range []resource.PropertyKey{"name", "namespace"} {
				if !metadata(old)[key].DeepEquals(metadata(new)[key]) {
					return []resource.PropertyKey{"metadata"}
				}
			}
			return nil
		},
		Check: func(_ context.Context, name string, _, news standin.Properties) (standin.Properties, []plugin.CheckFailure, error) {
			if v, ok := metadata(news)["name"]; !ok || v.IsNull() {
				// Every object of this project is named: others refer to it.
				return news, []plugin.CheckFailure{{Property: "metadata.name", Reason: "the stand-in names nothing by itself; name " + name}}, nil
			}
			return news, nil, nil
		},
		Preview: func(ctx context.Context, _ string, _, new standin.Properties) error {
			_, err := p.apply(ctx, kind, new, metav1.ApplyOptions{FieldManager: fieldManager, Force: true, DryRun: []string{metav1.DryRunAll}})
			if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
				return nil // its namespace or its kind comes with the same update
			}
			return err
		},
		Create: func(ctx context.Context, _ string, inputs standin.Properties) (resource.ID, standin.Properties, error) {
			live, err := p.applyAndAwait(ctx, kind, inputs)
			if err != nil {
				return "", nil, err
			}
			id := live.GetName()
			if live.GetNamespace() != "" {
				id = live.GetNamespace() + "/" + id
			}
			return resource.ID(id), outputs(inputs, live), nil
		},
		Read: func(ctx context.Context, _ resource.ID, inputs, state standin.Properties) (standin.Properties, error) {
			client, name, err := p.client(kind, state)
			if err != nil {
				return state, nil // unreachable is not gone
			}
			live, err := client.Get(ctx, name, metav1.GetOptions{})
			if apierrors.IsNotFound(err) {
				return nil, nil
			}
			if err != nil {
				return nil, err
			}
			return outputs(inputs, live), nil
		},
		Update: func(ctx context.Context, _ resource.ID, _, inputs standin.Properties) (standin.Properties, error) {
			live, err := p.applyAndAwait(ctx, kind, inputs)
			if err != nil {
				return nil, err
			}
			return outputs(inputs, live), nil
		},
		Delete: func(ctx context.Context, _ resource.ID, state standin.Properties) error {
			client, name, err := p.client(kind, state)
			if err != nil {
				return err
			}
			return remove(ctx, client, kind.Kind, name)
		},
	}
}

// remove returns once the object is gone: a namespace takes its content along.
func remove(ctx context.Context, client dynamic.ResourceInterface, kind, name string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, deletionTime, errors.New("not within "+deletionTime.String()))
	defer cancel()
	foreground := metav1.DeletePropagationForeground
	err := client.Delete(ctx, name, metav1.DeleteOptions{PropagationPolicy: &foreground})
	for {
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("deleting %s %s: %w", kind, name, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("deleting %s %s: %w", kind, name, context.Cause(ctx))
		case <-time.After(100 * time.Millisecond):
		}
		_, err = client.Get(ctx, name, metav1.GetOptions{})
	}
}

func (p *provider) apply(ctx context.Context, kind schema.GroupVersionKind, inputs standin.Properties, options metav1.ApplyOptions) (*unstructured.Unstructured, error) {
	client, name, err := p.client(kind, inputs)
	if err != nil {
		return nil, err
	}
	content := inputs.MapRepl(func(key string) (string, bool) { return key, !strings.HasPrefix(key, "__") }, nil)
	content["apiVersion"], content["kind"] = kind.GroupVersion().String(), kind.Kind
	body, err := json.Marshal(content)
	if err != nil {
		return nil, fmt.Errorf("encoding %s %s: %w", kind.Kind, name, err)
	}
	force := options.Force
	live, err := client.Patch(ctx, name, types.ApplyPatchType, body, metav1.PatchOptions{FieldManager: options.FieldManager, Force: &force, DryRun: options.DryRun})
	if err != nil {
		return nil, fmt.Errorf("applying %s %s: %w", kind.Kind, name, err)
	}
	return live, nil
}

// client finds the API of a kind, and the object's name. The API is discovered each time: a release may just have
// brought it.
func (p *provider) client(kind schema.GroupVersionKind, object standin.Properties) (dynamic.ResourceInterface, string, error) {
	config, err := p.cluster()
	if err != nil {
		return nil, "", err
	}
	discovered, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, "", err
	}
	mapping, err := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(discovered)).RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return nil, "", fmt.Errorf("finding the API of %s: %w", kind, err)
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, "", err
	}
	meta := metadata(object)
	name, namespace := meta["name"], meta["namespace"]
	if !name.IsString() {
		return nil, "", fmt.Errorf("%s has no name", kind.Kind)
	}
	if namespace.IsString() {
		return client.Resource(mapping.Resource).Namespace(namespace.StringValue()), name.StringValue(), nil
	}
	return client.Resource(mapping.Resource), name.StringValue(), nil
}

func metadata(object standin.Properties) standin.Properties {
	if m, ok := object["metadata"]; ok && m.IsObject() {
		return m.ObjectValue()
	}
	return standin.Properties{}
}

// outputs are the inputs and what the API server adds to an object's metadata, and the status that was waited for. A Secret's data stays what was put in:
// the engine knows that those inputs are secret.
func outputs(inputs standin.Properties, live *unstructured.Unstructured) standin.Properties {
	out := inputs.Copy()
	meta := metadata(inputs).Copy()
	meta["uid"] = resource.NewProperty(string(live.GetUID()))
	meta["resourceVersion"] = resource.NewProperty(live.GetResourceVersion())
	out["metadata"] = resource.NewProperty(meta)
	if status, ok := live.Object["status"].(map[string]any); ok && live.GetAnnotations()[waitFor] != "" {
		out["status"] = resource.NewPropertyValue(status)
	}
	return out
}
