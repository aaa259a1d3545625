package live

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
)

// processes are those of the node. Its own is the first of them all, and the parent of each that has lost its own.
type processes struct {
	dir string // of their logs

	mu       sync.Mutex
	services map[int]string
	commands map[int]chan int // exit codes
}

// serve starts a service: the node ends with it. Its output is in a file of its name.
func (p *processes) serve(name, file string, args ...string) error {
	p.mu.Lock() // until its end can be told from others'
	defer p.mu.Unlock()
	pid, err := p.start(name, file, args...)
	p.services[pid] = name
	return err
}

// run runs a command and waits for its end. Its output is in the file of a name.
func (p *processes) run(name, file string, args ...string) error {
	p.mu.Lock()
	pid, err := p.start(name, file, args...)
	ended := make(chan int, 1)
	p.commands[pid] = ended
	p.mu.Unlock()
	if err != nil {
		return err
	}
	if code := <-ended; code != 0 {
		return fmt.Errorf("%s %q: exit code %d", file, args, code)
	}
	return nil
}

func (p *processes) start(name, file string, args ...string) (int, error) {
	file, err := exec.LookPath(file)
	if err != nil {
		return 0, fmt.Errorf("starting %s: %w", name, err)
	}
	log, err := os.OpenFile(filepath.Join(p.dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, fmt.Errorf("starting %s: %w", name, err)
	}
	defer log.Close()
	process, err := os.StartProcess(file, append([]string{file}, args...), &os.ProcAttr{Dir: p.dir, Env: os.Environ(),
		Files: []*os.File{nil, log, log}})
	if err != nil {
		return 0, fmt.Errorf("starting %s: %w", name, err)
	}
	return process.Pid, nil
}

// reap waits for processes until a service ends.
func (p *processes) reap() error {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return fmt.Errorf("waiting for processes: %w", err)
		}
		p.mu.Lock()
		service, ended := p.services[pid], p.commands[pid]
		delete(p.commands, pid)
		p.mu.Unlock()
		if service != "" {
			return fmt.Errorf("%s ended: exit code %d, signal %d", service, status.ExitStatus(), status.Signal())
		}
		if ended != nil {
			ended <- status.ExitStatus()
		}
	}
}
