package kubernetes

import (
	"encoding/base64"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"

	"doks-security/test/fakeproviders"
)

// immutable lists the fields that cannot change in place, by kind; metadata.name and .namespace are so in all. Of the
// published provider's list these are the kinds a program could use as plain objects.
var immutable = map[string][]string{
	"v1 Secret":    {"type", "stringData", "data"},
	"v1 ConfigMap": {"binaryData", "data"},
	"v1 PersistentVolumeClaim": {"spec.accessModes", "spec.selector", "spec.storageClassName",
		"spec.volumeName"},
	"v1 ResourceQuota":   {"spec.scopes"},
	"v1 Service":         {"spec.clusterIP"},
	"apps/v1 DaemonSet":  {"spec.selector"},
	"apps/v1 Deployment": {"spec.selector"},
	"apps/v1 StatefulSet": {"spec.podManagementPolicy", "spec.revisionHistoryLimit",
		"spec.selector", "spec.serviceName", "spec.volumeClaimTemplates"},
	"batch/v1 Job": {"spec.completions", "spec.parallelism", "spec.selector",
		"spec.template"},
	"storage.k8s.io/v1 StorageClass":                  {"parameters", "provisioner"},
	"rbac.authorization.k8s.io/v1 RoleBinding":        {"roleRef"},
	"rbac.authorization.k8s.io/v1 ClusterRoleBinding": {"roleRef"},
}

// forcesNew reports whether a difference at that path replaces the object.
func (o object) forcesNew(inputs *unstructured.Unstructured, path string) bool {
	fields := []string{"metadata.name", "metadata.namespace"}
	kind := o.kind.GroupVersion().String() + " " + o.kind.Kind
	if kind != "v1 ConfigMap" || !o.configMapMutable || inputs.Object["immutable"] == true {
		fields = append(fields, immutable[kind]...)
	}
	return slices.ContainsFunc(fields, func(field string) bool {
		rest, ok := strings.CutPrefix(path, field)
		return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}

// plain is an object without secrets.
func plain(p fakeproviders.Properties) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{}}
	for key, value := range p {
		u.Object[string(key)] = plainValue(value)
	}
	return u
}

func plainValue(v resource.PropertyValue) any {
	switch {
	case v.IsSecret():
		return plainValue(v.SecretValue().Element)
	case v.IsObject():
		return plain(v.ObjectValue()).Object
	case v.IsArray():
		list := []any{}
		for _, element := range v.ArrayValue() {
			list = append(list, plainValue(element))
		}
		return list
	case v.IsComputed(), v.IsOutput():
		return resource.Computed{Element: resource.NewProperty("")}
	case v.IsNumber() && v.NumberValue() == float64(int64(v.NumberValue())):
		return int64(v.NumberValue())
	}
	return v.V
}

// normalize writes the values of a known kind as the API does (a quantity of 1000m is 1), and leaves out what only the
// API server sets.
func normalize(u *unstructured.Unstructured) *unstructured.Unstructured {
	if isSecret(u) {
		u = encodeData(u)
	}
	typed, err := scheme.Scheme.New(u.GroupVersionKind())
	unknown := resource.NewPropertyMapFromMap(u.Object).ContainsUnknowns()
	if err == nil && !unknown && u.GetKind() != "Secret" &&
		runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, typed) == nil {
		if written, err := runtime.DefaultUnstructuredConverter.ToUnstructured(typed); err == nil {
			u = &unstructured.Unstructured{Object: prune(written, u.Object)}
		}
	}
	if u.Object == nil {
		return &unstructured.Unstructured{Object: map[string]any{}}
	}
	for _, field := range []string{"creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation",
		"managedFields", "resourceVersion", "uid"} {
		unstructured.RemoveNestedField(u.Object, "metadata", field)
	}
	return u
}

// prune keeps of an object what shape has.
func prune(object, shape map[string]any) map[string]any {
	if object == nil || shape == nil {
		return nil
	}
	result := map[string]any{}
	for key, value := range object {
		like, ok := shape[key]
		if !ok {
			continue
		}
		result[key] = value
		if reflect.TypeOf(value) != reflect.TypeOf(like) {
			continue
		}
		switch v := value.(type) {
		case map[string]any:
			result[key] = prune(v, like.(map[string]any))
		case []any:
			result[key] = pruneList(v, like.([]any))
		}
	}
	return result
}

// pruneList keeps as many elements as shape has.
func pruneList(list, shape []any) []any {
	result := []any{}
	if len(list) == 0 || len(shape) == 0 {
		return result
	}
	if reflect.TypeOf(list[0]) != reflect.TypeOf(shape[0]) {
		return list
	}
	for i := range min(len(list), len(shape)) {
		element, isObject := list[i].(map[string]any)
		like, isLike := shape[i].(map[string]any)
		if isObject && isLike {
			result = append(result, prune(element, like))
			continue
		}
		result = append(result, list[i])
	}
	return result
}

// markSecrets marks in outputs what is secret in inputs, path by path.
func markSecrets(outputs, inputs fakeproviders.Properties) {
	for key, input := range inputs {
		output, ok := outputs[key]
		if !ok {
			continue
		}
		switch {
		case input.IsSecret() && !output.IsSecret():
			outputs[key] = resource.MakeSecret(output)
		case input.IsObject() && output.IsObject():
			markSecrets(output.ObjectValue(), input.ObjectValue())
		case input.IsArray() && output.IsArray():
			if input.ContainsSecrets() {
				outputs[key] = resource.MakeSecret(output)
			}
		}
	}
}

func isSecret(u *unstructured.Unstructured) bool {
	return u.GetKind() == "Secret" && u.GetAPIVersion() == "v1"
}

// encodeData turns a Secret's stringData into data, as the API server does.
func encodeData(u *unstructured.Unstructured) *unstructured.Unstructured {
	texts, ok := u.Object["stringData"].(map[string]any)
	if !ok || resource.NewPropertyMapFromMap(u.Object).ContainsUnknowns() {
		return u
	}
	data, _ := u.Object["data"].(map[string]any)
	data = maps.Clone(data)
	if data == nil {
		data = map[string]any{}
	}
	for key, text := range texts {
		data[key] = base64.StdEncoding.EncodeToString([]byte(fmt.Sprint(text)))
	}
	object := maps.Clone(u.Object)
	delete(object, "stringData")
	object["data"] = data
	return &unstructured.Unstructured{Object: object}
}

// markData marks a Secret's data, whatever the program marked.
func markData(u *unstructured.Unstructured, properties fakeproviders.Properties) {
	if data, ok := properties["data"]; ok && isSecret(u) && !data.IsSecret() {
		properties["data"] = resource.MakeSecret(data)
	}
}
