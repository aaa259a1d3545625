package rehearse

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"doks-security/test/fakecharts"
)

// attachment is how another version of the program finds a rehearsal that is kept running.
type attachment struct {
	Stack       string            `json:"stack"`
	Environment map[string]string `json:"environment"` // the CLI's, with the account's token
	Charts      string            `json:"charts"`
	StandIns    bool              `json:"standIns"`
	Unverified  bool              `json:"unverified"`
}

func (e *engine) writeAttachment() (file string, err error) {
	file = filepath.Join(e.workspace.dir, "attachment.json")
	text, err := json.Marshal(attachment{
		Stack: e.stack.Name(), Environment: e.env, Charts: e.charts.dir, StandIns: e.charts.temporary != nil,
		Unverified: e.charts.unverified,
	})
	if err != nil {
		return "", err
	}
	return file, os.WriteFile(file, text, 0o600)
}

// Preview prints what the program here would change of a rehearsal that another version keeps running; file is what
// that one named. It changes nothing.
func Preview(ctx context.Context, o Options, file string) error {
	return attached(ctx, o, file, func(e *engine) error {
		if _, err := e.stack.Preview(ctx, optpreview.ProgressStreams(o.Out), optpreview.ErrorProgressStreams(o.Out),
			optpreview.Diff(), optpreview.Color("never"), optpreview.SuppressProgress()); err != nil {
			return brief("preview", err)
		}
		return nil
	})
}

// Upgrade deploys the program here over a rehearsal that an older version keeps running. It is an error if a resource
// is replaced, or if a second preview finds changes.
func Upgrade(ctx context.Context, o Options, file string) error {
	return attached(ctx, o, file, func(e *engine) error {
		r := &report{out: o.Out}
		r.step("preview of the upgrade of %s", e.stack.Name())
		preview, err := e.stack.Preview(ctx, optpreview.ProgressStreams(o.Out), optpreview.SuppressOutputs())
		if err != nil {
			return brief("preview", err)
		}
		replaced := preview.ChangeSummary[apitype.OpReplace]
		r.check("the upgrade replaces nothing", replaced == 0, "%d resources would be replaced", replaced)
		if err := r.err(); err != nil {
			return err
		}
		r.step("up")
		if _, err := e.up(ctx); err != nil {
			return err
		}
		r.step("preview again: no changes")
		return e.preview(ctx, true)
	})
}

// attached calls use with the stack of the kept rehearsal, which runs the program here with its own stack file.
func attached(ctx context.Context, o Options, file string, use func(*engine) error) (err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("no kept rehearsal: %w; `make rehearse KEEP=1` names the file", err)
	}
	var a attachment
	if err := json.Unmarshal(text, &a); err != nil {
		return fmt.Errorf("reading %s: %w", file, err)
	}
	e := &engine{out: o.Out, charts: &charts{dir: a.Charts, unverified: a.Unverified}}
	defer func() {
		if closing := e.close(); err == nil {
			err = closing
		}
	}()
	if a.StandIns { // those of the charts pinned here
		if err := fakecharts.WriteStandInsOf(o.Root, a.Charts); err != nil {
			return err
		}
	}
	if e.workspace, err = newWorkspace(o, a.Stack, mergeConfig(e.charts.config(), o.Config)); err != nil {
		return err
	}
	e.onClose(e.workspace.remove)
	cli, err := findCLI(o.CLI)
	if err != nil {
		return err
	}
	leave, err := enter(e.workspace.project, a.Environment)
	if err != nil {
		return err
	}
	e.onClose(leave)
	local, err := auto.NewLocalWorkspace(ctx, auto.Pulumi(cli), auto.WorkDir(e.workspace.project),
		auto.PulumiHome(a.Environment["PULUMI_HOME"]),
		auto.Program(o.Program), auto.EnvVars(a.Environment), auto.SecretsProvider("passphrase"))
	if err != nil {
		return fmt.Errorf("opening the rehearsal's workspace: %w", err)
	}
	if e.stack, err = auto.SelectStack(ctx, a.Stack, local); err != nil {
		return fmt.Errorf("selecting the stack: %w", err)
	}
	if err := e.workspace.encrypt(ctx, e.stack); err != nil {
		return err
	}
	return use(e)
}
