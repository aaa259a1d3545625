package pipeline

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
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
	Stack         *Stack
	Loki          string // http://<host>:<port>
	Falco, Others []LogFile
}

// StartAlloy starts one with the stack's configuration, and files instead of Kubernetes' service discovery.
func (l *Lab) StartAlloy(ctx context.Context, a AlloyArgs) (*Alloy, error) {
	config, err := a.config()
	if err != nil {
		return nil, err
	}
	environment, err := a.environment()
	if err != nil {
		return nil, err
	}
	p, err := l.start(ctx, "alloy", map[string]string{"config.alloy": config}, func(address string) launch {
		return launch{
			env: environment, ready: "/-/ready",
			args: []string{"run", "--server.http.listen-addr=" + address, "--storage.path=data",
				"--stability.level=generally-available", "--disable-reporting", "config.alloy"},
		}
	})
	return &Alloy{p}, err
}

// config replaces the discovery of pods, which needs an API server, and Loki's address.
func (a AlloyArgs) config() (string, error) {
	text, err := at[string](a.Stack, "alloy", "alloy", "configMap", "content")
	if err != nil {
		return "", err
	}
	before, rest, found := strings.Cut(text, `discovery.kubernetes "pods"`)
	_, after, ends := strings.Cut(rest, `loki.source.file "falco"`)
	const loki = "http://loki.loki.svc.cluster.local:3100"
	if !found || !ends || !strings.Contains(after, loki) {
		return "", fmt.Errorf("the configuration of Alloy has no discovery.kubernetes, loki.source.file or %s", loki)
	}
	return before + fileMatch("falco", a.Falco) + fileMatch("others", a.Others) + `loki.source.file "falco"` +
		strings.ReplaceAll(after, loki, a.Loki), nil
}

// environment is that of Alloy's container. The kubelet knows the node's name; here it is node-a.
func (a AlloyArgs) environment() ([]string, error) {
	list, err := at[[]any](a.Stack, "alloy", "alloy", "extraEnv")
	if err != nil {
		return nil, err
	}
	var env []string
	for _, element := range list {
		variable, _ := element.(map[string]any)
		if value, ok := variable["value"].(string); ok {
			env = append(env, fmt.Sprintf("%s=%s", variable["name"], value))
		} else {
			env = append(env, fmt.Sprintf("%s=node-a", variable["name"]))
		}
	}
	return env, nil
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
