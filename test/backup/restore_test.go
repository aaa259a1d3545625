// Package backup tests that what the example of an addon backs up comes back, with the real Velero.
package backup

import (
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"doks-security/test/controlplane/controlplanetest"
	"doks-security/values"
)

func TestMain(m *testing.M) { controlplanetest.Main(m) }

// A namespace that is deleted comes back from the bucket, with what was in it; the stack's own are not in the backup.
// And Velero has the metrics that the addon's alerts and dashboard query.
func TestRestore(t *testing.T) {
	v := start(t)
	for _, namespace := range []string{"shop", "monitoring"} {
		v.create("v1", "namespaces", "", map[string]any{
			"kind": "Namespace", "metadata": map[string]any{"name": namespace}})
		v.create("v1", "secrets", namespace, map[string]any{"kind": "Secret", "metadata": map[string]any{"name": "a"},
			"stringData": map[string]any{"password": "hunter2"}})
	}
	v.create("v1", "configmaps", "shop", map[string]any{"kind": "ConfigMap", "metadata": map[string]any{"name": "a"},
		"data": map[string]any{"a": "b"}})
	v.create("apps/v1", "deployments", "shop", deployment("a"))

	v.velero("backup", "create", "b", "--from-schedule", "velero-daily", "--wait")
	if phase := v.phase("backups", "b"); phase != "Completed" {
		t.Fatalf("the backup is %s\n%s", phase, v.log())
	}
	for _, namespace := range []string{"shop", "monitoring"} {
		if err := v.client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}).
			Delete(t.Context(), namespace, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		v.await("the namespace "+namespace+" is gone", func() bool {
			return apierrors.IsNotFound(v.get("v1", "namespaces", "", namespace, nil))
		})
	}
	v.velero("restore", "create", "r", "--from-backup", "b", "--wait")
	if phase := v.phase("restores", "r"); phase != "Completed" {
		t.Errorf("the restore is %s\n%s", phase, v.log())
	}

	var secret, config, app unstructured.Unstructured
	if err := errors.Join(v.get("v1", "secrets", "shop", "a", &secret), v.get("v1", "configmaps", "shop", "a", &config),
		v.get("apps/v1", "deployments", "shop", "a", &app)); err != nil {
		t.Fatal(err)
	}
	password, _, _ := unstructured.NestedString(secret.Object, "data", "password")
	value, _, _ := unstructured.NestedString(config.Object, "data", "a")
	replicas, _, _ := unstructured.NestedInt64(app.Object, "spec", "replicas")
	if password != base64.StdEncoding.EncodeToString([]byte("hunter2")) || value != "b" || replicas != 2 {
		t.Errorf("restored: password %q, value %q, %d replicas", password, value, replicas)
	}
	if err := v.get("v1", "namespaces", "", "monitoring", nil); !apierrors.IsNotFound(err) {
		t.Errorf("a namespace of the stack was restored: %v", err)
	}
	for _, name := range queried(t) {
		v.await("the metric "+name, func() bool { return strings.Contains(v.metrics(), "\n"+name) })
	}
}

// deployment is a Deployment of two pods.
func deployment(name string) map[string]any {
	labels := map[string]any{"app": name}
	return map[string]any{"kind": "Deployment", "metadata": map[string]any{"name": name}, "spec": map[string]any{
		"replicas": int64(2), "selector": map[string]any{"matchLabels": labels},
		"template": map[string]any{"metadata": map[string]any{"labels": labels}, "spec": map[string]any{
			"containers": []any{map[string]any{"name": name, "image": "example.org/a:1"}}}},
	}}
}

// queried are the metrics of Velero that the addon's alerts and dashboard query.
func queried(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, file := range []string{"alerts.yaml", "dashboards/velero.json"} {
		text, err := os.ReadFile(filepath.Join("../..", values.ExampleAddonsDir, "velero", file))
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, regexp.MustCompile(`velero_[a-z_]+`).FindAllString(string(text), -1)...)
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) < 5 {
		t.Fatalf("metrics %q", names)
	}
	return names
}
