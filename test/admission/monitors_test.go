package admission

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"doks-security/components"
	"doks-security/test/crds"
)

// monitoring are the resources that an application brings.
var monitoring = map[string]schema.GroupVersionResource{
	"ServiceMonitor":     {Group: "monitoring.coreos.com", Version: "v1", Resource: "servicemonitors"},
	"PodMonitor":         {Group: "monitoring.coreos.com", Version: "v1", Resource: "podmonitors"},
	"PrometheusRule":     {Group: "monitoring.coreos.com", Version: "v1", Resource: "prometheusrules"},
	"AlertmanagerConfig": {Group: "monitoring.coreos.com", Version: "v1alpha1", Resource: "alertmanagerconfigs"},
	"NetworkPolicy":      {Group: "networking.k8s.io", Version: "v1", Resource: "networkpolicies"},
	"ConfigMap":          {Version: "v1", Resource: "configmaps"},
	"Role":               {Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "roles"},
	"RoleBinding":        {Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "rolebindings"},
}

// startMonitoring starts a control plane with prometheus-operator's CRDs and the policies for the namespace shop.
func startMonitoring(t *testing.T) *api {
	t.Helper()
	a := start(t)
	operator, err := crds.Operator()
	if err != nil {
		t.Fatal(err)
	}
	definitions := schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1",
		Resource: "customresourcedefinitions"}
	for _, crd := range operator {
		_, err := a.dynamic.Resource(definitions).Create(t.Context(), crd, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
	}
	objects, err := components.ApplicationObjects([]string{"shop"})
	if err != nil {
		t.Fatal(err)
	}
	a.apply(t, objects)
	eventually(t, "the policy of dashboards acts", func() bool {
		err := a.dryRun(t, "shop", dashboard(object{"a.url": "https://example.org"}, nil))
		return err != nil && strings.Contains(err.Error(), "ends in .json")
	})
	eventually(t, "the policy acts", func() bool {
		err := a.dryRun(t, "shop", object{"apiVersion": "monitoring.coreos.com/v1", "kind": "ServiceMonitor",
			"metadata": object{"name": "a"}, "spec": object{"selector": object{}, "endpoints": []any{}}})
		return err != nil && strings.Contains(err.Error(), "sampleLimit")
	})
	return a
}

func (a *api) dryRun(t *testing.T, namespace string, content map[string]any) error {
	t.Helper()
	o := &unstructured.Unstructured{Object: content}
	o.SetNamespace(namespace)
	_, err := a.dynamic.Resource(monitoring[o.GetKind()]).Namespace(namespace).Create(t.Context(), o,
		metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}, FieldValidation: "Strict"})
	return err
}

// Every case, against the policy and prometheus-operator's own schemas; in other namespaces the policy refuses nothing.
func TestMonitorsOfApplications(t *testing.T) {
	text, err := os.ReadFile("testdata/monitors.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name, Kind, Refused string
		Spec                map[string]any
	}
	if err := yaml.UnmarshalStrict(text, &cases); err != nil {
		t.Fatal(err)
	}
	a := startMonitoring(t)
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			monitor := object{"apiVersion": "monitoring.coreos.com/v1", "kind": c.Kind, "metadata": object{"name": "a"},
				"spec": c.Spec}
			err := a.dryRun(t, "shop", monitor)
			if (err == nil) != (c.Refused == "") || !strings.Contains(fmt.Sprint(err), c.Refused) {
				t.Errorf("err = %v, want it to contain %q", err, c.Refused)
			}
			if err := a.dryRun(t, "team-a", monitor); err != nil {
				t.Errorf("in another namespace: %v", err)
			}
		})
	}
}

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// The objects in the docs are admitted as they are.
func TestDocumentedMonitors(t *testing.T) {
	text, err := os.ReadFile("../../docs/applications.md")
	if err != nil {
		t.Fatal(err)
	}
	a, kinds := startMonitoring(t), map[string]bool{}
	for _, block := range yamlBlock.FindAllStringSubmatch(string(text), -1) {
		for document := range strings.SplitSeq(block[1], "\n---\n") {
			var content map[string]any
			if err := yaml.Unmarshal([]byte(document), &content); err != nil {
				t.Fatal(err)
			}
			kind, _ := content["kind"].(string)
			if kind == "" { // lines of a stack file
				continue
			}
			kinds[kind] = true
			if err := a.dryRun(t, "shop", content); err != nil {
				t.Errorf("%s: %v", kind, err)
			}
		}
	}
	for kind := range monitoring {
		if !kinds[kind] && kind != "PodMonitor" {
			t.Errorf("docs/applications.md has no %s", kind)
		}
	}
}
