package admission

import (
	"fmt"
	"os"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"doks-security/values"
)

// dashboard is a ConfigMap that Grafana reads.
func dashboard(data, binary map[string]any) map[string]any {
	content := object{"apiVersion": "v1", "kind": "ConfigMap", "data": data,
		"metadata": object{"name": "a", "labels": object{"grafana_dashboard": "1"}}}
	if binary != nil {
		content["binaryData"] = binary
	}
	return content
}

func TestDashboardsOfApplications(t *testing.T) {
	text, err := os.ReadFile("testdata/dashboards.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name, Refused string
		Data, Binary  map[string]any
	}
	if err := yaml.UnmarshalStrict(text, &cases); err != nil {
		t.Fatal(err)
	}
	ours, err := values.Dashboards()
	if err != nil {
		t.Fatal(err)
	}
	a := startMonitoring(t)
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			err := a.dryRun(t, "shop", dashboard(c.Data, c.Binary))
			if (err == nil) != (c.Refused == "") || !strings.Contains(fmt.Sprint(err), c.Refused) {
				t.Errorf("err = %v, want it to contain %q", err, c.Refused)
			}
			if err := a.dryRun(t, "team-a", dashboard(c.Data, c.Binary)); err != nil {
				t.Errorf("in another namespace: %v", err)
			}
		})
	}
	for uid, text := range ours {
		err := a.dryRun(t, "shop", dashboard(object{"copy.json": text}, nil))
		if err == nil || !strings.Contains(err.Error(), "each uid begins with the name of the namespace") {
			t.Errorf("%s as it is: %v", uid, err)
		}
	}
	panel := `{"datasource":{"uid":"${datasource}"},"description":"` + strings.Repeat("a", 400) + `"},`
	large := `{"uid":"shop-a","panels":[` + strings.Repeat(panel, 2000) + `{}]}` // the API server takes 1 MiB
	if err := a.dryRun(t, "shop", dashboard(object{"a.json": large}, nil)); err != nil {
		t.Errorf("a dashboard of %d bytes: %v", len(large), err)
	}
}

// A ConfigMap is a dashboard once it has the label.
func TestLabelOfDashboards(t *testing.T) {
	a := startMonitoring(t)
	configMap := dashboard(object{"a.json": `{"uid":"runtime-security"}`}, nil)
	maps := a.dynamic.Resource(monitoring["ConfigMap"]).Namespace("shop")
	delete(configMap["metadata"].(object), "labels")
	created, err := maps.Create(t.Context(), &unstructured.Unstructured{Object: configMap}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	created.SetLabels(map[string]string{"grafana_dashboard": "1"})
	if _, err := maps.Update(t.Context(), created, metav1.UpdateOptions{}); err == nil {
		t.Error("the label makes it a dashboard with the uid of another")
	}
}
