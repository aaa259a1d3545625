package contract

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// kubeVersion is what charts are rendered for: a Helm built from source believes in a far older one.
const kubeVersion = "v1.34.0"

// Render renders a chart as its release would be installed, hooks and CRDs included.
func Render(c *chart.Chart, release, namespace string, values map[string]any) ([]*unstructured.Unstructured, error) {
	version, err := chartutil.ParseKubeVersion(kubeVersion)
	if err != nil {
		return nil, err
	}
	install := action.NewInstall(&action.Configuration{})
	install.ReleaseName, install.Namespace = release, namespace
	install.DryRun, install.ClientOnly, install.IncludeCRDs, install.KubeVersion = true, true, true, version
	install.APIVersions = chartutil.VersionSet{"monitoring.coreos.com/v1", "monitoring.coreos.com/v1/ServiceMonitor"}
	rendered, err := install.Run(c, values)
	if err != nil {
		return nil, fmt.Errorf("rendering %s: %w", release, err)
	}
	text := bytes.NewBufferString(rendered.Manifest)
	for _, hook := range rendered.Hooks {
		text.WriteString("\n---\n" + hook.Manifest)
	}
	decoder := yaml.NewYAMLOrJSONDecoder(text, 4096)
	var objects []*unstructured.Unstructured
	for {
		object := &unstructured.Unstructured{}
		err := decoder.Decode(&object.Object)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("rendering %s: %w", release, err)
		}
		if len(object.Object) > 0 {
			if object.GetNamespace() == "" {
				object.SetNamespace(namespace)
			}
			objects = append(objects, object)
		}
	}
}
