package rehearse

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/component-base/cli"
	"k8s.io/kubectl/pkg/cmd"

	"doks-security/stack"
	"doks-security/test/controlplane"
	"doks-security/test/live"
	"doks-security/test/program"
	"doks-security/test/rehearse/rehearsetest"
	"doks-security/values"
)

// The test binary is also the control plane's child process, and by other names doctl, helm, kubectl, Pulumi's plugin
// for Go, and a process that owns a directory.
func TestMain(m *testing.M) {
	var err error
	switch filepath.Base(os.Args[0]) {
	case "kubectl":
		os.Exit(cli.Run(cmd.NewDefaultKubectlCommand()))
	case "helm":
		err = helm(os.Args[1:])
	case "doctl":
		err = Doctl(os.Args[1:])
	case "pulumi-language-go":
		err = serveLanguage()
	case "owner":
		err = ownUntilKilled()
	default:
		if len(os.Args) > 1 && os.Args[1] == controlplane.ChildCommand {
			os.Exit(controlplane.Main(os.Args[2:]))
		}
		if len(os.Args) > 1 && os.Args[1] == live.ChildCommand {
			os.Exit(live.Main(os.Args[2:]))
		}
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// longest is how long one rehearsal may take; the program's own timeouts are for real clusters.
const longest = 10 * time.Minute

// output collects what a rehearsal prints; after a line that holds trigger it calls then, once.
type output struct {
	mu      sync.Mutex
	text    bytes.Buffer
	trigger string
	then    func()
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, err := o.text.Write(p)
	if o.then != nil && strings.Contains(o.text.String(), o.trigger) {
		o.then()
		o.then = nil
	}
	return n, err
}

// reset forgets what was printed.
func (o *output) reset() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.Reset()
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// options are those of a rehearsal of a fixture in its own temporary directory, in which nothing may be left.
func options(t *testing.T, stackName string, out io.Writer) Options {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	cli := rehearsetest.CLI(t)
	rehearsetest.Scratch(t)
	return Options{Root: root, Dir: program.Fixtures, Stack: stackName, Program: stack.Deploy, CLI: cli, Out: out}
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), longest)
	t.Cleanup(cancel)
	return ctx
}

// examples are all of values.ExampleAddonsDir.
func examples(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join("../..", values.ExampleAddonsDir))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// From nothing to nothing, as make rehearse does it.
func TestRehearse(t *testing.T) {
	for _, c := range []struct {
		name, stack string
		config      map[string]any
		says        []string
	}{
		{"dev", "dev", nil, []string{"6 Helm releases are deployed", " unchanged"}},
		{"staging", "staging", nil, []string{"demo, falco", "vcluster baseline"}},
		{"prod", "prod", nil, []string{"a protected stack refuses to be destroyed, and loses nothing"}},
		{"falco-exporter and a response", "dev", map[string]any{
			"doks-security:runtimeSecurity": map[string]any{"metrics": "falco-exporter"},
			"doks-security:response":        map[string]any{"enabled": true, "dryRun": false},
		}, []string{"falco-exporter is end of life", "falco, falco-exporter, falco-talon", "falco-talon baseline"}},
		{"its own namespaces, and captures", "dev", map[string]any{
			"doks-security:namespaces": map[string]any{"prefix": "obs-"},
			"doks-security:runtimeSecurity": map[string]any{
				"capture": map[string]any{"rules": []any{"Terminal shell in container"}},
			},
		}, []string{
			"PodSecurity is enforced: obs-falco privileged, obs-loki restricted, obs-metrics-server restricted, " +
				"obs-monitoring restricted, obs-node-agents privileged",
			"--namespace obs-monitoring port-forward service/kube-prometheus-stack-grafana",
		}},
		{"without logging and the UI", "dev", map[string]any{
			"doks-security:logging":         map[string]any{"enabled": false},
			"doks-security:runtimeSecurity": map[string]any{"ui": false},
		}, []string{"4 Helm releases are deployed: falco, kube-prometheus-stack, metrics-server, prometheus-operator-crds",
			"11 exports"}},
		{"without Falco and Grafana", "dev", map[string]any{
			"doks-security:observability":   map[string]any{"grafana": false},
			"doks-security:runtimeSecurity": map[string]any{"enabled": false},
		}, []string{"5 Helm releases are deployed", "8 exports"}},
		{"prod by Gateway", "prod", map[string]any{
			"doks-security:exposure": program.Gateway(), "doks-security:alerting": receivers(),
			"doks-security:namespaces": map[string]any{"prefix": "obs-"},
		}, []string{
			"8 Helm releases are deployed", "exposure.clients.grafana.clientSecret is encrypted: a placeholder is used",
			"grafana.example.org and falco.example.org lead to it over TLS",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := rehearsed(t, c.stack, c.says, func(o *Options) { o.Config = c.config })
			if c.name == "dev" {
				wantTranscript(t, out)
			}
		})
	}
}

func TestRehearseExamplesOfAddons(t *testing.T) {
	rehearsed(t, "dev", []string{"9 Helm releases are deployed", " unchanged"},
		func(o *Options) { o.Examples = examples(t) })
}

// rehearsed is what a rehearsal of a fixture prints. It has what each rehearsal says, and says.
func rehearsed(t *testing.T, stackName string, says []string, set func(*Options)) string {
	t.Helper()
	out := &output{}
	o := options(t, stackName, out)
	set(&o)
	if err := Run(within(t), o); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range append(says, "none is Pending", "monthlyCostUSD is the cost of what is deployed",
		"nothing left in the simulated account") {
		if !strings.Contains(out.String(), want) {
			t.Errorf("output does not contain %q:\n%s", want, out)
		}
	}
	return out.String()
}

// The project's own stack files, whichever there are and whatever they set.
func TestRehearseStackFiles(t *testing.T) {
	own, err := program.StackFiles("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range own {
		t.Run(c.Name, func(t *testing.T) {
			fixture, err := program.SameFixture("../..", c)
			if err != nil {
				t.Fatal(err)
			}
			if fixture != "" {
				t.Skipf("it has the settings of the fixture %s, which TestRehearse rehearses", fixture)
			}
			out := &output{}
			o := options(t, c.Stack, out)
			o.Dir = c.Dir
			if err := Run(within(t), o); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
		})
	}
}

// receivers have their keys encrypted too.
func receivers() map[string]any {
	encrypted := map[string]any{"secure": "v1:ciphertext"}
	return map[string]any{"receivers": []any{
		map[string]any{"name": "team", "slack": map[string]any{"url": encrypted, "channel": "#alerts"}},
		map[string]any{"name": "oncall", "minimumSeverity": "critical", "pagerduty": map[string]any{"routingKey": encrypted}},
	}}
}

// An interrupt in the middle of an update leaves no process and no file.
func TestInterrupt(t *testing.T) {
	ctx, interrupt := context.WithCancelCause(within(t))
	out := &output{trigger: "kube-prometheus-stack creating", then: func() { interrupt(errors.New("interrupted")) }}
	o := options(t, "dev", out)
	started := time.Now()
	err := Run(ctx, o)
	if err == nil || context.Cause(ctx).Error() != "interrupted" {
		t.Fatalf("ended with %v\n%s", err, out)
	}
	if took := time.Since(started); took > time.Minute {
		t.Errorf("it took %s", took)
	}
	if left := children(t, os.Getenv("TMPDIR")); len(left) > 0 {
		t.Errorf("processes are left: %q", left)
	}
}

// A wrong stack file ends before anything is created, with all its errors.
func TestWrongStackFile(t *testing.T) {
	out := &output{}
	o := options(t, "dev", out)
	project, err := os.ReadFile(filepath.Join(o.Root, "Pulumi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	o.Root, o.Dir = t.TempDir(), ""
	faulty, err := os.ReadFile("testdata/faulty.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"Pulumi.yaml": project, "Pulumi.dev.yaml": faulty} {
		if err := os.WriteFile(filepath.Join(o.Root, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx := within(t)
	e, err := open(ctx, o, &report{out: out})
	must(t, out, err)
	defer func() { must(t, out, e.close()) }()
	if _, err := e.up(ctx); err == nil {
		t.Error("it was deployed")
	}
	for _, want := range []string{"4 errors", "cluster.region: \"mars1\"", "cluster.pools[0].size", "cluster.hha",
		"logging.retention", "no resources were changed"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("output does not contain %q:\n%s", want, out)
		}
	}
	if left := e.account.simulator.Leftovers(); len(left) > 0 {
		t.Errorf("created: %v", left)
	}
}

func TestMissingStackFile(t *testing.T) {
	err := Run(within(t), options(t, "nowhere", io.Discard))
	if err == nil || !strings.Contains(err.Error(), "Pulumi.nowhere.yaml") {
		t.Errorf("got %v, want an error that names the file", err)
	}
}
