package live

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"strings"

	"doks-security/test/monitoring/pipeline"
)

// Program is what an image's containers run here.
type Program struct {
	Name    string `json:"name"`    // with its version
	StandIn bool   `json:"standIn"` // it is a stand-in that does what others depend on
	File    string `json:"file"`
	// Command, User and Dir are those of the published image: containers that set none get them.
	Command []string `json:"command"`
	User    string   `json:"user"`
	Dir     string   `json:"dir"`
}

// source is how the program of an image is built from its Go module.
type source struct {
	module, pkg string
	version     func(tag string) string // of the module, by the image's tag
	command     []string
	user, dir   string
	nested      []string
	embeds      []string
	tags        string
}

// sources are the programs that can be built, by the repository of their image. Command, user and directory are those
// of each project's Dockerfile.
var sources = map[string]source{
	"quay.io/prometheus/prometheus": {module: "github.com/prometheus/prometheus", pkg: "./cmd/prometheus",
		version: prometheusModule, command: []string{"/bin/prometheus"}, user: "nobody", dir: "/prometheus",
		tags: "remove_all_sd,enable_kubernetes_sd"},
	"quay.io/prometheus/alertmanager": {module: "github.com/prometheus/alertmanager", pkg: "./cmd/alertmanager",
		command: []string{"/bin/alertmanager"}, user: "nobody", dir: "/alertmanager",
		embeds: []string{"ui/app/dist/index.html"}},
	"quay.io/prometheus-operator/prometheus-operator": {module: "github.com/prometheus-operator/prometheus-operator",
		pkg: "./cmd/operator", nested: operatorModules, command: []string{"/bin/operator"}, user: "65534"},
	"quay.io/prometheus-operator/prometheus-config-reloader": {
		module: "github.com/prometheus-operator/prometheus-operator", pkg: "./cmd/prometheus-config-reloader",
		nested: operatorModules, command: []string{"/bin/prometheus-config-reloader"}, user: "nobody"},
	"registry.k8s.io/kube-state-metrics/kube-state-metrics": {module: "k8s.io/kube-state-metrics/v2", pkg: ".",
		command: []string{"/kube-state-metrics", "--port=8080", "--telemetry-port=8081"}, user: "nobody"},
	"quay.io/prometheus/node-exporter": {module: "github.com/prometheus/node_exporter", pkg: ".",
		command: []string{"/bin/node_exporter"}, user: "nobody"},
	"registry.k8s.io/metrics-server/metrics-server": {module: "sigs.k8s.io/metrics-server", pkg: "./cmd/metrics-server",
		command: []string{"/metrics-server"}, user: "65534"},
	"docker.io/falcosecurity/falcosidekick": {module: "github.com/falcosecurity/falcosidekick", pkg: ".",
		version: strings.Clone, command: []string{"./falcosidekick"}, user: "1234", dir: "/app"},
	"quay.io/oauth2-proxy/oauth2-proxy": {module: "github.com/oauth2-proxy/oauth2-proxy/v7", pkg: ".",
		command: []string{"/bin/oauth2-proxy"}, user: "65532"},
}

// operatorModules are those of prometheus-operator's repository that its own module uses.
var operatorModules = []string{
	"github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring",
	"github.com/prometheus-operator/prometheus-operator/pkg/client",
}

// prometheusModule is the module's version: that of Prometheus 3.14.0 is v0.314.0.
func prometheusModule(tag string) string {
	var major, minor, patch int
	if _, err := fmt.Sscanf(tag, "v%d.%d.%d", &major, &minor, &patch); err != nil {
		return tag
	}
	return fmt.Sprintf("v0.%d.%d", 100*major+minor, patch)
}

// certgen is the image of kube-webhook-certgen: without what it writes prometheus-operator's pod waits.
const certgen = "ghcr.io/jkroepke/kube-webhook-certgen"

// image is a reference to an image of sources in a text.
var image = regexp.MustCompile(`[a-z0-9./-]+:[A-Za-z0-9._-]+`)

// Programs finds the programs of the images that a text names, by the reference of the image, and builds those that
// are not on this machine yet: one takes some minutes. What cannot be had is in missing, with the reason.
func Programs(ctx context.Context, text string, b Binaries, build bool) (
	found map[string]Program, missing map[string]error,
) {
	found, missing = map[string]Program{}, map[string]error{}
	for _, reference := range image.FindAllString(text, -1) {
		reference = normalize(reference)
		repository, tag, _ := strings.Cut(reference, ":")
		if repository == certgen {
			found[reference] = Program{Name: "stand-in for certificates", StandIn: true, File: b.Certgen,
				Command: []string{"/kube-webhook-certgen"}, User: "65532", Dir: "/"}
		}
		s, ok := sources[repository]
		if !ok || found[reference].File != "" || missing[reference] != nil {
			continue
		}
		release, distroless := strings.CutSuffix(tag, "-distroless")
		if distroless {
			s.user = "65532" // that of the image that it is built on
		}
		version := "v" + strings.TrimPrefix(release, "v")
		if s.version != nil {
			version = s.version(release)
		}
		p := pipeline.Program{Name: s.command[0][strings.LastIndex(s.command[0], "/")+1:], Module: s.module,
			Version: version, Packages: []string{s.pkg}, Nested: s.nested, Embeds: s.embeds, Tags: s.tags}
		if s.pkg != "." {
			p.Name = s.pkg[strings.LastIndex(s.pkg, "/")+1:]
		}
		file, err := p.Find(ctx, build)
		if err != nil {
			missing[reference] = err
			continue
		}
		found[reference] = Program{Name: p.Name + " " + tag, File: file, Command: s.command, User: s.user,
			Dir: cmp.Or(s.dir, "/")}
	}
	return found, missing
}
