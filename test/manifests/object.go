package manifests

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// masked stands for every value of a Secret: generated ones differ each time, and no other is to be seen.
const masked = "masked"

// add writes objects below dir; two of one name share a file.
func add(files map[string][]byte, dir string, objects []*unstructured.Unstructured) error {
	for _, o := range objects {
		o = o.DeepCopy()
		mask(o)
		text, err := yaml.Marshal(o.Object)
		if err != nil {
			return fmt.Errorf("writing %s %s: %w", o.GetKind(), o.GetName(), err)
		}
		name := path.Join(dir, file(o))
		if there, twice := files[name]; twice {
			text = slices.Concat(there, []byte("---\n"), text)
		}
		files[name] = text
	}
	return nil
}

// file is an object's file: artifacts of GitHub take no colons.
func file(o *unstructured.Unstructured) string {
	parts := []string{o.GetKind(), o.GetNamespace(), o.GetName()}
	if o.GetNamespace() == "" {
		parts = []string{o.GetKind(), o.GetName()}
	}
	return strings.ReplaceAll(strings.Join(parts, "_"), ":", "_") + ".yaml"
}

// mask hides what Secrets hold, and certificates that charts make again at each rendering.
func mask(o *unstructured.Unstructured) {
	if o.GetKind() == "Secret" {
		for _, field := range []string{"data", "stringData"} {
			data, _, _ := unstructured.NestedMap(o.Object, field)
			for key := range data {
				data[key] = masked
			}
			if data != nil {
				o.Object[field] = data
			}
		}
	}
	webhooks, _, _ := unstructured.NestedSlice(o.Object, "webhooks")
	for _, w := range webhooks {
		if client, ok := w.(map[string]any)["clientConfig"].(map[string]any); ok && client["caBundle"] != nil {
			client["caBundle"] = masked
		}
	}
	if webhooks != nil {
		o.Object["webhooks"] = webhooks
	}
}
