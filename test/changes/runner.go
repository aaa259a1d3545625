package changes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"doks-security/stack"
	"doks-security/test/program"
	"doks-security/test/rehearse"
	"doks-security/values"
)

// Runner has a running stack, whose settings it changes.
type Runner struct {
	options rehearse.Options
	session *rehearse.Session
	file    file
	out     io.Writer // what all commands print
	path    string    // PATH of the process before
}

// New makes a runner. The options' stack and configuration are its own.
func New(o rehearse.Options) (*Runner, error) {
	root, err := filepath.Abs(o.Root) // a session changes the directory
	if err != nil {
		return nil, err
	}
	o.Root, o.Dir, o.Stack, o.Config = root, program.Fixtures, "dev", map[string]any{}
	o.Addons = values.ExampleAddonsDir
	for key, value := range base() {
		if key != "charts" { // the rehearsal's own
			o.Config[stack.Project+":"+key] = value
		}
	}
	return &Runner{options: o, out: o.Out, path: os.Getenv("PATH")}, nil
}

// open deploys the stack, unless it is.
func (r *Runner) open(ctx context.Context) error {
	if r.session != nil {
		return nil
	}
	session, err := rehearse.Open(ctx, r.options)
	if err != nil {
		return err
	}
	r.session, r.file = session, file(filepath.Join(session.Project(), "Pulumi.dev.yaml"))
	session.Account().AddDomain("example.net") // in addition to the one of the stack file
	if err := r.linkDoctl(); err != nil {
		return err
	}
	content, err := r.file.read()
	if err != nil {
		return err
	}
	content.set("charts.unverified", true) // as base has it
	if err := r.file.write(content); err != nil {
		return err
	}
	if _, printed, err := r.pulumi(ctx, "up", "--yes", "--skip-preview"); err != nil {
		return fmt.Errorf("deploying the stack: %w\n%s", err, printed)
	}
	return nil
}

// Close takes down what is deployed. Nothing is left on this machine.
func (r *Runner) Close() error {
	if r.session == nil {
		return nil
	}
	session := r.session
	r.session = nil
	if err := errors.Join(os.Setenv("PATH", r.path), session.Close()); err != nil {
		return err
	}
	if _, err := os.Stat(session.Dir()); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s is still there: %w", session.Dir(), err)
	}
	return nil
}

// linkDoctl puts this binary on PATH as doctl, for the program and the provider, which run in this process; see Main.
func (r *Runner) linkDoctl() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	bin := filepath.Join(r.session.Dir(), "bin")
	return errors.Join(os.Mkdir(bin, 0o700), os.Symlink(self, filepath.Join(bin, "doctl")),
		os.Setenv("PATH", bin+string(os.PathListSeparator)+r.path))
}

// fieldError is an error of a setting, as field.Error prints it.
var fieldError = regexp.MustCompile(`(?m)^ *` + regexp.QuoteMeta(stack.Project) + `:(\S+): .*\n *allowed: (.*)$`)

// missingCharts is the first line of a charts.Errors.
var missingCharts = regexp.MustCompile(`\d+ Helm charts? (is|are) not available`)

// reason is what is allowed for each setting in error, on one line, or that charts are not available. Without either it
// is a failedPreviewError.
func (r *Runner) reason(printed string) (string, error) {
	var reasons []string
	for _, found := range fieldError.FindAllStringSubmatch(printed, -1) {
		if reason := "`" + found[1] + "`: " + found[2]; !slices.Contains(reasons, reason) {
			reasons = append(reasons, reason)
		}
	}
	if len(reasons) == 0 {
		reasons = missingCharts.FindAllString(printed, 1)
	}
	if len(reasons) == 0 {
		return "", failedPreviewError(printed)
	}
	tomorrow := time.Now().UTC().AddDate(0, 0, 1).Format(time.DateOnly)
	text := strings.ReplaceAll(strings.Join(reasons, "; "), tomorrow, "<tomorrow>")
	for _, dir := range []string{r.session.Dir(), os.TempDir()} {
		text = regexp.MustCompile(regexp.QuoteMeta(dir)+`[^\s:"]*`).ReplaceAllString(text, "<directory>")
	}
	return text, nil
}
