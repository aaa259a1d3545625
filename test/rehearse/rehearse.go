// Package rehearse runs the real program from nothing to nothing on this machine: a Pulumi engine, a Kubernetes API
// server and scheduler, Helm and a simulated DigitalOcean. It previews, deploys, checks what is deployed, previews
// again (no changes), destroys, and checks that nothing is left: no object in the account, no process, no file.
package rehearse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/test/crds"
)

// Options choose what is rehearsed.
type Options struct {
	Root   string // the project's directory
	Dir    string // of the stack file, below Root; empty: Root itself
	Addons string // a directory of addons, below Root; empty: addons/ next to the stack file
	Stack  string // names the stack file
	// Examples are addons of values.ExampleAddonsDir to enable in addition to the stack's own, with a node more.
	Examples []string
	Program  pulumi.RunFunc // the program itself
	CLI      string         // a directory with bin/pulumi; empty: the pulumi on PATH
	Keep     bool           // leave it running after the checks, until the context ends
	Live     bool           // run the pods, on one node: package live
	Out      io.Writer
	Config   map[string]any // overrides of the stack file
	// Through gives the URL by which the providers reach a server of the rehearsal (the account's API, its object
	// storage, a cluster's API server), so that a proxy in between can break connections. Optional.
	Through func(url string) (string, error)
}

// Run rehearses one stack. The context's end cleans up, at any moment.
func Run(ctx context.Context, o Options) error {
	started := time.Now()
	r := &report{out: o.Out}
	e, err := open(ctx, o, r)
	if err != nil {
		return err
	}
	if err := errors.Join(e.run(ctx, o, r), e.close()); err != nil {
		return err
	}
	// close waits for the control plane's process.
	_, err = os.Stat(e.workspace.dir)
	r.check("nothing left on this machine: no process, no file", errors.Is(err, os.ErrNotExist), "%s is still there: %v",
		e.workspace.dir, err)
	r.summarize()
	r.note("rehearsed %s in %s", o.Stack, time.Since(started).Round(time.Second))
	return r.err()
}

// open prepares a rehearsal: charts, workspace, account and engine.
func open(ctx context.Context, o Options, r *report) (_ *engine, err error) {
	e := &engine{out: o.Out}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.close())
		}
	}()
	if _, err = crds.CRDs(); err != nil { // each control plane needs them
		return nil, err
	}
	if e.charts, err = chooseCharts(ctx, o.Root, r); err != nil {
		return nil, err
	}
	e.onClose(e.charts.close)
	if e.workspace, err = newWorkspace(o, o.Stack, mergeConfig(e.charts.config(), o.Config)); err != nil {
		return nil, err
	}
	e.onClose(e.workspace.remove)
	for _, key := range slices.Sorted(maps.Keys(e.workspace.secrets)) {
		r.note("%s is encrypted: a placeholder is used", key)
	}
	var run *pods
	if o.Live {
		if run, err = preparePods(ctx, o, e.charts, e.workspace, r); err != nil {
			return nil, err
		}
	}
	if e.account, err = openAccount(ctx, e.workspace.dir, o.Through, run); err != nil {
		return nil, err
	}
	e.onClose(e.account.close)
	if e.workspace.domain != "" {
		e.account.simulator.AddDomain(e.workspace.domain)
		r.note("the simulated account has the domain %s", e.workspace.domain)
	}
	return e, e.connect(ctx, o, r)
}

// run takes the stack through its life. What fails ends it, but for Keep: then it can be looked at.
func (e *engine) run(ctx context.Context, o Options, r *report) error {
	err := e.deploy(ctx, o, r)
	if err != nil {
		explain(context.WithoutCancel(ctx), e.account, r)
	}
	if o.Keep || err != nil {
		r.summarize()
	}
	if o.Keep && err != nil {
		r.step("failed, and kept as it is: %v", err)
	}
	if o.Keep && ctx.Err() == nil {
		e.hold(ctx, r)
		// The destroy below still has its time when the user interrupts.
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), 5*time.Minute)
		defer cancel()
	}
	if err != nil {
		return err
	}
	r.step("destroy")
	if err := e.destroy(ctx, r); err != nil {
		return err
	}
	left := e.account.simulator.Leftovers()
	r.check("nothing left in the simulated account", len(left) == 0, "%d objects left: %v", len(left), left)
	return r.err()
}

// deploy deploys, checks what is deployed, and that a second preview finds nothing to do.
func (e *engine) deploy(ctx context.Context, o Options, r *report) error {
	r.step("preview of %s, before anything exists", o.Stack)
	if err := e.preview(ctx, false); err != nil {
		return err
	}
	r.step("up")
	outputs, err := e.up(ctx)
	if err != nil {
		return err
	}
	r.step("checks")
	if err := verify(ctx, e.account, outputs, e.workspace, r); err != nil {
		return err
	}
	r.step("preview again: no changes")
	return e.preview(ctx, true)
}

// mergeConfig lays configurations over each other, the last on top.
func mergeConfig(maps ...map[string]any) map[string]any {
	merged := map[string]any{}
	for _, m := range maps {
		for key, value := range m {
			merged[key] = value
		}
	}
	return merged
}

// report prints steps, and remembers which checks failed.
type report struct {
	out     io.Writer
	failed  []string
	summary []string // how full the nodes are, and what they cost
}

func (r *report) step(format string, args ...any) {
	fmt.Fprintf(r.out, "\n==> %s\n", fmt.Sprintf(format, args...))
}

func (r *report) note(format string, args ...any) {
	fmt.Fprintf(r.out, "    %s\n", fmt.Sprintf(format, args...))
}

// summarize prints the summary; nothing when nothing was deployed.
func (r *report) summarize() {
	if len(r.summary) == 0 {
		return
	}
	r.step("utilization and cost")
	for _, line := range r.summary {
		r.note("%s", line)
	}
}

// check prints one line, with the detail when it fails.
func (r *report) check(name string, ok bool, format string, args ...any) {
	if ok {
		fmt.Fprintf(r.out, "  ok    %s\n", name)
		return
	}
	r.failed = append(r.failed, name)
	fmt.Fprintf(r.out, "  FAIL  %s: %s\n", name, fmt.Sprintf(format, args...))
}

func (r *report) err() error {
	if len(r.failed) == 0 {
		return nil
	}
	return fmt.Errorf("%d checks failed: %q", len(r.failed), r.failed)
}
