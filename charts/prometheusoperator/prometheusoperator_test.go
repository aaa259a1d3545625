package prometheusoperator

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestObjects(t *testing.T) {
	type m = map[string]any
	cr := &unstructured.Unstructured{Object: m{
		"kind": "Prometheus", "metadata": m{"name": "main", "namespace": "monitoring"},
		"spec": m{"replicas": int64(2), "resources": m{"requests": m{"memory": "1Gi"}},
			"storage": m{"volumeClaimTemplate": m{"spec": m{"storageClassName": "fast"}}}},
	}}
	set, service, err := Objects(cr)
	if err != nil {
		t.Fatal(err)
	}
	pod := set.Spec.Template.Spec
	if set.Name != "prometheus-main" || *set.Spec.Replicas != 2 ||
		pod.Containers[0].Resources.Requests.Memory().String() != "1Gi" || len(pod.Containers) != 2 {
		t.Errorf("StatefulSet %s: %+v", set.Name, set.Spec)
	}
	if claims := set.Spec.VolumeClaimTemplates; len(claims) != 1 || *claims[0].Spec.StorageClassName != "fast" {
		t.Errorf("claims %+v", claims)
	}
	if service.Name != set.Spec.ServiceName || service.Spec.Ports[0].Port != 9090 {
		t.Errorf("Service %+v", service)
	}
	if _, _, err := Objects(&unstructured.Unstructured{Object: m{"kind": "ServiceMonitor"}}); err == nil {
		t.Error("pods of a ServiceMonitor")
	}
}
