package kubernetes

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/util/jsonpath"
)

const (
	// waitFor is the annotation by which the published provider waits for a field of an object; of its forms the
	// stand-in knows jsonpath={...}.
	waitFor = "pulumi.com/waitFor"
	// waitingTime is how long an object may take to become ready, or to go.
	waitingTime = 10 * time.Minute
	// creator is the field manager of a creation; an update has another.
	creator = "pulumi-kubernetes"
	// poll is the time between two looks, and the first between two attempts to create.
	poll = 100 * time.Millisecond
	// attempts to create an object whose namespace or kind may be on its way.
	attempts = 6
)

func newFieldManager() string {
	random := make([]byte, 4)
	_, _ = rand.Read(random) // never fails
	return creator + "-" + hex.EncodeToString(random)
}

// timeout is a resource's own, in seconds, or the usual one.
func timeout(seconds float64) time.Duration {
	if seconds > 0 {
		return time.Duration(seconds * float64(time.Second))
	}
	return waitingTime
}

// missingNamespaceError says that a preview cannot tell: the namespace comes with the same update.
type missingNamespaceError struct{ error }

// mapping finds the API of the kind. It is discovered each time: a release may just have brought it.
func (o object) mapping() (*meta.RESTMapping, error) {
	config, err := o.cluster()
	if err != nil {
		return nil, err
	}
	discovered, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, err
	}
	return restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(discovered)).RESTMapping(o.kind.GroupKind(),
		o.kind.Version)
}

// exists reports whether the cluster knows the kind.
func (o object) exists() bool {
	_, err := o.mapping()
	return err == nil
}

// namespaced reports whether objects of the kind are in a namespace; a kind that is not known is taken to be.
func (o object) namespaced() bool {
	mapping, err := o.mapping()
	if err != nil {
		return o.kind.Kind != "Namespace"
	}
	return mapping.Scope.Name() == meta.RESTScopeNameNamespace
}

func (o object) client(u *unstructured.Unstructured) (dynamic.ResourceInterface, error) {
	mapping, err := o.mapping()
	if err != nil {
		return nil, err
	}
	config, err := o.cluster()
	if err != nil {
		return nil, err
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		namespace := u.GetNamespace()
		if namespace == "" {
			namespace = metav1.NamespaceDefault
		}
		return client.Resource(mapping.Resource).Namespace(namespace), nil
	}
	return client.Resource(mapping.Resource), nil
}

func dryRun(preview bool) []string {
	if preview {
		return []string{metav1.DryRunAll}
	}
	return nil
}

// create makes a new object. One that is there already is an error, or applied to with upsertExistingObjects; a preview
// of that has no conflicts of fields.
func (o object) create(ctx context.Context, u *unstructured.Unstructured, manager string, preview bool) (
	*unstructured.Unstructured, error,
) {
	wait := poll
	for attempt := 1; ; attempt++ {
		client, err := o.client(u)
		if err == nil {
			var live *unstructured.Unstructured
			if o.upsert {
				live, err = o.patch(ctx, client, u, manager, o.patchForce || preview, preview)
			} else {
				live, err = client.Create(ctx, u, metav1.CreateOptions{FieldManager: creator, DryRun: dryRun(preview)})
			}
			if err == nil {
				return live, nil
			}
		}
		if preview && apierrors.IsNotFound(err) && strings.Contains(err.Error(), "namespaces ") {
			return nil, missingNamespaceError{err}
		}
		if attempt == attempts || !apierrors.IsNotFound(err) && !meta.IsNoMatchError(err) {
			return nil, explain(err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(wait):
		}
		wait *= 2
	}
}

// explain adds the published provider's advice on an object that is there already.
func explain(err error) error {
	if !apierrors.IsAlreadyExists(err) {
		return err
	}
	return fmt.Errorf("%w\n\nThe resource already exists in the cluster. This can happen when:", err)
}

// apply changes the fields of the inputs; those of another manager are a conflict without patchForce.
func (o object) apply(ctx context.Context, u *unstructured.Unstructured, manager string,
	preview bool) (*unstructured.Unstructured, error) {
	client, err := o.client(u)
	if err != nil {
		return nil, err
	}
	live, err := client.Get(ctx, u.GetName(), metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	force := o.patchForce || len(live.GetManagedFields()) == 0
	for _, managed := range live.GetManagedFields() {
		if managed.Operation != metav1.ManagedFieldsOperationUpdate || managed.Manager != creator {
			continue
		}
		if preview {
			force = true
		} else if err := o.handOver(ctx, client, live, manager); err != nil {
			return nil, err
		}
	}
	return o.patch(ctx, client, u, manager, force, preview)
}

func (o object) patch(
	ctx context.Context, client dynamic.ResourceInterface, u *unstructured.Unstructured, manager string, force,
	preview bool,
) (*unstructured.Unstructured, error) {
	body, err := json.Marshal(u.Object)
	if err != nil {
		return nil, err
	}
	applied, err := client.Patch(ctx, u.GetName(), types.ApplyPatchType, body,
		metav1.PatchOptions{FieldManager: manager, Force: &force, DryRun: dryRun(preview)})
	if apierrors.IsConflict(err) {
		return nil, errors.Join(errors.New("server-side apply field conflict detected, see "+
			"https://www.pulumi.com/registry/packages/kubernetes/"+
			"how-to-guides/managing-resources-with-server-side-apply/#handle-field-conflicts-on-existing-resources for "+
			"troubleshooting help"),
			fmt.Errorf("The resource managed by field manager %q had an apply conflict: %w", manager,
				err))
	}
	return applied, err
}

// handOver makes the fields that the creation set those of the update's manager.
func (o object) handOver(ctx context.Context, client dynamic.ResourceInterface, live *unstructured.Unstructured,
	manager string) error {
	fields := live.GetManagedFields()
	for i := range fields {
		if fields[i].Operation == metav1.ManagedFieldsOperationUpdate && fields[i].Manager == creator {
			fields[i].Manager, fields[i].Operation = manager, metav1.ManagedFieldsOperationApply
		}
	}
	patch, err := json.Marshal([]map[string]any{
		{"op": "replace", "path": "/metadata/managedFields", "value": fields},
		{"op": "replace", "path": "/metadata/resourceVersion", "value": live.GetResourceVersion()},
	})
	if err != nil {
		return err
	}
	_, err = client.Patch(ctx, live.GetName(), types.JSONPatchType, patch, metav1.PatchOptions{FieldManager: manager})
	return err
}

func (o object) get(ctx context.Context, u *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	client, err := o.client(u)
	if err != nil {
		return nil, err
	}
	return client.Get(ctx, u.GetName(), metav1.GetOptions{})
}

// await waits for a field of an object, if its annotation says so.
func (o object) await(ctx context.Context, live *unstructured.Unstructured,
	patience time.Duration) (*unstructured.Unstructured, error) {
	expression := live.GetAnnotations()[waitFor]
	if expression == "" {
		return live, nil
	}
	template, ok := strings.CutPrefix(expression, "jsonpath=")
	if !ok {
		return live, fmt.Errorf("%s: %q: the stand-in knows jsonpath={...} only", waitFor, expression)
	}
	path := jsonpath.New(waitFor)
	if err := path.Parse(template); err != nil {
		return live, fmt.Errorf("%s: %w", waitFor, err)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		if found, err := path.FindResults(live.Object); err == nil && len(found) > 0 && len(found[0]) > 0 {
			return live, nil
		}
		select {
		case <-ctx.Done():
			return live, errors.New("timed out waiting for the condition") // the published provider's words
		case <-time.After(poll):
		}
		now, err := o.get(ctx, live)
		if err != nil && ctx.Err() == nil {
			return live, err
		}
		if err == nil {
			live = now
		}
	}
}

// remove returns once the object is gone: a namespace takes its content along.
func (o object) remove(ctx context.Context, live *unstructured.Unstructured, patience time.Duration) error {
	client, err := o.client(live)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	foreground := metav1.DeletePropagationForeground
	err = client.Delete(ctx, live.GetName(), metav1.DeleteOptions{PropagationPolicy: &foreground})
	for err == nil {
		select {
		case <-ctx.Done():
			return errors.New("timed out waiting for the condition")
		case <-time.After(poll):
		}
		_, err = client.Get(ctx, live.GetName(), metav1.GetOptions{})
	}
	return err // not found, when all went well
}
