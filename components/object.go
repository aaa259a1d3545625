package components

import (
	"fmt"
	"maps"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/preflight/incluster"
)

// newObject creates a Kubernetes object from its manifest. Its Pulumi name is that of the object, after the role of its
// namespace. namespaces may be nil for an object that is in none.
func newObject(ctx *pulumi.Context, namespaces *Namespaces, object map[string]any,
	opts ...pulumi.ResourceOption) (pulumi.Resource, error) {
	meta, _ := object["metadata"].(map[string]any)
	name, _ := meta["name"].(string)
	if namespace, ok := meta["namespace"].(string); ok {
		role, _ := namespaces.names.RoleOf(namespace)
		name = logicalName(role, name)
	}
	return registerObject(ctx, name, object, opts...)
}

// registerObject registers an object by its type's token: the SDK's packages of types are compiled whole, and core/v1
// alone takes 3 GB of memory.
func registerObject(ctx *pulumi.Context, name string, object map[string]any,
	opts ...pulumi.ResourceOption) (pulumi.Resource, error) {
	kind, _ := object["kind"].(string)
	apiVersion, _ := object["apiVersion"].(string)
	if kind == "" || apiVersion == "" || name == "" {
		return nil, fmt.Errorf("an object without apiVersion, kind or name: %v", object)
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
		"apiVersion": apiVersion, "kind": kind, "metadata": metadata(namespace, name, nil), "spec": spec,
	}
}

// metadata is that of an object of this stack, with more labels. An empty namespace is for an object that is in none.
func metadata(namespace, name string, labels map[string]any) map[string]any {
	all := map[string]any{incluster.PartOfLabel: incluster.PartOf}
	maps.Copy(all, labels)
	meta := map[string]any{"name": name, "labels": all}
	if namespace != "" {
		meta["namespace"] = namespace
	}
	return meta
}

// anyOf is a list of strings as manifests have it.
func anyOf(texts []string) []any {
	list := make([]any, len(texts))
	for i, text := range texts {
		list[i] = text
	}
	return list
}
