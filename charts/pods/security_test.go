package pods

import (
	"slices"
	"testing"

	"gopkg.in/yaml.v3"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestAPIClients(t *testing.T) {
	deployment := func(pod string) *unstructured.Unstructured {
		o := &unstructured.Unstructured{}
		text := "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {template: {spec: " + pod + "}}}"
		if err := yaml.Unmarshal([]byte(text), &o.Object); err != nil {
			t.Fatal(err)
		}
		return o
	}
	got, err := APIClients([]*unstructured.Unstructured{
		deployment("{containers: [{name: a, image: 'registry.example.org:5000/a/b:1.0@sha256:abc'}]}"),
		deployment("{initContainers: [{name: a, image: 'redis:8'}], containers: [{name: b, image: velero/velero:v1.17}]}"),
		deployment("{automountServiceAccountToken: false, containers: [{name: a, image: nginx}]}"),
		deployment("{containers: [{name: a, image: 'redis@sha256:abc'}, {name: b, image: 'localhost/own:1'}]}"),
	})
	want := []string{"docker.io/library/redis", "docker.io/velero/velero", "localhost/own",
		"registry.example.org:5000/a/b"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
}
