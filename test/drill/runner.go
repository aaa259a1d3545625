package drill

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"doks-security/test/program"
	"doks-security/test/rehearse"
)

// longest is how long a drill may take.
const longest = 5 * time.Minute

// Result is how a drill ended.
type Result struct {
	Drill    Drill
	Messages []string // lines that a user sees
	Recovery []string // commands
	Took     time.Duration
	Skipped  string // why this machine cannot run it
	Err      error
	Printed  string // by its commands
}

// Runner runs drills one after the other, on one stack as long as they succeed.
type Runner struct {
	options rehearse.Options
	session *rehearse.Session
	wire    *wire
	out     *log
	state   State
	names   []string // the deployed stack's inventory
}

// New makes a runner. The options' stack and configuration, Out and Through are its own.
func New(o rehearse.Options) *Runner {
	o.Dir, o.Stack = program.Fixtures, "dev"
	o.Config = map[string]any{
		"doks-security:cluster": map[string]any{"region": "fra1", "version": "1.34", "pools": []any{
			map[string]any{"name": "default", "size": "s-2vcpu-4gb", "count": 3},
			map[string]any{"name": "extra", "size": "s-2vcpu-4gb", "count": 1},
		}},
		"doks-security:logging": map[string]any{"storage": "spaces", "retention": "3d"},
	}
	return &Runner{options: o, state: Empty, out: &log{}}
}

// Next takes the drill that is best run now off the list.
func (r *Runner) Next(left []Drill) (Drill, []Drill) { return next(r.state, left) }

// Run runs one drill. A failed one costs the next a deployment.
func (r *Runner) Run(ctx context.Context, d Drill) Result {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	r.out.reset()
	result := Result{Drill: d}
	if err := r.prepare(ctx, d.From); err != nil {
		result.Err = fmt.Errorf("preparing: %w", err)
	} else {
		started := time.Now()
		r.run(ctx, d, &result)
		result.Took = time.Since(started)
	}
	result.Printed = r.out.String()
	if result.Err != nil {
		result.Err = errors.Join(result.Err, r.Close())
	}
	return result
}

// Close takes down what is deployed. Nothing is left on this machine.
func (r *Runner) Close() error {
	if r.session == nil {
		return nil
	}
	session := r.session
	r.session, r.state = nil, Empty
	if err := errors.Join(session.Close(), r.wire.close()); err != nil {
		return err
	}
	if _, err := os.Stat(session.Dir()); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s is still there: %w", session.Dir(), err)
	}
	return nil
}

// prepare brings the stack into a state.
func (r *Runner) prepare(ctx context.Context, want State) error {
	if r.session == nil {
		r.wire = &wire{}
		r.options.Through, r.options.Out = r.wire.through, r.out
		session, err := rehearse.Open(ctx, r.options)
		if err != nil {
			return errors.Join(err, r.wire.close())
		}
		r.session, r.state = session, Empty
	}
	if r.state == want {
		return nil
	}
	command := "pulumi up --skip-preview"
	if want == Empty {
		command = "pulumi destroy --skip-preview"
	}
	run := r.start(ctx)
	if err := attempt(func() { run.Succeeds(command) }); err != nil {
		return err
	}
	r.state = want
	return nil
}

func (r *Runner) start(ctx context.Context) *Run {
	return &Run{Context: ctx, session: r.session, wire: r.wire, out: r.out}
}

// attempt returns what ends f early.
func attempt(f func()) (err error) {
	defer func() {
		switch ended := recover().(type) {
		case nil:
		case failure:
			err = errors.New(string(ended))
		case skipped:
			err = ended
		default:
			panic(ended)
		}
	}()
	f()
	return nil
}

func (s skipped) Error() string { return string(s) }

func (r *Runner) run(ctx context.Context, d Drill, result *Result) {
	run := r.start(ctx)
	before, err := take(ctx, r.session)
	if err == nil {
		err = attempt(func() { d.Do(run) })
	}
	for _, f := range slices.Backward(run.cleanups) {
		f()
	}
	r.session.SetProgram(nil)
	result.Messages, result.Recovery = run.messages, run.recovery
	var skip skipped
	if errors.As(err, &skip) {
		result.Skipped = string(skip)
		return
	}
	if err = errors.Join(err, heal(r.session, r.wire)); err == nil {
		err = attempt(func() { r.check(run, d, before) })
	}
	r.state, result.Err = d.to(), err
}

// check is what every drill must keep.
func (r *Runner) check(run *Run, d Drill, before inventory) {
	if d.to() == Empty {
		run.must("after the destroy", nothingLeft(r.session, run.Succeeds("pulumi stack export")))
		return
	}
	run.Succeeds("pulumi preview --expect-no-changes")
	_, pending, err := stateOf(run.Succeeds("pulumi stack export"))
	run.must("the state", err)
	if len(pending) > 0 {
		run.Fatalf("the state has pending operations: %s", strings.Join(pending, "; "))
	}
	run.must("the cluster", settled(run, run.Kubernetes()))
	after, err := take(run, r.session)
	run.must("looking at the account", err)
	for name, ids := range after {
		if len(ids) != 1 {
			run.Fatalf("%s: %d", name, len(ids))
		}
	}
	if d.From == Deployed {
		if lost := before.differences(after, run.replaced); len(lost) > 0 {
			run.Fatalf("not what there was: %s", strings.Join(lost, "; "))
		}
	}
	if r.names == nil {
		r.names = after.names()
	}
	if names := after.names(); !slices.Equal(names, r.names) {
		run.Fatalf("the stack has %q, and had %q", names, r.names)
	}
}
