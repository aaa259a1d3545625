package pipeline

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// Process is a running program that serves HTTP on loopback.
type Process struct {
	Name string
	URL  string // http://127.0.0.1:<port>

	file    string // its executable
	dir     string // its data, configuration and log, which outlive it
	launch  launch
	command *exec.Cmd
	ended   chan struct{} // closed when it has ended, for whatever reason
}

// launch is how a program is started.
type launch struct {
	args  []string
	env   []string // all of it: the caller's own is not passed on
	ready string   // path that answers 200 when it is ready
}

// startTimeout is how long a program may take until it is ready.
const startTimeout = 30 * time.Second

// Start starts the program again after Stop or Kill, with the same data, and waits until it is ready. It is killed when
// ctx ends.
func (p *Process) Start(ctx context.Context) error {
	log, err := os.OpenFile(filepath.Join(p.dir, "log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() // the program has its own
	p.command = exec.CommandContext(ctx, p.file, p.launch.args...)
	p.command.Dir, p.command.Stdout, p.command.Stderr = p.dir, log, log
	p.command.Env = append([]string{"HOME=" + p.dir}, p.launch.env...)
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C ends the lab, and the lab ends its programs
	endWithParent(p.command.SysProcAttr)
	command, started, ended := p.command, make(chan error), make(chan struct{})
	p.ended = ended
	go func() {
		runtime.LockOSThread() // the kernel takes the thread that starts a program for its parent
		err := command.Start()
		started <- err
		if err == nil {
			_ = command.Wait() // why it ended is in its log
		}
		close(ended)
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("starting %s: %w", p.Name, err)
	}
	if err := p.await(ctx, p.URL+p.launch.ready); err != nil {
		return errors.Join(fmt.Errorf("%s: %w\n%s", p.Name, err, lastLines(p.Log(), 20)), p.Stop())
	}
	return nil
}

func (p *Process) await(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		if _, err := get(ctx, url); err == nil {
			return nil
		}
		select {
		case <-p.ended:
			return errors.New("ended before it was ready")
		case <-ctx.Done():
			return fmt.Errorf("not ready after %s", startTimeout)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Stop asks the program to end, as Kubernetes does, and kills it after ten seconds.
func (p *Process) Stop() error {
	select {
	case <-p.ended:
		return nil
	default:
	}
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		if err := p.command.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("stopping %s: %w", p.Name, err)
		}
		select {
		case <-p.ended:
			return nil
		case <-time.After(10 * time.Second):
		}
	}
	return fmt.Errorf("%s does not end", p.Name)
}

// Log is what the program has printed so far, over all its starts.
func (p *Process) Log() string {
	text, err := os.ReadFile(filepath.Join(p.dir, "log"))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// MemoryMiB is the memory that the program has, and the most it had since it was started; Linux only.
func (p *Process) MemoryMiB() (now, most int, err error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(status)) {
		var kilobytes int
		if n, _ := fmt.Sscanf(line, "VmRSS: %d kB", &kilobytes); n == 1 {
			now = kilobytes / 1024
		}
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kilobytes); n == 1 {
			most = kilobytes / 1024
		}
	}
	return now, most, nil
}

// freeAddress is an address on loopback that nothing listens on.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}
