package rehearse

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/digitalocean/godo"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/test/controlplane"
	"doks-security/test/digitalocean"
)

// Session is a rehearsal that its caller drives command by command, as a user does: the configuration of a stack in a
// directory of its own, an empty simulated account, and the Pulumi CLI.
type Session struct {
	engine  *engine
	program *goPlugin
	cli     string // the CLI's path
}

// Open prepares a session; nothing is deployed. Of the options Keep is not used. Only one session of a process can be
// open: it changes the working directory and the environment, as the program and the providers run in this process.
func Open(ctx context.Context, o Options) (*Session, error) {
	cli := "pulumi"
	if o.CLI != "" {
		cli = filepath.Join(o.CLI, "bin", "pulumi")
	}
	cli, err := exec.LookPath(cli)
	if err == nil {
		cli, err = filepath.Abs(cli)
	}
	if err != nil {
		return nil, fmt.Errorf("finding the Pulumi CLI: %w", err)
	}
	e, err := open(ctx, o, &report{out: o.Out})
	if err != nil {
		return nil, err
	}
	p, err := serveProgram(o.Program)
	if err != nil {
		return nil, errors.Join(err, e.close())
	}
	e.onClose(p.close)
	return &Session{engine: e, program: p, cli: cli}, nil
}

// Close ends everything, and removes its files.
func (s *Session) Close() error { return s.engine.close() }

// Command prepares a command of the Pulumi CLI, with the directory and the environment of a user. The stack is
// selected.
func (s *Session) Command(ctx context.Context, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, s.cli, args...)
	command.Dir = s.engine.workspace.project
	command.Env = append(os.Environ(), "PULUMI_DEBUG_LANGUAGES=go:"+fmt.Sprint(s.program.port))
	for key, value := range s.engine.env {
		command.Env = append(command.Env, key+"="+value)
	}
	return command
}

// Shell is a file for a user's shell: after `. <file>` the CLI works on the stack, with the program of the checkout,
// which Pulumi's plugin for Go compiles (see LanguagePlugin).
func (s *Session) Shell() (file string, err error) { return s.engine.writeShell() }

// SetProgram changes what the next commands run; nil: the program of the options.
func (s *Session) SetProgram(run pulumi.RunFunc) { s.program.set(run) }

// Dir is the root of the session's files; nothing of it is left after Close.
func (s *Session) Dir() string { return s.engine.workspace.dir }

// Project is the directory of Pulumi.yaml and the stack file.
func (s *Session) Project() string { return s.engine.workspace.project }

// State is the directory of the stack's state: a backend of the kind file://.
func (s *Session) State() string { return s.engine.workspace.state }

// Kubeconfig is the file that the last run of the program wrote.
func (s *Session) Kubeconfig() (string, error) { return s.engine.kubeconfig() }

// Account is the simulated account.
func (s *Session) Account() *digitalocean.Simulator { return s.engine.account.simulator }

// API is a client of the account, which does not go through Options.Through.
func (s *Session) API() (*godo.Client, error) {
	client := godo.NewFromToken(s.engine.account.token)
	return client, godo.SetBaseURL(s.engine.account.simulator.URL())(client)
}

// ControlPlane is the one of the account's only cluster; an error when there is none, or several.
func (s *Session) ControlPlane() (*controlplane.ControlPlane, error) {
	return s.engine.account.clusters.only()
}

// Processes lists the processes whose command line has dir in it, as "<id> <command line>". It needs /proc.
func Processes(dir string) ([]string, error) {
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(files) == 0 {
		return nil, errors.New("this system does not list its processes in /proc")
	}
	var found []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it ended meanwhile
		}
		if line := strings.ReplaceAll(string(text), "\x00", " "); strings.Contains(line, dir) {
			found = append(found, filepath.Base(filepath.Dir(file))+" "+line)
		}
	}
	return found, nil
}
