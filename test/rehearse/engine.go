package rehearse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"google.golang.org/grpc/grpclog"
)

// Kubernetes has gRPC write warnings to the terminal, such as those of a plugin's client when a run is killed. The
// errors that matter are returned.
func init() { grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, os.Stderr)) }

// engine is the Pulumi CLI on the workspace, with its providers and the account they work in.
type engine struct {
	stack     auto.Stack
	workspace *workspace
	account   *account
	charts    *charts
	env       map[string]string // what the CLI gets in addition to its arguments
	root      string            // the program's directory, absolute: the working directory changes
	bin       string            // the CLI's, absolute; empty: on PATH
	out       io.Writer
	closers   []func() error
}

func (e *engine) onClose(f func() error) { e.closers = append(e.closers, f) }

// close takes everything down, the last first.
func (e *engine) close() error {
	var err error
	for _, f := range slices.Backward(e.closers) {
		err = errors.Join(err, f())
	}
	e.closers = nil
	return err
}

// connect finds the CLI and the plugins, and opens the stack.
func (e *engine) connect(ctx context.Context, o Options, r *report) error {
	cli, err := findCLI(o.CLI)
	if err != nil {
		return err
	}
	if e.root, err = filepath.Abs(o.Root); err != nil {
		return err
	}
	if o.CLI != "" {
		if e.bin, err = filepath.Abs(filepath.Join(o.CLI, "bin")); err != nil {
			return err
		}
	}
	plugins, err := choosePlugins(ctx, cli, e.workspace, r)
	if err != nil {
		return err
	}
	e.onClose(plugins.close)
	e.env = map[string]string{
		// Without metadata files: the backend truncates and writes them while the program reads the stack's last outputs.
		"PULUMI_BACKEND_URL":       "file://" + filepath.ToSlash(e.workspace.state) + "?metadata=skip",
		"PULUMI_CONFIG_PASSPHRASE": "rehearsal",
		"PULUMI_SKIP_UPDATE_CHECK": "true",
		"PULUMI_HOME":              e.workspace.home,
		"TMPDIR":                   e.workspace.temp, // plugins leave kubeconfigs there
	}
	maps.Copy(e.env, e.account.environment())
	maps.Copy(e.env, plugins.environment(e.account))
	restore, err := enter(e.workspace.project, e.account.environment())
	if err != nil {
		return err
	}
	e.onClose(restore)
	local, err := auto.NewLocalWorkspace(ctx, auto.Pulumi(cli), auto.WorkDir(e.workspace.project),
		auto.PulumiHome(e.workspace.home),
		auto.Program(o.Program), auto.EnvVars(e.env), auto.SecretsProvider("passphrase"))
	if err != nil {
		return fmt.Errorf("opening the rehearsal's workspace: %w", err)
	}
	if e.stack, err = auto.UpsertStack(ctx, o.Stack, local); err != nil {
		return fmt.Errorf("making the stack: %w", err)
	}
	return e.workspace.encrypt(ctx, e.stack)
}

// findCLI is the Pulumi CLI in root, or on PATH.
func findCLI(root string) (auto.PulumiCommand, error) {
	if root != "" {
		var err error
		if root, err = filepath.Abs(root); err != nil { // the directory changes later
			return nil, err
		}
	}
	cli, err := auto.NewPulumiCommand(&auto.PulumiCommandOptions{Root: root, Version: semver.MustParse(pulumiVersion)})
	if err != nil {
		return nil, fmt.Errorf("finding the Pulumi CLI: %w", err)
	}
	return cli, nil
}

func (e *engine) preview(ctx context.Context, expectNoChanges bool) error {
	opts := []optpreview.Option{optpreview.ProgressStreams(e.out), optpreview.SuppressOutputs()}
	if expectNoChanges {
		opts = append(opts, optpreview.ExpectNoChanges())
	}
	if _, err := e.stack.Preview(ctx, opts...); err != nil {
		return brief("preview", err)
	}
	return nil
}

func (e *engine) up(ctx context.Context) (auto.OutputMap, error) {
	result, err := e.stack.Up(ctx, optup.ProgressStreams(e.out), optup.SuppressOutputs())
	if err != nil {
		return nil, brief("up", err)
	}
	return result.Outputs, nil
}

// destroy takes everything down. What the stack file protects must refuse first; then the protection is lifted, as an
// operator would.
func (e *engine) destroy(ctx context.Context, r *report) error {
	protected, err := e.protected(ctx)
	if err != nil {
		return err
	}
	if protected {
		before, err := e.state(ctx)
		if err != nil {
			return err
		}
		refusal := e.command(ctx, "destroy", "--yes")
		after, err := e.state(ctx)
		if err != nil {
			return err
		}
		r.check("a protected stack refuses to be destroyed, and loses nothing", refusal != nil &&
			strings.Contains(refusal.Error(), "protect") && len(before) == len(after),
			"error %v; %d resources before, %d after", refusal, len(before), len(after))
		if err := e.command(ctx, "state", "unprotect", "--all", "--yes"); err != nil {
			return err
		}
	}
	if _, err := e.stack.Destroy(ctx, optdestroy.ProgressStreams(e.out)); err != nil {
		return brief("destroy", err)
	}
	return nil
}

func (e *engine) protected(ctx context.Context) (bool, error) {
	resources, err := e.state(ctx)
	return slices.ContainsFunc(resources, func(r apitype.ResourceV3) bool { return r.Protect }), err
}

// state is the resources of the stack's state.
func (e *engine) state(ctx context.Context) ([]apitype.ResourceV3, error) {
	state, err := e.stack.Export(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the state: %w", err)
	}
	var deployment apitype.DeploymentV3
	if err := json.Unmarshal(state.Deployment, &deployment); err != nil {
		return nil, fmt.Errorf("reading the state: %w", err)
	}
	return deployment.Resources, nil
}

func (e *engine) command(ctx context.Context, args ...string) error {
	local := e.stack.Workspace()
	env := os.Environ()
	for key, value := range local.GetEnvVars() {
		env = append(env, key+"="+value)
	}
	stdout, stderr, _, err := local.PulumiCommand().Run(ctx, local.WorkDir(), nil, nil, nil, env,
		append(args, "--stack", e.stack.Name())...)
	if err != nil {
		return fmt.Errorf("pulumi %s: %w\n%s%s", strings.Join(args, " "), err, stdout, stderr)
	}
	return nil
}

// kubeconfig is the file that the last run of the program wrote; each cluster has its own.
func (e *engine) kubeconfig() (string, error) {
	files, err := filepath.Glob(filepath.Join(e.workspace.project, ".kubeconfig", "*.yaml"))
	if err != nil || len(files) == 0 {
		return "", errors.Join(errors.New("the program wrote no kubeconfig"), err)
	}
	written := func(file string) time.Time {
		info, err := os.Stat(file)
		if err != nil {
			return time.Time{}
		}
		return info.ModTime()
	}
	return slices.MaxFunc(files, func(a, b string) int { return written(a).Compare(written(b)) }), nil
}

// hold waits for the user, with everything running.
func (e *engine) hold(ctx context.Context, r *report) {
	r.step("running until interrupted")
	if kubeconfig, err := e.kubeconfig(); err != nil {
		r.note("no kubeconfig: %v", err)
	} else {
		r.note("export KUBECONFIG=%s", kubeconfig)
	}
	if file, err := e.writeShell(); err != nil {
		r.note("pulumi cannot be used on it: %v", err)
	} else {
		r.note("use pulumi on it, with the program of this directory: . %s", file)
	}
	if file, err := e.writeAttachment(); err != nil {
		r.note("no change can be previewed against it: %v", err)
	} else {
		r.note("preview a change against it: make preview-rehearsed AT=%s", file)
	}
	r.note("make the simulated account misbehave: %s/faults (go -C test doc ./digitalocean)",
		e.account.simulator.ControlURL())
	r.note("end it, and clean up, with Ctrl-C here or: kill -INT %d", os.Getpid())
	<-ctx.Done()
}

// brief keeps the error to what the engine did not print already.
func brief(step string, err error) error {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return fmt.Errorf("%s failed; the diagnostics stand above: %s", step, line)
}

// enter gives the program, which runs in this process, what pulumi up would: the project as its directory, and the
// environment, here of the simulated account. It returns how to undo that.
func enter(project string, env map[string]string) (leave func() error, err error) {
	type saved struct {
		value string
		set   bool
	}
	before := map[string]saved{}
	directory, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	leave = func() error {
		err := os.Chdir(directory)
		for key, old := range before {
			if old.set {
				err = errors.Join(err, os.Setenv(key, old.value))
			} else {
				err = errors.Join(err, os.Unsetenv(key))
			}
		}
		return err
	}
	for key, value := range env {
		old, set := os.LookupEnv(key)
		before[key] = saved{old, set}
		if err := os.Setenv(key, value); err != nil {
			return nil, errors.Join(err, leave())
		}
	}
	if err := os.Chdir(project); err != nil {
		return nil, errors.Join(err, leave())
	}
	return leave, nil
}
