package pipeline

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"doks-security/values"
)

// Program is a program that the stack deploys and the pipeline runs: what identifies it, and how it is built.
type Program struct {
	Name     string   // its command; the variable that names its file is this name in upper case
	Module   string   // its Go module
	Version  string   // of the module: a version, or a tag of its repository
	Packages []string // main packages of the module that are built at once, from its root; none: it is not built here
	Tags     string   // build tags
	Nested   []string // modules of its repository, of the same version, that it replaces by directories it lacks
	Embeds   []string // generated files that its build embeds and its module lacks: any text does
	// Unreplaced are modules that its go.mod replaces with a directory, which the module's archive lacks: they are
	// fetched in the version that it requires.
	Unreplaced []string
	Slow       bool // takes more than five minutes to build: make test does without, make pipeline builds it
}

// Programs returns those of the pipeline, in the versions that the stack deploys. Those of Alertmanager and Prometheus
// are those of the libraries in go.mod, which are kube-prometheus-stack's; the others are those of values/<release>.
var Programs = sync.OnceValues(func() ([]Program, error) {
	const alertmanagerModule, prometheusModule = "github.com/prometheus/alertmanager", "github.com/prometheus/prometheus"
	alertmanagerVersion, err := library(alertmanagerModule)
	if err != nil {
		return nil, err
	}
	prometheusVersion, err := library(prometheusModule)
	if err != nil {
		return nil, err
	}
	releases, err := values.Charts()
	if err != nil {
		return nil, err
	}
	falco, err := values.Load("falco", "dev", values.DefaultNamespaces())
	if err != nil {
		return nil, err
	}
	falcosidekick, ok := values.At(falco, "falcosidekick", "image", "tag").(string)
	if !ok {
		return nil, fmt.Errorf("values/falco/values.yaml: falcosidekick.image.tag is missing")
	}
	root, err := projectRoot()
	if err != nil {
		return nil, err
	}
	scanner, err := values.ReadRelease(os.DirFS(filepath.Join(root, values.ExampleAddonsDir)),
		values.ExampleAddonsDir, "trivy-operator")
	if err != nil {
		return nil, err
	}
	alertmanager := Program{
		Module: alertmanagerModule, Version: alertmanagerVersion, Packages: []string{"./cmd/alertmanager", "./cmd/amtool"},
		Embeds: []string{"ui/app/dist/index.html"},
	}
	// Without service discoveries, which the pipeline does not need: their clients are most of what is compiled.
	prometheus := Program{
		Module: prometheusModule, Version: prometheusVersion, Packages: []string{"./cmd/prometheus", "./cmd/promtool"},
		Tags: "remove_all_sd", Slow: true,
	}
	return []Program{
		alertmanager.named("alertmanager"),
		alertmanager.named("amtool"),
		{Name: "falcosidekick", Module: "github.com/falcosecurity/falcosidekick", Version: falcosidekick,
			Packages: []string{"."}},
		{Name: "falco-talon", Module: "github.com/falcosecurity/falco-talon",
			Version: "v" + releases["falco-talon"].AppVersion, Packages: []string{"."}, Slow: true},
		prometheus.named("prometheus"),
		prometheus.named("promtool"),
		{Name: "loki", Module: "github.com/grafana/loki/v3", Version: "v" + releases["loki"].AppVersion,
			Packages: []string{"./cmd/loki"}, Unreplaced: []string{"github.com/grafana/loki/pkg/push"}, Slow: true},
		{Name: "alloy", Module: "github.com/grafana/alloy", Version: releases["alloy"].AppVersion,
			Packages: []string{"."}, Unreplaced: []string{"github.com/grafana/alloy/syntax"}, Slow: true},
		// The charts within kube-prometheus-stack have these versions.
		{Name: "node_exporter", Module: "github.com/prometheus/node_exporter", Version: "v1.12.1",
			Packages: []string{"."}, Slow: true},
		{Name: "kube-state-metrics", Module: "k8s.io/kube-state-metrics/v2", Version: "v2.20.0",
			Packages: []string{"."}, Slow: true},
		// Half of Trivy: ten minutes of CPU to build, without the internet a module that is not there.
		{Name: "trivy-operator", Module: "github.com/aquasecurity/trivy-operator",
			Version: "v" + scanner.Chart.AppVersion, Slow: true},
	}, nil
})

// named is one of a module's programs.
func (p Program) named(name string) Program {
	p.Name = name
	return p
}

// reported is the version as the program itself prints it. Prometheus 3.14.0 is the module's v0.314.0.
func (p Program) reported() string {
	version := strings.TrimPrefix(p.Version, "v")
	var major, patch int
	if p.Module != "github.com/prometheus/prometheus" {
		return version
	}
	if n, err := fmt.Sscanf(version, "0.%d.%d", &major, &patch); n != 2 || err != nil {
		return version
	}
	return fmt.Sprintf("%d.%d.%d", major/100, major%100, patch)
}

// library is the version of a module that this one is built of.
func library(module string) (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", module).Output()
	if err != nil {
		return "", fmt.Errorf("asking go for the version of %s: %w", module, withStderr(err))
	}
	return strings.TrimSpace(string(out)), nil
}
