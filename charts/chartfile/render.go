package chartfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/releaseutil"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// Target is where a chart is rendered for. A Helm built from source believes in a far older Kubernetes than there is.
type Target struct {
	Release, Namespace string
	Kubernetes         string // version, such as 1.34
}

// Render renders a chart as its release would be installed, hooks and CRDs included, with Helm's template engine and no
// cluster: lookup finds nothing. What only `helm test` runs is never installed. It changes the chart: each call needs
// one that was loaded for it. Values that the chart's schema refuses are an error.
func Render(c *chart.Chart, to Target, values map[string]any) ([]*unstructured.Unstructured, error) {
	text, err := manifests(c, to, values)
	if err != nil {
		return nil, fmt.Errorf("rendering %s: %w", to.Release, err)
	}
	decoder := yaml.NewYAMLOrJSONDecoder(text, 4096)
	var objects []*unstructured.Unstructured
	custom := map[string]bool{} // the cluster-wide kinds that the chart defines; their definitions come first
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
			if object.GetKind() == "CustomResourceDefinition" {
				scope, _, _ := unstructured.NestedString(object.Object, "spec", "scope")
				kind, _, _ := unstructured.NestedString(object.Object, "spec", "names", "kind")
				custom[kind] = scope == "Cluster"
			}
			switch {
			case ClusterWide(object.GetKind()), custom[object.GetKind()]:
				object.SetNamespace("") // the API server drops the one that some charts set
			case object.GetNamespace() == "":
				object.SetNamespace(to.Namespace)
			}
			objects = append(objects, object)
		}
	}
}

// manifests are what `helm install --dry-run=client` would print of the release.
func manifests(c *chart.Chart, to Target, values map[string]any) (*bytes.Buffer, error) {
	version, err := chartutil.ParseKubeVersion(to.Kubernetes)
	if err != nil {
		return nil, fmt.Errorf("the version of Kubernetes %q: %w", to.Kubernetes, err)
	}
	if err := chartutil.ProcessDependenciesWithMerge(c, values); err != nil {
		return nil, err
	}
	capabilities := chartutil.DefaultCapabilities.Copy()
	capabilities.KubeVersion = *version
	capabilities.APIVersions = append(capabilities.APIVersions, "monitoring.coreos.com/v1",
		"monitoring.coreos.com/v1/ServiceMonitor")
	if c.Metadata.KubeVersion != "" && !chartutil.IsCompatibleRange(c.Metadata.KubeVersion, version.String()) {
		return nil, fmt.Errorf("the chart requires Kubernetes %s, which %s is not", c.Metadata.KubeVersion, version)
	}
	options := chartutil.ReleaseOptions{Name: to.Release, Namespace: to.Namespace, Revision: 1, IsInstall: true}
	rendering, err := chartutil.ToRenderValues(c, values, options, capabilities)
	if err != nil {
		return nil, err
	}
	files, err := engine.Render(c, rendering)
	if err != nil {
		return nil, err
	}
	maps.DeleteFunc(files, func(name, _ string) bool { return path.Base(name) == "NOTES.txt" })
	hooks, sorted, err := releaseutil.SortManifests(files, nil, releaseutil.InstallOrder)
	if err != nil {
		return nil, err
	}
	text := &bytes.Buffer{}
	add := func(manifest string) { text.WriteString("\n---\n" + manifest) }
	for _, definition := range c.CRDObjects() {
		add(string(definition.File.Data))
	}
	for _, manifest := range sorted {
		add(manifest.Content)
	}
	for _, hook := range hooks {
		if !slices.Contains(hook.Events, release.HookTest) {
			add(hook.Manifest)
		}
	}
	return text, nil
}
