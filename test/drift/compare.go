package drift

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes/scheme"
)

// fieldManager names the dry runs. It owns nothing, so a dry run removes nothing.
const fieldManager = "doks-security-drift"

// comparer compares objects one by one.
type comparer struct {
	objects     dynamic.Interface
	mapper      meta.ResettableRESTMapper
	controllers map[string]bool // managers that wrote the status of an object seen so far
}

// client returns where an object is, and gives it the namespace of its release if its kind has one and it does not. A
// kind that the API server does not know is a meta.NoMatchError.
func (c *comparer) client(o *unstructured.Unstructured, namespace string) (dynamic.ResourceInterface, error) {
	kind := o.GroupVersionKind()
	mapping, err := c.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return nil, err
	}
	if mapping.Scope.Name() == meta.RESTScopeNameRoot {
		o.SetNamespace("")
		return c.objects.Resource(mapping.Resource), nil
	}
	if o.GetNamespace() == "" {
		o.SetNamespace(namespace)
	}
	return c.objects.Resource(mapping.Resource).Namespace(o.GetNamespace()), nil
}

// get returns the live object, nil if it is missing, and notes who writes its status.
func (c *comparer) get(ctx context.Context, rendered *unstructured.Unstructured,
	namespace string) (*unstructured.Unstructured, error) {
	client, err := c.client(rendered, namespace)
	if meta.IsNoMatchError(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", describe(rendered), err)
	}
	live, err := client.Get(ctx, rendered.GetName(), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", describe(rendered), err)
	}
	for _, entry := range live.GetManagedFields() {
		if entry.Subresource == "status" {
			c.controllers[entry.Manager] = true
		}
	}
	return live, nil
}

// compare returns how a live object differs from what Helm rendered.
func (c *comparer) compare(ctx context.Context, rendered, live *unstructured.Unstructured,
	namespace string) ([]Finding, error) {
	about := Finding{Kind: rendered.GetKind(), Object: describe(rendered), Restorable: true}
	if live == nil {
		if expires(rendered) {
			return nil, nil
		}
		return []Finding{about}, nil
	}
	about.Restorable = helmMerges(rendered.GroupVersionKind())
	client, err := c.client(rendered, namespace)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", describe(rendered), err)
	}
	wanted := appliable(rendered, live)
	restored, err := client.Apply(ctx, rendered.GetName(), wanted,
		metav1.ApplyOptions{FieldManager: fieldManager, Force: true, DryRun: []string{metav1.DryRunAll}})
	if apierrors.IsInvalid(err) { // an immutable field differs: the object was created again
		return refused(about, err), nil
	}
	if err != nil {
		return nil, fmt.Errorf("comparing %s %s: %w", about.Kind, about.Object, err)
	}
	owners, err := readOwners(live)
	if err != nil {
		return nil, fmt.Errorf("reading who manages %s %s: %w", about.Kind, about.Object, err)
	}
	secret := rendered.GetKind() == "Secret"
	var findings []Finding
	add := func(d difference, restorable bool) {
		f := about
		f.Path, f.Restorable = d.path.String(), restorable
		f.Rendered, f.Live = d.values(secret)
		findings = append(findings, f)
	}
	for _, d := range differences(nil, content(restored), content(live)) {
		if d.live == nil || !c.areControllers(owners.of(d.path)) {
			add(d, about.Restorable)
		}
	}
	for _, d := range owners.addedByHand(wanted, live) {
		add(d, false)
	}
	return findings, nil
}

// refused turns an API server's refusal into findings, one a field.
func refused(about Finding, err error) []Finding {
	about.Restorable = false
	var findings []Finding
	status, ok := err.(apierrors.APIStatus)
	if !ok || status.Status().Details == nil || len(status.Status().Details.Causes) == 0 {
		about.Path, about.Live = "(unknown)", "differs in a field that cannot be changed"
		return []Finding{about}
	}
	for _, cause := range status.Status().Details.Causes {
		about.Path, about.Live = cause.Field, "differs, and cannot be changed in place"
		findings = append(findings, about)
	}
	return findings
}

// appliable is what to apply for what Helm rendered: without nulls, which mean "not set", and with a volume that was
// grown as large as it is.
func appliable(rendered, live *unstructured.Unstructured) *unstructured.Unstructured {
	o := rendered.DeepCopy()
	withoutNulls(o.Object)
	unstructured.RemoveNestedField(o.Object, "status")
	if o.GetKind() != "PersistentVolumeClaim" {
		return o
	}
	size := []string{"spec", "resources", "requests", string(corev1.ResourceStorage)}
	grown, _, _ := unstructured.NestedString(live.Object, size...)
	asked, found, _ := unstructured.NestedString(o.Object, size...)
	large, err := resource.ParseQuantity(grown)
	small, smallErr := resource.ParseQuantity(asked)
	if found && err == nil && smallErr == nil && large.Cmp(small) > 0 {
		_ = unstructured.SetNestedField(o.Object, grown, size...) // the field is there, and is text
	}
	return o
}

func withoutNulls(value any) {
	switch v := value.(type) {
	case map[string]any:
		for key, element := range v {
			if element == nil {
				delete(v, key)
				continue
			}
			withoutNulls(element)
		}
	case []any:
		for _, element := range v {
			withoutNulls(element)
		}
	}
}

// content is an object without what every write changes.
func content(o *unstructured.Unstructured) map[string]any {
	o = o.DeepCopy()
	o.SetManagedFields(nil)
	o.SetResourceVersion("")
	o.SetGeneration(0)
	delete(o.Object, "status")
	return o.Object
}

// expires reports whether a Job is deleted once it is done.
func expires(o *unstructured.Unstructured) bool {
	_, found, _ := unstructured.NestedFieldNoCopy(o.Object, "spec", "ttlSecondsAfterFinished")
	return o.GetKind() == "Job" && found
}

// helmMerges reports whether Helm 3 compares an object with the live one when it updates it. With other kinds it sends
// only what differs between two manifests.
func helmMerges(kind schema.GroupVersionKind) bool {
	return scheme.Scheme.Recognizes(kind) || kind.Group == "apiextensions.k8s.io"
}

func describe(o *unstructured.Unstructured) string {
	if o.GetNamespace() == "" {
		return o.GetName()
	}
	return o.GetNamespace() + "/" + o.GetName()
}
