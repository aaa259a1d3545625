// Command rehearsal runs the project's program on this machine, against a control plane, Helm and a simulated
// DigitalOcean. See package rehearse.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"doks-security/stack"
	"doks-security/test/bench"
	"doks-security/test/changes"
	"doks-security/test/drill"
	"doks-security/test/fakecharts"
	"doks-security/test/live"
	"doks-security/test/rehearse"
	"doks-security/test/upgrade"
)

func main() {
	if code, ok := changes.Main(os.Args); ok {
		os.Exit(code)
	}
	if len(os.Args) > 1 && os.Args[1] == live.ChildCommand {
		os.Exit(live.Main(os.Args[2:]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "\nrehearsal:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("rehearsal", flag.ContinueOnError)
	root := flags.String("root", ".", "the project's `directory`")
	name := flags.String("stack", "dev", "the `stack` to rehearse")
	cli := flags.String("pulumi", "", "`directory` with bin/pulumi; empty: the one on PATH")
	keep := flags.Bool("keep", false, "leave it running after the checks")
	addons := flags.String("addons", "", "`examples` of addons to enable, separated by spaces")
	pods := flags.Bool("live", false, "run the pods, with containerd and a kubelet; only as root on Linux")
	attach := flags.String("attach", "", "only preview against the kept rehearsal that this `file` describes")
	up := flags.Bool("up", false, "with -attach: deploy over it, as an upgrade of this program")
	dir := flags.String("dir", "", "the `directory` of the stack file, relative to the project's")
	drills := flags.String("drill", "", "only run the drills whose names match these `patterns`, and write docs/drills.md")
	settings := flags.String("settings", "",
		"only change the settings that match this `pattern`, and write docs/changing-settings.md")
	measure := flags.Bool("bench", false,
		"only measure builds, previews and plans of Terraform, and write docs/performance.md")
	newer := flags.String("upgrade", "", "only say what a newer version of this `chart` would change")
	version := flags.String("version", "", "the newer chart's `version`; empty: the newest in its repository")
	archive := flags.String("archive", "", "the newer chart's `file`, instead of its repository")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *newer != "" {
		dir, err := fakecharts.Dir(*root)
		if err != nil {
			return err
		}
		return upgrade.Run(ctx, upgrade.Options{
			Root: *root, Charts: dir, Chart: *newer, Version: *version, Archive: *archive, Out: os.Stdout,
		})
	}
	o := rehearse.Options{Root: *root, Dir: *dir, Stack: *name, Program: stack.Deploy, CLI: *cli, Keep: *keep, Live: *pods,
		Examples: strings.Fields(*addons), Out: os.Stdout}
	if *drills != "" {
		return drill.Command(ctx, o, *drills)
	}
	if *settings != "" {
		return changes.Command(ctx, o, *settings)
	}
	if *measure {
		return bench.Command(ctx, o)
	}
	if *attach != "" && *up {
		return rehearse.Upgrade(ctx, o, *attach)
	}
	if *attach != "" {
		return rehearse.Preview(ctx, o, *attach)
	}
	return rehearse.Run(ctx, o)
}
