package pods

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"doks-security/charts/prometheusoperator"
)

// Operated are the objects that prometheus-operator makes of custom resources among objects: the StatefulSets of
// Prometheus and Alertmanager, and their Services.
func Operated(objects []*unstructured.Unstructured) ([]*unstructured.Unstructured, error) {
	var all []*unstructured.Unstructured
	for _, o := range objects {
		if !prometheusoperator.Handles(o.GetKind()) {
			continue
		}
		set, service, err := prometheusoperator.Objects(o)
		if err != nil {
			return nil, err
		}
		for _, made := range []struct {
			version, kind string
			object        any
		}{{"apps/v1", "StatefulSet", set}, {"v1", "Service", service}} {
			content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(made.object)
			if err != nil {
				return nil, err
			}
			object := &unstructured.Unstructured{Object: content}
			object.SetAPIVersion(made.version)
			object.SetKind(made.kind)
			all = append(all, object)
		}
	}
	return all, nil
}
