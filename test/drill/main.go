package drill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"k8s.io/component-base/cli"
	"k8s.io/kubectl/pkg/cmd"

	"doks-security/test/controlplane"
	"doks-security/test/rehearse"
)

// Main is what a binary that runs drills does when it is started as one of its own child processes: the control plane,
// or kubectl or helm by another name. ok is false when it was started by a user.
func Main(args []string) (code int, ok bool) {
	switch {
	case filepath.Base(args[0]) == "kubectl":
		return cli.Run(cmd.NewDefaultKubectlCommand()), true
	case filepath.Base(args[0]) == "helm":
		if err := helm(args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, "Error:", err)
			return 1, true
		}
		return 0, true
	case len(args) > 1 && args[1] == controlplane.ChildCommand:
		return controlplane.Main(args[2:]), true
	}
	return 0, false
}

// Command runs the drills whose names match one of the patterns (path.Match), which spaces separate, prints a table and
// writes what they showed to docs/drills.md. It fails when a drill does.
func Command(ctx context.Context, o rehearse.Options, patterns string) error {
	left, err := matching(patterns)
	if err != nil {
		return err
	}
	out, started, one := o.Out, time.Now(), len(left) == 1
	docs, err := filepath.Abs(filepath.Join(o.Root, "docs", "drills.md")) // a session changes the directory
	if err != nil {
		return err
	}
	runner := New(o)
	var results []Result
	for len(left) > 0 && ctx.Err() == nil {
		var d Drill
		d, left = runner.Next(left)
		result := runner.Run(ctx, d)
		results = append(results, result)
		if one {
			fmt.Fprintln(out, result.Printed)
		}
		result.WriteLine(out)
		if result.Failed() && !one {
			if err := keep(filepath.Join(filepath.Dir(filepath.Dir(docs)), "build", "drill", d.Name+".txt"), result.Printed,
				out); err != nil {
				return errors.Join(err, runner.Close())
			}
		}
		if err := UpdatePage(docs, results); err != nil { // an interrupted run keeps what it has shown
			return errors.Join(err, runner.Close())
		}
	}
	if err := errors.Join(ctx.Err(), runner.Close()); err != nil {
		return err
	}
	WriteSummary(out, results, time.Since(started))
	if slices.ContainsFunc(results, Result.Failed) {
		return errors.New("drills failed")
	}
	return nil
}

// matching are the drills whose names match one of the patterns.
func matching(patterns string) ([]Drill, error) {
	var found []Drill
	for _, d := range All() {
		for _, pattern := range strings.Fields(patterns) {
			match, err := path.Match(pattern, d.Name)
			if err != nil {
				return nil, fmt.Errorf("the name of a drill: %q: %w", pattern, err)
			}
			if match {
				found = append(found, d)
				break
			}
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("there is no drill %q; docs/drills.md lists them", patterns)
	}
	return found, nil
}

// keep writes what the commands of a drill printed.
func keep(file, printed string, out io.Writer) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	fmt.Fprintln(out, "                 "+file)
	return os.WriteFile(file, []byte(printed), 0o600)
}
