// Package bench measures how long the program takes to build and to preview, and what it needs for that.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"doks-security/test/rehearse"
)

// Measure is what one command needed.
type Measure struct {
	Name     string
	Elapsed  time.Duration
	CPU      time.Duration // of all its processes
	MemoryMB int           // of the largest of them; 0: not measured on this system
	Skipped  string        // why it was not measured
}

// bench is a benchmark under way.
type bench struct {
	context.Context

	root, scratch string
	out           io.Writer
	results       []Measure
}

// Command measures, prints each result, and writes docs/performance.md.
func Command(ctx context.Context, o rehearse.Options) (err error) {
	b := &bench{Context: ctx, out: o.Out}
	if b.root, err = filepath.Abs(o.Root); err != nil {
		return err
	}
	if b.scratch, err = os.MkdirTemp("", "doks-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.scratch)) }()
	if err := b.builds(); err != nil {
		return err
	}
	if err := b.previews(o); err != nil {
		return err
	}
	return UpdatePage(filepath.Join(b.root, "docs", "performance.md"), b.results)
}

// run measures a command, which must succeed.
func (b *bench) run(name string, command *exec.Cmd) error {
	started := time.Now()
	text, err := command.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, text)
	}
	state := command.ProcessState
	m := Measure{Name: name, Elapsed: time.Since(started), CPU: state.UserTime() + state.SystemTime()}
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok && runtime.GOOS == "linux" { // elsewhere in other units
		m.MemoryMB = int(usage.Maxrss / 1000)
	}
	b.add(m)
	return nil
}

func (b *bench) add(m Measure) {
	b.results = append(b.results, m)
	fmt.Fprintf(b.out, "%s: %s\n", m.Name, m.shown())
}

// builds compiles the program as Pulumi's plugin for Go does, with a cache of its own.
func (b *bench) builds() error {
	for _, step := range []struct{ name, changed, line string }{
		{name: "first build, empty cache"},
		{name: "build, nothing changed"},
		{"build, a line of main.go changed", "main.go", "const measured = 1"},
		{"build, a line of components/ changed", "components/cluster.go", "const measured = 1"},
		{"build, a value of a chart changed", "values/loki/values.yaml", "# measured"},
	} {
		args := []string{"build", "-buildvcs=false", "-trimpath", "-ldflags", "-w -s",
			"-o", filepath.Join(b.scratch, "program")}
		if step.changed != "" {
			overlay, err := b.overlay(step.changed, step.line)
			if err != nil {
				return err
			}
			args = append(args, "-overlay", overlay)
		}
		command := exec.CommandContext(b, "go", append(args, ".")...)
		command.Dir = b.root
		command.Env = append(os.Environ(), "GOCACHE="+filepath.Join(b.scratch, "cache"))
		if err := b.run(step.name, command); err != nil {
			return err
		}
	}
	return nil
}

// overlay has the compiler read a file with one more line: nothing in the checkout changes.
func (b *bench) overlay(file, line string) (string, error) {
	original := filepath.Join(b.root, file)
	text, err := os.ReadFile(original)
	if err != nil {
		return "", err
	}
	changed := filepath.Join(b.scratch, "changed"+filepath.Ext(file))
	if err := os.WriteFile(changed, append(text, line+"\n"...), 0o600); err != nil {
		return "", err
	}
	overlay := filepath.Join(b.scratch, "overlay.json")
	return overlay, os.WriteFile(overlay, fmt.Appendf(nil, `{"Replace": {%q: %q}}`, original, changed), 0o600)
}

// previews previews a deployed stack without a change, by the command line.
func (b *bench) previews(o rehearse.Options) (err error) {
	const name = "pulumi preview, nothing changed"
	o.Out = io.Discard
	session, err := rehearse.Open(b, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	if text, err := session.Command(b, "up", "--yes", "--skip-preview").CombinedOutput(); err != nil {
		return fmt.Errorf("pulumi up: %w\n%s", err, text)
	}
	shell, err := session.Shell()
	if err != nil {
		return err
	}
	if err := rehearse.LanguagePlugin(o.CLI); err != nil {
		b.add(Measure{Name: name, Skipped: err.Error()})
	} else {
		preview := func() *exec.Cmd {
			return exec.CommandContext(b, "bash", "-c", ". "+shell+" && exec pulumi preview --expect-no-changes")
		}
		if text, err := preview().CombinedOutput(); err != nil { // it builds the program
			return fmt.Errorf("%s: %w\n%s", name, err, text)
		}
		if err := b.run(name, preview()); err != nil {
			return err
		}
	}
	if text, err := session.Command(b, "destroy", "--yes", "--skip-preview").CombinedOutput(); err != nil {
		return fmt.Errorf("pulumi destroy: %w\n%s", err, text)
	}
	return nil
}
