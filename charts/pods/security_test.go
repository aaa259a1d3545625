package pods

import (
	"slices"
	"testing"

	"gopkg.in/yaml.v3"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestAPIClients(t *testing.T) {
	read := func(text string) *unstructured.Unstructured {
		o := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(text), &o.Object); err != nil {
			t.Fatal(err)
		}
		return o
	}
	deployment := func(pod string) *unstructured.Unstructured {
		return read("{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {template: {spec: " + pod + "}}}")
	}
	account := func(name, automount string) *unstructured.Unstructured {
		return read("{apiVersion: v1, kind: ServiceAccount, metadata: {name: " + name +
			"}, automountServiceAccountToken: " + automount + "}")
	}
	got, err := APIClients([]*unstructured.Unstructured{
		deployment("{containers: [{name: a, image: 'registry.example.org:5000/a/b:1.0@sha256:abc'}]}"),
		deployment("{initContainers: [{name: a, image: 'redis:8'}], containers: [{name: b, image: velero/velero:v1.17}]}"),
		deployment("{automountServiceAccountToken: false, containers: [{name: a, image: nginx}]}"),
		deployment("{containers: [{name: a, image: 'redis@sha256:abc'}, {name: b, image: 'localhost/own:1'}]}"),
		deployment("{serviceAccountName: off, containers: [{name: a, image: memcached}]}"),
		deployment("{serviceAccountName: off, automountServiceAccountToken: true, containers: [{name: a, image: on}]}"),
		deployment("{serviceAccountName: other, automountServiceAccountToken: false, volumes: [{name: token, projected: " +
			"{sources: [{serviceAccountToken: {path: token}}]}}], containers: [{name: a, image: projected}]}"),
		account("off", "false"), account("other", "true"),
		deployment("{serviceAccountName: other, containers: [{name: a, image: account}]}"),
		deployment("{containers: [{name: a, image: 'a\" or evt.num > 0'}]}"),
	})
	want := []string{"docker.io/library/account", "docker.io/library/on", "docker.io/library/projected",
		"docker.io/library/redis", "docker.io/velero/velero", "localhost/own",
		"registry.example.org:5000/a/b"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
}
