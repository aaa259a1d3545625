package components

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// newObject creates a Kubernetes object from its manifest, by its type's token: for kinds whose package of the SDK is
// large, and for custom resources.
func newObject(ctx *pulumi.Context, object map[string]any, opts ...pulumi.ResourceOption) (pulumi.Resource, error) {
	kind, _ := object["kind"].(string)
	apiVersion, _ := object["apiVersion"].(string)
	meta, _ := object["metadata"].(map[string]any)
	name, _ := meta["name"].(string)
	if kind == "" || apiVersion == "" || name == "" {
		return nil, fmt.Errorf("an object without apiVersion, kind or name: %v", object)
	}
	if namespace, ok := meta["namespace"].(string); ok {
		name = namespace + "-" + name
	}
	var created pulumi.CustomResourceState
	token := "kubernetes:" + apiVersion + ":" + kind
	if !strings.Contains(apiVersion, "/") {
		token = "kubernetes:core/" + apiVersion + ":" + kind
	}
	return &created, ctx.RegisterResource(token, name, pulumi.ToMap(object), &created, opts...)
}
