package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/util/jsonpath"

	"doks-security/rehearsal/standin"
)

const (
	// waitFor is the annotation by which the published provider waits for a field of an object; of its forms the
	// stand-in knows jsonpath={...}.
	waitFor     = "pulumi.com/waitFor"
	waitingTime = 5 * time.Minute
)

// applyAndAwait applies an object and, if its annotation says so, waits for a field of it.
func (p *provider) applyAndAwait(ctx context.Context, kind schema.GroupVersionKind, inputs standin.Properties) (*unstructured.Unstructured, error) {
	live, err := p.apply(ctx, kind, inputs, metav1.ApplyOptions{FieldManager: fieldManager, Force: true})
	if err != nil {
		return nil, err
	}
	expression := live.GetAnnotations()[waitFor]
	if expression == "" {
		return live, nil
	}
	template, ok := strings.CutPrefix(expression, "jsonpath=")
	if !ok {
		return nil, fmt.Errorf("%s: %q: the stand-in knows jsonpath={...} only", waitFor, expression)
	}
	path := jsonpath.New(waitFor)
	if err := path.Parse(template); err != nil {
		return nil, fmt.Errorf("%s: %w", waitFor, err)
	}
	client, name, err := p.client(kind, inputs)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, waitingTime, errors.New("not within "+waitingTime.String()))
	defer cancel()
	for {
		if found, err := path.FindResults(live.Object); err == nil && len(found) > 0 && len(found[0]) > 0 {
			return live, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for %s of %s %s: %w", template, kind.Kind, name, context.Cause(ctx))
		case <-time.After(100 * time.Millisecond):
		}
		if live, err = client.Get(ctx, name, metav1.GetOptions{}); err != nil {
			return nil, fmt.Errorf("waiting for %s %s: %w", kind.Kind, name, err)
		}
	}
}
