package pipeline

import (
	"encoding/base64"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"
	corev1 "k8s.io/api/core/v1"

	"doks-security/charts"
	"doks-security/charts/chartfile"
	"doks-security/charts/pods"
	"doks-security/test/fakecharts"
	"doks-security/values"
)

// The environment that falcosidekick is started with is what its published chart makes of the values, but for addresses
// and outputs that are off.
func TestFalcosidekicksEnvironmentIsTheCharts(t *testing.T) {
	pins, err := values.Charts()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := fakecharts.Dir("../../..")
	if err != nil {
		t.Fatal(err)
	}
	states, err := charts.States(dir, []values.Chart{pins["falco"]})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fakecharts.Usable(dir, states[0]); errors.Is(err, fakecharts.ErrMissing) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	for _, file := range values.Profiles {
		s := render(t, file, "")
		chart, err := loader.Load(charts.Archive(dir, pins["falco"]))
		if err != nil {
			t.Fatal(err)
		}
		given, err := s.Values("falco")
		if err != nil {
			t.Fatal(err)
		}
		target := chartfile.Target{Release: "falco", Namespace: "falco", Kubernetes: "1.34.0"}
		objects, err := chartfile.Render(chart, target, given)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{}
		for _, o := range objects {
			switch {
			case o.GetName() != "falco-falcosidekick":
			case o.GetKind() == "Secret":
				var secret struct{ Data map[string]string }
				if err := pods.Convert(o, &secret); err != nil {
					t.Fatal(err)
				}
				for name, value := range secret.Data {
					text, err := base64.StdEncoding.DecodeString(value)
					if err != nil {
						t.Fatal(err)
					}
					want[name] = string(text)
				}
			case o.GetKind() == "Deployment":
				var deployment struct {
					Spec struct{ Template corev1.PodTemplateSpec }
				}
				if err := pods.Convert(o, &deployment); err != nil {
					t.Fatal(err)
				}
				for _, variable := range deployment.Spec.Template.Spec.Containers[0].Env {
					want[variable.Name] = variable.Value
				}
			}
		}
		got, err := FalcosidekickArgs{Stack: s}.env()
		if err != nil {
			t.Fatal(err)
		}
		names := slices.Concat(slices.Collect(maps.Keys(got)), slices.Collect(maps.Keys(want)))
		for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
			_, ours := got[name]
			adapted := name == "ALERTMANAGER_HOSTPORT" || name == "WEBUI_URL" || name == "DEBUG"
			of, _, _ := strings.Cut(name, "_")
			used := ours || slices.Contains([]string{"ALERTMANAGER", "WEBUI", "WEBHOOK", "CUSTOMTAGS", "CUSTOMFIELDS"}, of)
			// Certificates are off and checked by default.
			byDefault := got[name] == "" && slices.Contains([]string{"true", "false"}, want[name])
			if used && !adapted && !byDefault && got[name] != want[name] {
				t.Errorf("%s: %s is %q, the chart has %q", file, name, got[name], want[name])
			}
		}
	}
}
