package fakecharts

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/release"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// Target is where a chart is rendered for. A Helm built from source believes in a far older Kubernetes than there is.
type Target struct {
	Release, Namespace string
	Kubernetes         string // version, such as 1.34
}

// Render renders a chart as its release would be installed, hooks and CRDs included. What only `helm test` runs is
// never installed.
func Render(c *chart.Chart, to Target, values map[string]any) ([]*unstructured.Unstructured, error) {
	version, err := chartutil.ParseKubeVersion(to.Kubernetes)
	if err != nil {
		return nil, fmt.Errorf("rendering %s: Kubernetes %q: %w", to.Release, to.Kubernetes, err)
	}
	install := action.NewInstall(&action.Configuration{})
	install.ReleaseName, install.Namespace = to.Release, to.Namespace
	install.DryRun, install.ClientOnly, install.IncludeCRDs, install.KubeVersion = true, true, true, version
	install.APIVersions = chartutil.VersionSet{"monitoring.coreos.com/v1", "monitoring.coreos.com/v1/ServiceMonitor"}
	rendered, err := install.Run(c, values)
	if err != nil {
		return nil, fmt.Errorf("rendering %s: %w", to.Release, err)
	}
	text := bytes.NewBufferString(rendered.Manifest)
	for _, hook := range rendered.Hooks {
		if !slices.Contains(hook.Events, release.HookTest) {
			text.WriteString("\n---\n" + hook.Manifest)
		}
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
			return nil, fmt.Errorf("rendering %s: %w", to.Release, err)
		}
		if len(object.Object) > 0 {
			switch {
			case ClusterWide(object.GetKind()):
				object.SetNamespace("") // the API server drops the one that some charts set
			case object.GetNamespace() == "":
				object.SetNamespace(to.Namespace)
			}
			objects = append(objects, object)
		}
	}
}
