package components

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// newObject creates a Kubernetes object from its manifest, by its type's token: for kinds whose package of the SDK is
// large, and for custom resources. namespaces may be nil for an object that is in none.
func newObject(ctx *pulumi.Context, namespaces *Namespaces, object map[string]any,
	opts ...pulumi.ResourceOption) (pulumi.Resource, error) {
	kind, _ := object["kind"].(string)
	apiVersion, _ := object["apiVersion"].(string)
	meta, _ := object["metadata"].(map[string]any)
	name, _ := meta["name"].(string)
	if kind == "" || apiVersion == "" || name == "" {
		return nil, fmt.Errorf("an object without apiVersion, kind or name: %v", object)
	}
	if namespace, ok := meta["namespace"].(string); ok {
		role, _ := namespaces.names.RoleOf(namespace)
		name = logicalName(role, name)
	}
	var created pulumi.CustomResourceState
	token := "kubernetes:" + apiVersion + ":" + kind
	if !strings.Contains(apiVersion, "/") {
		token = "kubernetes:core/" + apiVersion + ":" + kind
	}
	return &created, ctx.RegisterResource(token, name, pulumi.ToMap(object), &created, opts...)
}

// manifest is an object of this stack, for newObject.
func manifest(apiVersion, kind, namespace, name string, spec map[string]any) map[string]any {
	return map[string]any{
		"apiVersion": apiVersion, "kind": kind,
		"metadata": map[string]any{"name": name, "namespace": namespace,
			"labels": map[string]any{"app.kubernetes.io/part-of": "doks-security"}},
		"spec": spec,
	}
}
