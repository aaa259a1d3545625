package drill

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/google/shlex"
	"k8s.io/client-go/kubernetes"

	"doks-security/test/rehearse"
)

// Run is a drill under way. Its methods end the drill when something is not as it should be.
type Run struct {
	context.Context

	session  *rehearse.Session
	wire     *wire
	out      io.Writer // what all commands print
	messages []string
	recovery []string
	replaced []string // what the drill itself loses
	cleanups []func()
}

// failure ends a drill.
type failure string

// skipped ends a drill that this machine cannot run.
type skipped string

// Fatalf ends the drill.
func (r *Run) Fatalf(format string, args ...any) { panic(failure(fmt.Sprintf(format, args...))) }

// Skip ends a drill that this machine cannot run, with the reason.
func (r *Run) Skip(reason string) { panic(skipped(reason)) }

// must ends the drill when what it did itself failed.
func (r *Run) must(doing string, err error) {
	if err != nil {
		r.Fatalf("%s: %v", doing, err)
	}
}

// Cleanup calls f after the drill, however it ends.
func (r *Run) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }

// Fails runs a command that must fail with a line that holds message. That line is what a user sees.
func (r *Run) Fails(line, message string) string {
	text, err := r.run(line)
	if err == nil {
		r.Fatalf("%s succeeded; it must fail with %q", line, message)
	}
	r.sees(line, text, message)
	return text
}

// Shows runs a command that must succeed and print a line that holds message. That line is what a user sees.
func (r *Run) Shows(line, message string) string {
	text := r.Succeeds(line)
	r.sees(line, text, message)
	return text
}

// Succeeds runs a command that must succeed.
func (r *Run) Succeeds(line string) string {
	text, err := r.run(line)
	if err != nil {
		r.Fatalf("%s: %v", line, err)
	}
	return text
}

// Recover runs the commands that a user types to recover. They must succeed.
func (r *Run) Recover(lines ...string) {
	for _, line := range lines {
		if line == "" {
			r.Fatalf("the message has no command that recovers")
		}
		r.recovery = append(r.recovery, r.neutral(line))
		r.Succeeds(line)
	}
}

// RecoverBy is a step of the recovery that is no command of this stack.
func (r *Run) RecoverBy(what string, do func()) {
	r.recovery = append(r.recovery, what)
	do()
}

// Replaces says that the drill itself loses some of what the stack has, by the beginning of its name in the inventory.
func (r *Run) Replaces(names ...string) { r.replaced = append(r.replaced, names...) }

// Break adds a fault; Heal ends all of them, and those of the connections to Kubernetes.
func (r *Run) Break(f Fault) { r.wire.add(f) }

// Heal ends what is broken.
func (r *Run) Heal() { r.must("mending", heal(r.session, r.wire)) }

func heal(s *rehearse.Session, w *wire) error {
	s.Account().Mend()
	return w.heal()
}

// Kubernetes is a client of the cluster that does not go over the wire.
func (r *Run) Kubernetes() kubernetes.Interface {
	plane, err := r.session.ControlPlane()
	r.must("finding the cluster", err)
	return plane.Client()
}

// Signal runs a command and sends it a signal when it prints a line that holds at. message is in what it then prints,
// and empty for SIGKILL, after which nothing is printed. How the command ends does not matter: a canceled destroy ends
// with status 0.
func (r *Run) Signal(signal syscall.Signal, line, at, message string) {
	sent := false
	text, err := r.start(line, at, func(command *exec.Cmd) {
		sent = true
		_ = command.Process.Signal(signal) // it may have ended
	})()
	if !sent {
		r.Fatalf("%s never printed %q: %v", line, at, err)
	}
	if message != "" {
		r.sees(line, text, message)
	}
}

// sees takes the line that holds message for what a user sees.
func (r *Run) sees(line, text, message string) {
	for l := range strings.Lines(text) {
		if strings.Contains(l, message) {
			r.messages = append(r.messages, r.neutral(strings.TrimSpace(l)))
			return
		}
	}
	r.Fatalf("%s printed no line with %q", line, message)
}

func (r *Run) run(line string) (string, error) { return r.start(line, "", nil)() }

// start starts a command as a user types it, and answers its questions with yes. then is called once, when it prints
// at. The function it returns waits for the end, and returns what was printed.
func (r *Run) start(line, at string, then func(*exec.Cmd)) (wait func() (string, error)) {
	words, err := shlex.Split(line)
	r.must(line, err)
	variable, value, isSet := strings.Cut(words[0], "=")
	if isSet {
		r.must(line, os.Setenv(variable, value)) // for the stand-ins, which run in this process
		words = words[1:]
	}
	var command *exec.Cmd
	switch words[0] {
	case "pulumi":
		command = r.session.Command(r, slices.Concat(words[1:], unattended(words[1:]))...)
	case "kubectl", "helm":
		command = r.self(words)
	default:
		r.Fatalf("%s: no command that a drill can run", line)
	}
	fmt.Fprintf(r.out, "\n$ %s\n", line)
	printed := &printed{out: r.out, at: at}
	if then != nil {
		printed.then = func() { then(command) }
	}
	command.Stdout, command.Stderr = printed, printed
	r.must(line, command.Start())
	return func() (string, error) {
		err := command.Wait()
		if isSet {
			_ = os.Unsetenv(variable)
		}
		return printed.String(), err
	}
}

// asking are the commands of Pulumi that ask before they do something.
var asking = []string{"up", "destroy", "refresh", "cancel", "import", "state"}

func unattended(words []string) []string {
	flags := []string{"--non-interactive", "--color=never"}
	if slices.Contains(asking, words[0]) && !slices.Contains(words, "--preview-only") {
		flags = append(flags, "--yes")
	}
	return flags
}

// self is this binary by another name; see Main.
func (r *Run) self(words []string) *exec.Cmd {
	self, err := os.Executable()
	r.must("finding "+words[0], err)
	link := filepath.Join(r.session.Dir(), words[0])
	if err := os.Symlink(self, link); err != nil && !os.IsExist(err) {
		r.must("finding "+words[0], err)
	}
	command := exec.CommandContext(r, link, words[1:]...)
	command.Dir = r.session.Project()
	command.Env = append(os.Environ(), "KUBECONFIG="+r.kubeconfig())
	return command
}

// printed collects what a command prints.
type printed struct {
	log
	out  io.Writer
	at   string
	then func() // called once, after a line that holds at
}

func (p *printed) Write(b []byte) (int, error) {
	_, _ = p.log.Write(b)
	_, _ = p.out.Write(b)
	if p.then != nil && strings.Contains(p.String(), p.at) {
		p.then()
		p.then = nil
	}
	return len(b), nil
}
