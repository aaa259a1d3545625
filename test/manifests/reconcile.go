package manifests

import (
	"path"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// releasesDir holds what a GitOps controller may apply: all of it.
const releasesDir = "releases"

// hookAnnotation is on what Helm runs once, such as a Job that makes a webhook's certificate.
const hookAnnotation = "helm.sh/hook"

// secretVersion is an annotation of pods, by which they restart for another Secret. It is not known here.
const secretVersion = "doks-security/secret-version"

// applicable is an object without what is known in the cluster only; false for one that is not to be applied: Secrets,
// whose values are masked here, and Helm's hooks.
func applicable(o *unstructured.Unstructured) (*unstructured.Unstructured, bool) {
	if o.GetKind() == "Secret" || o.GetAnnotations()[hookAnnotation] != "" {
		return nil, false
	}
	o = o.DeepCopy()
	unstructured.RemoveNestedField(o.Object, "spec", "template", "metadata", "annotations", secretVersion)
	webhooks, _, _ := unstructured.NestedSlice(o.Object, "webhooks")
	for _, w := range webhooks {
		if client, ok := w.(map[string]any)["clientConfig"].(map[string]any); ok {
			delete(client, "caBundle") // a controller or a hook writes it
		}
	}
	if webhooks != nil {
		o.Object["webhooks"] = webhooks
	}
	return o, true
}

// applicableFiles are the files of a release that a GitOps controller may apply.
func applicableFiles(files map[string][]byte, release string, objects []*unstructured.Unstructured) error {
	var kept []*unstructured.Unstructured
	for _, o := range objects {
		if o, ok := applicable(o); ok {
			kept = append(kept, o)
		}
	}
	return add(files, path.Join(releasesDir, release), kept)
}
