// Package pods reads the objects that charts render: which of them make pods, what these pods request and claim, what
// they have of their nodes, whether a Pod Security level admits them, and what roles allow. Everything is computed from
// the objects; no cluster is asked.
//
//	demand, err := pods.Measure(objects)
package pods

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// ID names an object in messages: StatefulSet loki/loki.
func ID(o *unstructured.Unstructured) string {
	return fmt.Sprintf("%s %s/%s", o.GetKind(), o.GetNamespace(), o.GetName())
}
