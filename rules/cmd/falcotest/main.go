// Command falcotest checks a directory of Falco rules without Falco, on any machine: it lints the rules as Falco's
// engine loads them, runs their test cases, and with -clauses changes every condition one clause at a time and reports
// the changes that no case notices.
//
//	falcotest [flags] directory
//
// The rule files of the directory (.yaml, .yml) are loaded by name, as Falco loads /etc/falco/rules.d. Files named
// *.cases.yaml are test cases: events, with every rule that fires on them.
//
//	given:                        # events to start from
//	  shell: {evt.type: execve, container.id: 5c8f1d2e9b70, k8s.ns.name: payment, proc.name: bash}
//	cases:
//	- name: a shell in payment
//	  given: shell
//	  fires: [Shell In Payment]
//	- name: a shell elsewhere
//	  given: shell
//	  event: {k8s.ns.name: shop}  # fields added or changed; null removes one
//	  fires: []
//
// `after: path` at the top of a file of cases names rules that are loaded last, such as a user's overrides.
//
// Without -stock, only the names in Falco's own rules are known: rules may refer to them, cases cannot evaluate them.
// Download falco_rules.yaml from https://github.com/falcosecurity/rules, or declare in a file what the cases need.
//
// Exit codes: 0 nothing to report, 1 a finding (an error or a warning of the linter, a failed case, a clause without a
// case), 2 it could not run: a wrong flag, a directory without rules, a file that cannot be read.
//
// In GitHub Actions, `falcotest -format github rules` annotates the lines of a pull request.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"

	"doks-security/rules/lint"
)

const (
	exitFindings = 1
	exitFailed   = 2

	anyEngine = "any"
)

// errUsage is a wrong command line; what is wrong has been printed.
var errUsage = errors.New("usage")

// options are those of the command line.
type options struct {
	directory string
	base      []string     // directories of rules that are loaded before
	stock     []string     // files of Falco's own rules
	ruleset   string       // whose names are known
	falcos    []lint.Falco // nil for all releases
	format    string
	clauses   bool
	engine    string // of lint.FindEngines; empty for none
	verdicts  string // a directory of them, for the engine
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Stdout, os.Stderr, os.Args[1:])
	stop()
	os.Exit(code)
}

// run returns the exit code.
func run(ctx context.Context, stdout, stderr io.Writer, arguments []string) int {
	o, err := parse(stderr, arguments)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		return exitFailed
	}
	report, err := check(ctx, o)
	if err == nil {
		err = formats[o.format](stdout, report)
	}
	if err != nil {
		fmt.Fprintln(stderr, "falcotest:", err)
		return exitFailed
	}
	if report.failed() {
		return exitFindings
	}
	return 0
}

func parse(stderr io.Writer, arguments []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("falcotest", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, "usage: falcotest [flags] directory\n\n"+
			"Lints the Falco rules of a directory and runs their test cases (*.cases.yaml).\n\n")
		flags.PrintDefaults()
		fmt.Fprint(stderr, "\nexit codes: 0 nothing to report, 1 findings, 2 could not run\n")
	}
	with := "`directory` of rules that are loaded before and not tested; may be repeated"
	flags.Func("with", with, func(dir string) error {
		o.base = append(o.base, dir)
		return nil
	})
	stock := "`file` of Falco's own rules, falco_rules.yaml, for cases that use them; may be repeated"
	flags.Func("stock", stock, func(file string) error {
		o.stock = append(o.stock, file)
		return nil
	})
	flags.StringVar(&o.ruleset, "ruleset", lint.Stable,
		"Falco's own rules that are loaded before: "+strings.Join(lint.Rulesets(), ", "))
	release := "`release` to lint for, such as 0.44; may be repeated (default: " + supported() + ")"
	flags.Func("falco", release, func(version string) error {
		falco, err := lint.FindFalco(version)
		if err != nil {
			return fmt.Errorf("want one of %s", supported())
		}
		o.falcos = append(o.falcos, falco)
		return nil
	})
	names := strings.Join(formatNames(), ", ")
	flags.StringVar(&o.format, "format", "text", "output `format`: "+names)
	flags.BoolVar(&o.clauses, "clauses", false, "report clauses of conditions that no case needs")
	flags.StringVar(&o.engine, "engine", "", "ask a real Falco too: its `command`, docker:<image>, or "+anyEngine+
		" for falco on the PATH,\notherwise its images with Docker")
	verdicts := "`directory` of files with what Falco says of them, which the engine loads"
	flags.StringVar(&o.verdicts, "verdicts", "", verdicts)
	if err := flags.Parse(arguments); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return o, err
		}
		return o, errUsage // printed by flags
	}
	switch {
	case flags.NArg() != 1:
		fmt.Fprintf(stderr, "falcotest: %d directories, want one; falcotest -help lists the flags\n", flags.NArg())
		return o, errUsage
	case !slices.Contains(lint.Rulesets(), o.ruleset):
		fmt.Fprintf(stderr, "falcotest: -ruleset %q: want one of %s\n", o.ruleset, strings.Join(lint.Rulesets(), ", "))
		return o, errUsage
	case !slices.Contains(formatNames(), o.format):
		fmt.Fprintf(stderr, "falcotest: -format %q: want one of %s\n", o.format, names)
		return o, errUsage
	case o.verdicts != "" && o.engine == "":
		fmt.Fprintln(stderr, "falcotest: -verdicts needs -engine")
		return o, errUsage
	}
	o.directory = flags.Arg(0)
	return o, nil
}

func supported() string {
	var versions []string
	for _, falco := range lint.Supported {
		versions = append(versions, falco.Version)
	}
	return strings.Join(versions, ", ")
}
