package stack

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"

	"doks-security/charts"
	"doks-security/charts/chartstest"
	"doks-security/stack/field"
	"doks-security/stack/override"
	"doks-security/values"
)

// testCharts are the parts of charts that these tests need, by folder: the values they know, and what they render.
var testCharts = map[string]struct{ defaults, template string }{
	"metrics-server": {"{replicas: 1, resources: {}, args: [], hostNetwork: {enabled: false}}", `
apiVersion: apps/v1
kind: Deployment
metadata: {name: metrics-server}
spec:
  replicas: {{ .Values.replicas }}
  template:
    spec:
      containers:
        - name: metrics-server
          image: a
          args: {{ toJson .Values.args }}
          resources: {{ toJson .Values.resources }}
          securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}, allowPrivilegeEscalation: false,
            capabilities: {drop: [ALL]}}
`},
	"falco": {"{mounts: {volumes: []}, falco: {}}", "{apiVersion: v1, kind: ConfigMap, metadata: {name: falco}}"},
	"loki":  {"{loki: {limits_config: {}}}", "{apiVersion: v1, kind: ConfigMap, metadata: {name: loki}}"},
	"kube-prometheus-stack": {"{prometheus: {prometheusSpec: {replicas: 1, podMetadata: {}}}, " +
		"grafana: {adminPassword: a, ingress: {enabled: false}, grafana.ini: {}}, networkPolicy: {enabled: false}}", `
apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: {name: kube-prometheus-stack-prometheus}
spec:
  replicas: {{ .Values.prometheus.prometheusSpec.replicas }}
  resources: {{ toJson .Values.prometheus.prometheusSpec.resources }}
  storage: {{ toJson .Values.prometheus.prometheusSpec.storageSpec }}
  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
{{- with .Values.prometheus.prometheusSpec.podMetadata }}
---
apiVersion: v1
kind: Service
metadata: {name: extra}
spec: {type: LoadBalancer}
{{- end }}
`},
}

// overriding writes files of overrides/<stack>, by name, and the test charts into a project.
func overriding(stack string, files map[string]string) func(root string) error {
	return func(root string) error {
		dir := filepath.Join(root, override.Dir, stack)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				return err
			}
		}
		pins, err := values.Charts()
		for folder, c := range testCharts {
			err = errors.Join(err, writeChart(root, pins[folder], c.defaults, c.template))
		}
		return err
	}
}

// writeChart writes a chart of one template in place of a pinned one below a project's directory.
func writeChart(project string, pin values.Chart, defaults, template string) error {
	given, err := chartutil.ReadValues([]byte(defaults))
	if err != nil {
		return err
	}
	_, err = chartutil.Save(&chart.Chart{
		Metadata:  &chart.Metadata{APIVersion: chart.APIVersionV2, Name: pin.Name, Version: pin.Version},
		Raw:       []*chart.File{{Name: chartutil.ValuesfileName, Data: []byte(defaults)}},
		Values:    given,
		Templates: []*chart.File{{Name: "templates/all.yaml", Data: []byte(template)}},
	}, filepath.Join(project, charts.Dir))
	return err
}

// fixtureOverrides are the files of testdata/overrides.
func fixtureOverrides(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, folder := range []string{"loki", "metrics-server"} {
		text, err := os.ReadFile("testdata/overrides/overrides/custom/" + folder + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		files[folder+".yaml"] = string(text)
	}
	return files
}

// The example of the documentation is one that is tested.
func TestDocumentedOverride(t *testing.T) {
	page, err := os.ReadFile("../docs/customizing.md")
	if err != nil {
		t.Fatal(err)
	}
	example := "```yaml\n" + fixtureOverrides(t)["metrics-server.yaml"] + "```"
	if !strings.Contains(string(page), example) {
		t.Errorf("docs/customizing.md does not have\n%s", example)
	}
}

func TestOverridesReachTheReleases(t *testing.T) {
	m := &mocks{prepare: overriding("custom", fixtureOverrides(t))}
	if err := deploy(t, m, "custom", rawConfig(t, "testdata/overrides/Pulumi.custom.yaml")); err != nil {
		t.Fatal(err)
	}
	server := m.values("metrics-server").Mappable()
	for _, c := range []struct {
		keys []string
		want any
	}{
		{[]string{"replicas"}, 2.0},
		{[]string{"resources", "requests", "memory"}, "150Mi"},
		{[]string{"resources", "requests", "cpu"}, "50m"}, // of values/
		{[]string{"serviceMonitor", "enabled"}, true},
	} {
		if got := values.At(server, c.keys...); got != c.want {
			t.Errorf("metrics-server: %v is %v, want %v", c.keys, got, c.want)
		}
	}
	limits := values.At(m.values("loki").Mappable(), "loki", "limits_config")
	if got := values.At(limits.(map[string]any), "retention_period"); got != "3d" {
		t.Errorf("loki: retention_period is %v, want what the program sets", got)
	}
}

// What is requested, what it costs and whether it fits follow the overrides.
func TestCapacityAndCostFollowOverrides(t *testing.T) {
	raw := rawConfig(t, "testdata/overrides/Pulumi.custom.yaml")
	without, err := Parse("custom", raw)
	if err != nil {
		t.Fatal(err)
	}
	_, before := Demand(without)
	costBefore, err := MonthlyCost(without, nodePrices)
	if err != nil {
		t.Fatal(err)
	}
	prometheus := func(lines string) map[string]string {
		return map[string]string{"kube-prometheus-stack.yaml": "prometheus:\n  prometheusSpec:\n" + lines}
	}
	rendered, err := values.RenderedOf([]string{"kube-prometheus-stack"}, "dev")
	if err != nil {
		t.Fatal(err)
	}
	// The test chart has Prometheus only: 150m and 700Mi, and its reloader with 10m and 32Mi.
	own, o := rendered[0].Shared, without.Observability
	for _, c := range []struct {
		name     string
		files    map[string]string
		milliCPU int
		mib      int
		volumes  float64 // USD
	}{
		{"another replica", map[string]string{"metrics-server.yaml": "replicas: 2\n"}, 50, 100, 0},
		{"more memory", map[string]string{"metrics-server.yaml": "resources: {requests: {memory: 150Mi}}\n"}, 0, 50, 0},
		{"both", map[string]string{"metrics-server.yaml": fixtureOverrides(t)["metrics-server.yaml"]}, 50, 200, 0},
		{"another replica with a volume", prometheus("    replicas: 2\n"),
			2*160 - own.MilliCPU, 2*732 - own.MiB,
			float64(o.PrometheusVolumeGiB-o.AlertmanagerVolumeGiB-o.GrafanaVolumeGiB) * 0.1},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			if err := errors.Join(chartstest.Fill(root), overriding("custom", c.files)(root)); err != nil {
				t.Fatal(err)
			}
			s, err := ParseProject(root, "custom", raw)
			if err != nil {
				t.Fatal(err)
			}
			_, after := Demand(s)
			if want := before.Plus(values.Resources{MilliCPU: c.milliCPU, MiB: c.mib}, 1); after != want {
				t.Errorf("requested %+v, want %+v", after, want)
			}
			cost, err := MonthlyCost(s, nodePrices)
			if diff := cost.Volumes - costBefore.Volumes - c.volumes; err != nil || diff > 0.001 || diff < -0.001 {
				t.Errorf("volumes cost %v, %v; want %v more than %v", cost.Volumes, err, c.volumes, costBefore.Volumes)
			}
		})
	}
	root := t.TempDir()
	large := map[string]string{"metrics-server.yaml": "resources: {requests: {memory: 64Gi}}\n"}
	if err := errors.Join(chartstest.Fill(root), overriding("custom", large)(root)); err != nil {
		t.Fatal(err)
	}
	_, err = ParseProject(root, "custom", raw)
	var errs field.Errors
	if !errors.As(err, &errs) || !errs.Has("cluster.pools") {
		t.Errorf("err = %v, want it to name cluster.pools", err)
	}
}

// All errors at once, and nothing is registered.
func TestOverridesAreRefused(t *testing.T) {
	for _, c := range []struct {
		name  string
		raw   map[string]string
		files map[string]string
		want  []string
	}{
		{"holes", nil, map[string]string{
			"kube-prometheus-stack.yaml": `
grafana:
  adminPassword: hunter2
  ingress: {enabled: true}
  grafana.ini:
    auth.anonymous: {enabled: true}
networkPolicy: {enabled: true}
prometheus: {prometheusSpec: {retention: 99d, replcas: 2}}
`,
			"metrics-server.yaml": "hostNetwork: {enabled: true}\n",
			"grafana.yaml":        "a: 1\n",
			"oauth2-proxy.yaml":   "replicaCount: 3\n",
		}, []string{
			"overrides/dev/kube-prometheus-stack.yaml: grafana.adminPassword: \"[may be secret]\"",
			"grafana.grafana.ini.auth.anonymous.enabled: true\n      allowed: no override: the setting exposure.identity has it",
			"grafana.ingress.enabled: true", "people reach web interfaces through the Gateway",
			"networkPolicy.enabled: true", "a policy of the chart would add connections",
			"prometheus.prometheusSpec.retention: \"99d\"", "the setting observability.prometheusRetention has it",
			"prometheus.prometheusSpec.replcas: 2", "write prometheus.prometheusSpec.replicas, or remove it",
			"metrics-server.yaml: hostNetwork.enabled: true",
			"overrides/dev/grafana.yaml: name: \"grafana.yaml\"", "of this stack: alloy, falco, kube-prometheus-stack, loki",
			"overrides/dev/oauth2-proxy.yaml: name: \"oauth2-proxy.yaml\"", "installed with exposure.mode: gateway only",
		}},
		{"with errors of settings", map[string]string{"logging": `{"retention":"3w"}`},
			map[string]string{"loki.yaml": "loki: {auth_enabled: true}\n"},
			[]string{"doks-security:logging.retention", "loki.auth_enabled: true"}},
		{"what only the rendered objects show", nil, map[string]string{
			"kube-prometheus-stack.yaml": "prometheus: {prometheusSpec: {podMetadata: {a: b}}}\n",
			"metrics-server.yaml":        "resources: {request: {memory: 1Gi}}\n",
		}, []string{"kube-prometheus-stack.yaml: rendered: Service monitoring/extra of type LoadBalancer",
			"unknown field \"spec.containers[0].resources.request\""}},
		{"what captures need", map[string]string{"runtimeSecurity": `{"capture":{"rules":["Terminal shell in container"]}}`},
			map[string]string{"falco.yaml": "mounts: {volumes: []}\nfalco: {capture: {mode: all_rules}}\n"},
			[]string{"falco.yaml: mounts.volumes: []\n      allowed: no override: Falco ends without the volume",
				"falco.capture.mode: \"all_rules\"\n      allowed: no override: the setting runtimeSecurity.capture.rules"}},
		{"what only captures would not need", nil,
			map[string]string{"falco.yaml": "mounts: {volumes: []}\nfalco: {capture: {enabled: true}}\n"},
			[]string{"(1 error)", "falco.capture.enabled: true"}},
		{"what the chart does not render", nil, map[string]string{"metrics-server.yaml": "replicas: '{'\n"},
			[]string{"values that the chart refuses", "rendering metrics-server"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			raw := map[string]string{"cluster": onePool}
			for key, value := range c.raw {
				raw[key] = value
			}
			m := &mocks{prepare: overriding("dev", c.files)}
			err := deploy(t, m, "dev", raw)
			checkRefusal(t, m, err, c.want)
		})
	}
}

// checkRefusal holds an error of a deployment against the parts that it must have: it shows no secret, has the fix, and
// nothing was registered.
func checkRefusal(t *testing.T, m *mocks, err error, want []string) {
	t.Helper()
	var errs field.Errors
	if !errors.As(err, &errs) {
		t.Fatalf("err = %v, want field.Errors", err)
	}
	for _, part := range want {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%v\nwant it to contain %q", err, part)
		}
	}
	if text := err.Error(); strings.Contains(text, "hunter2") || strings.Contains(text, "abc123") {
		t.Errorf("%v\nshows a secret", err)
	}
	for _, e := range errs {
		if e.Allowed == "" || e.Fix == "" {
			t.Errorf("an error names what is allowed and the fix: %+v", e)
		}
	}
	for key := range m.resources {
		if !strings.HasPrefix(key, "pulumi:pulumi:Stack") {
			t.Errorf("%s was registered", key)
		}
	}
}
