package pipeline

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"doks-security/values"
)

// Alloy is a running Alloy.
type Alloy struct{ *Process }

// LogFile is a container's log, as the container runtime writes it, and the labels that Alloy's service discovery
// finds.
type LogFile struct {
	Path   string
	Labels map[string]string
}

// AlloyArgs are what Alloy is started with. Falco and Others are what its configuration separates by labels.
type AlloyArgs struct {
	Loki          string // http://<host>:<port>
	Falco, Others []LogFile
}

// StartAlloy starts one with the stack's configuration, and files instead of Kubernetes' service discovery.
func (l *Lab) StartAlloy(ctx context.Context, a AlloyArgs) (*Alloy, error) {
	config, err := a.config()
	if err != nil {
		return nil, err
	}
	p, err := l.start(ctx, "alloy", map[string]string{"config.alloy": config}, func(address string) launch {
		return launch{
			env: []string{"CLUSTER_NAME=dev", "NODE_NAME=node-a"}, ready: "/-/ready",
			args: []string{"run", "--server.http.listen-addr=" + address, "--storage.path=data",
				"--stability.level=generally-available", "--disable-reporting", "config.alloy"},
		}
	})
	return &Alloy{p}, err
}

// config replaces the discovery of pods, which needs an API server, and Loki's address.
func (a AlloyArgs) config() (string, error) {
	alloy, err := values.Load("alloy", "dev", values.DefaultNamespaces())
	if err != nil {
		return "", err
	}
	text, _ := values.At(alloy, "alloy", "configMap", "content").(string)
	before, rest, found := strings.Cut(text, `discovery.kubernetes "pods"`)
	_, after, ends := strings.Cut(rest, `loki.source.file "falco"`)
	const loki = "http://loki.loki.svc.cluster.local:3100"
	if !found || !ends || !strings.Contains(after, loki) {
		return "", fmt.Errorf("values/alloy/values.yaml: no discovery.kubernetes, loki.source.file or %s", loki)
	}
	return before + fileMatch("falco", a.Falco) + fileMatch("others", a.Others) + `loki.source.file "falco"` +
		strings.ReplaceAll(after, loki, a.Loki), nil
}

// fileMatch is the component of that name, with the files as its targets.
func fileMatch(name string, files []LogFile) string {
	var targets strings.Builder
	for _, file := range files {
		fmt.Fprintf(&targets, "{ __path__ = %s", strconv.Quote(file.Path))
		for _, label := range slices.Sorted(maps.Keys(file.Labels)) {
			fmt.Fprintf(&targets, ", %s = %s", label, strconv.Quote(file.Labels[label]))
		}
		targets.WriteString(" },\n")
	}
	return fmt.Sprintf("local.file_match %q {\n path_targets = [\n%s ]\n}\n", name, targets.String())
}
