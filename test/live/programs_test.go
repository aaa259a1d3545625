package live

import (
	"os"
	"path/filepath"
	"testing"
)

// An image that a text names runs the file that the program's variable names.
func TestPrograms(t *testing.T) {
	file := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(file, nil, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"PROMETHEUS", "OPERATOR", "FALCOSIDEKICK"} {
		t.Setenv(name, file)
	}
	t.Setenv("ALERTMANAGER", filepath.Join(t.TempDir(), "none"))
	found, missing := Programs(t.Context(), `{"image": "quay.io/prometheus/prometheus:v3.14.0-distroless"}
		quay.io/prometheus-operator/prometheus-operator:v0.93.1@sha256:aa falcosecurity/falcosidekick:2.34.1
		quay.io/prometheus/alertmanager:v0.34.0 docker.io/grafana/grafana:13.2.0
		ghcr.io/jkroepke/kube-webhook-certgen:1.8.7`, Binaries{Certgen: "certgen"}, false)
	want := map[string]Program{
		"quay.io/prometheus/prometheus:v3.14.0-distroless": {Name: "prometheus v3.14.0-distroless", User: "65532",
			Dir: "/prometheus"},
		"quay.io/prometheus-operator/prometheus-operator:v0.93.1": {Name: "operator v0.93.1", User: "65534", Dir: "/"},
		"docker.io/falcosecurity/falcosidekick:2.34.1":            {Name: "falcosidekick 2.34.1", User: "1234", Dir: "/app"},
		"ghcr.io/jkroepke/kube-webhook-certgen:1.8.7": {Name: "stand-in for certificates", User: "65532",
			Dir: "/"},
	}
	for image, p := range want {
		got := found[image]
		if got.Name != p.Name || got.User != p.User || got.Dir != p.Dir {
			t.Errorf("%s is %+v, want %+v", image, got, p)
		}
	}
	if len(found) != len(want) || missing["quay.io/prometheus/alertmanager:v0.34.0"] == nil || len(missing) != 1 {
		t.Errorf("found %v, missing %v", found, missing)
	}
}

func TestPrometheusModule(t *testing.T) {
	for tag, want := range map[string]string{"v3.14.0": "v0.314.0", "v2.55.1": "v0.255.1", "main": "main"} {
		if got := prometheusModule(tag); got != want {
			t.Errorf("%s is %s, want %s", tag, got, want)
		}
	}
}
