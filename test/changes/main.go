package changes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"doks-security/test/drill"
	"doks-security/test/rehearse"
)

// Main is what a binary that runs changes does when it is started as one of its own child processes: doctl by another
// name, or one of those of drill.Main. ok is false when it was started by a user.
func Main(args []string) (code int, ok bool) {
	if filepath.Base(args[0]) != "doctl" {
		return drill.Main(args)
	}
	if err := rehearse.Doctl(args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1, true
	}
	return 0, true
}

// Command makes the changes of the settings that match a pattern (path.Match), and writes docs/changing-settings.md. It
// fails when something happens that must not.
func Command(ctx context.Context, o rehearse.Options, pattern string) error {
	var chosen []Change
	for _, c := range All() {
		match, err := path.Match(pattern, c.Setting)
		if err != nil {
			return fmt.Errorf("the name of a setting: %q: %w", pattern, err)
		}
		if match {
			chosen = append(chosen, c)
		}
	}
	if len(chosen) == 0 {
		return fmt.Errorf("there is no setting %q; docs/changing-settings.md lists them", pattern)
	}
	docs, err := filepath.Abs(filepath.Join(o.Root, "docs", "changing-settings.md")) // a session changes the directory
	if err != nil {
		return err
	}
	printed := filepath.Join(filepath.Dir(filepath.Dir(docs)), "build", "settings-table.txt")
	if err := os.MkdirAll(filepath.Dir(printed), 0o755); err != nil {
		return err
	}
	log, err := os.Create(printed)
	if err != nil {
		return err
	}
	out, started := o.Out, time.Now()
	o.Out = log
	runner, err := New(o)
	if err != nil {
		return errors.Join(err, log.Close())
	}
	var results []Result
	var pageErr error
	err = runner.Run(ctx, chosen, func(r Result) {
		results = append(results, r)
		r.WriteLine(out, time.Since(started))
		pageErr = errors.Join(pageErr, UpdatePage(docs, results)) // an interrupted run keeps what it has shown
	})
	if err := errors.Join(err, pageErr, runner.Close(), log.Close()); err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%d changes in %s; what was printed: %s\n",
		len(results), time.Since(started).Round(time.Second), printed)
	if slices.ContainsFunc(results, func(r Result) bool { return r.Err != nil }) {
		return errors.New("changes did what they must not")
	}
	return nil
}

// WriteLine prints a change and what it did.
func (r Result) WriteLine(out io.Writer, after time.Duration) {
	if r.Err != nil {
		fmt.Fprintf(out, "FAILED %5.0fs %s: %v\n", after.Seconds(), r.name(), r.Err)
		return
	}
	fmt.Fprintf(out, "ok     %5.0fs %s%s", after.Seconds(), row(r.Change), r.shown())
}
