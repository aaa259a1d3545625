package kubernetes

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/repo"
)

// writeChart makes a chart of a ConfigMap, or of something that fails.
func (c *cluster) writeChart(m map[string]any) error {
	dir := filepath.Join(c.dir, "chart")
	template := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\ndata: {text: {{ .Values.text | " +
		"quote }}}\n"
	switch m["kind"] {
	case "waits": // for a Pod nothing schedules
		template = "apiVersion: v1\nkind: Pod\nmetadata: {name: {{ .Release.Name }}}\nspec: {containers: [{name: a, " +
			"image: a}]}\n"
	case "invalid":
		template = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\ndata: {not a key: text}\n"
	case "unknown":
		template = "apiVersion: example.com/v1\nkind: Unknown\nmetadata: {name: {{ .Release.Name }}}\n"
	}
	return errors.Join(
		os.MkdirAll(filepath.Join(dir, "templates"), 0o755),
		os.WriteFile(filepath.Join(dir, "Chart.yaml"),
			fmt.Appendf(nil, "apiVersion: v2\nname: drill\nversion: %v\nappVersion: \"1\"\n", m["version"]), 0o644),
		os.WriteFile(filepath.Join(dir, "values.yaml"), []byte("text: of the chart\n"), 0o644),
		os.WriteFile(filepath.Join(dir, "templates", "object.yaml"), []byte(template), 0o644),
	)
}

// changeRelease does by hand what Helm, or its sudden end, does.
func (c *cluster) changeRelease(name, namespace string, m map[string]any) error {
	configuration, err := helmRelease{&provider{config: c.plane.RESTConfig()}}.helm(namespace)
	if err != nil {
		return err
	}
	if m["uninstall"] == true {
		_, err := action.NewUninstall(configuration).Run(name)
		return err
	}
	if m["install"] != nil {
		chart, err := loader.LoadDir(filepath.Join(c.dir, "chart"))
		if err != nil {
			return err
		}
		return configuration.Releases.Create(&release.Release{
			Name: name, Namespace: namespace, Version: 1, Chart: chart,
			Info: &release.Info{Status: release.Status(fmt.Sprint(m["install"]))},
		})
	}
	found, err := configuration.Releases.Last(name)
	if err != nil {
		return err
	}
	if values, ok := m["values"].(map[string]any); ok {
		upgrade := action.NewUpgrade(configuration)
		upgrade.Namespace = namespace
		_, err := upgrade.Run(name, found.Chart, values)
		return err
	}
	found.Version++
	found.Info.Status = release.Status(fmt.Sprint(m["status"]))
	return configuration.Releases.Create(found)
}

// openRepository serves those versions of the chart.
func (c *cluster) openRepository(versions []any) (map[string]string, error) {
	dir := filepath.Join(c.dir, "repository")
	for _, version := range versions {
		if err := c.writeChart(map[string]any{"version": version}); err != nil {
			return nil, err
		}
		chart, err := loader.LoadDir(filepath.Join(c.dir, "chart"))
		if err != nil {
			return nil, err
		}
		if _, err := chartutil.Save(chart, dir); err != nil {
			return nil, err
		}
	}
	c.charts = httptest.NewServer(http.FileServer(http.Dir(dir)))
	index, err := repo.IndexDirectory(dir, c.charts.URL)
	if err != nil {
		return nil, err
	}
	return map[string]string{"repository": c.charts.URL}, index.WriteFile(filepath.Join(dir, "index.yaml"), 0o644)
}
