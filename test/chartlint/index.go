package chartlint

import (
	"encoding/base64"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"doks-security/charts/chartfile"
	"doks-security/charts/pods"
)

// index finds objects by what others call them.
type index struct {
	objects    map[string]*Object
	namespaces map[string]*Object
	services   map[string]corev1.Service // by namespace/name
	workloads  []pods.Workload
}

func newIndex(objects []*Object) (*index, error) {
	x := &index{objects: map[string]*Object{}, namespaces: map[string]*Object{}, services: map[string]corev1.Service{}}
	for _, o := range objects {
		x.objects[indexKey(o.GetKind(), o.GetNamespace(), o.GetName())] = o
		switch o.GetKind() {
		case "Namespace":
			x.namespaces[o.GetName()] = o
		case "Service":
			var s corev1.Service
			if err := pods.Convert(o, &s); err != nil {
				return nil, err
			}
			x.services[s.Namespace+"/"+s.Name] = s
		}
	}
	var err error
	x.workloads, err = pods.Workloads(objects)
	return x, err
}

func indexKey(kind, namespace, name string) string {
	if chartfile.ClusterWide(kind) {
		namespace = ""
	}
	return kind + " " + namespace + "/" + name
}

func (x *index) has(kind, namespace, name string) bool {
	return x.objects[indexKey(kind, namespace, name)] != nil
}

// content is a ConfigMap's or Secret's data as its readers get it.
func content(o *Object) map[string]string {
	all := map[string]string{}
	for _, field := range []string{"data", "stringData", "binaryData"} {
		data, _, _ := unstructured.NestedMap(o.Object, field)
		for key, value := range data {
			text, _ := value.(string)
			if o.GetKind() == "Secret" && field == "data" || field == "binaryData" {
				decoded, err := base64.StdEncoding.DecodeString(text)
				if err == nil {
					text = string(decoded)
				}
			}
			all[key] = text
		}
	}
	return all
}
