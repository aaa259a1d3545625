// Package bench measures how long the program takes to build and to preview, and what it needs for that; and next to
// it, plans of Terraform's Helm provider with the same charts and values.
package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"doks-security/test/rehearse"
)

// Measure is what one command needed.
type Measure struct {
	Name     string
	Elapsed  time.Duration
	CPU      time.Duration // of all its processes, and of this one meanwhile: a rehearsal's providers are in it
	MemoryMB int           // of the largest of its processes; 0: not measured on this system
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

// runs of a command that is measured warm, in addition to the first.
const runs = 3

// warm measures a command that is done again and again: after a first run, the middle one of three. Each must succeed
// and print what shows that it did what is measured.
func (b *bench) warm(name, shows string, command func() *exec.Cmd) error {
	var measured []Measure
	for range 1 + runs {
		m, text, err := measure(name, command())
		if err != nil {
			return err
		}
		if !strings.Contains(text, shows) {
			return fmt.Errorf("%s: the output does not contain %q\n%s", name, shows, text)
		}
		measured = append(measured, m)
	}
	measured = measured[1:]
	slices.SortFunc(measured, func(a, b Measure) int { return cmp.Compare(a.Elapsed, b.Elapsed) })
	b.add(measured[runs/2])
	return nil
}

// measure runs a command, which must succeed, and returns what it printed.
func measure(name string, command *exec.Cmd) (m Measure, text string, err error) {
	before, started := ownCPU(), time.Now()
	printed, err := command.CombinedOutput()
	if err != nil {
		return Measure{}, "", fmt.Errorf("%s: %w\n%s", name, err, printed)
	}
	state := command.ProcessState
	m = Measure{Name: name, Elapsed: time.Since(started),
		CPU: state.UserTime() + state.SystemTime() + ownCPU() - before}
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok && runtime.GOOS == "linux" { // elsewhere in other units
		m.MemoryMB = int(usage.Maxrss / 1000)
	}
	return m, string(printed), nil
}

// ownCPU is what this process has used.
func ownCPU() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage) // fails only for another argument
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
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
		m, _, err := measure(step.name, command)
		if err != nil {
			return err
		}
		b.add(m)
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
