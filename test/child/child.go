// Package child runs a program that serves until its standard input ends, which it does with its parent, however that
// dies. The program writes a file when it is ready.
package child

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// Process is a running child.
type Process struct {
	command *exec.Cmd
	stdin   io.Closer
	exited  chan struct{}
}

// Start runs the command. What it prints goes to the file log.
func Start(command *exec.Cmd, log string) (*Process, error) {
	printed, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	defer printed.Close()
	command.Stdout, command.Stderr = printed, printed
	p := &Process{command: command, exited: make(chan struct{})}
	if p.stdin, err = command.StdinPipe(); err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = command.Wait() // how it ended is in its log
		close(p.exited)
	}()
	return p, nil
}

// PID is its process ID.
func (p *Process) PID() int { return p.command.Process.Pid }

// Ready returns when the file exists, or an error when the child has ended, the time is over, or ctx.
func (p *Process) Ready(ctx context.Context, file string, within time.Duration) error {
	deadline := time.After(within)
	for {
		if _, err := os.Stat(file); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.exited:
			return errors.New("it ended by itself")
		case <-deadline:
			return fmt.Errorf("not ready after %s", within)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Stop ends the child's standard input, and kills it if it is still there when the time is over, or ctx.
func (p *Process) Stop(ctx context.Context, within time.Duration) {
	_ = p.stdin.Close() // fails only when the child is gone
	select {
	case <-p.exited:
		return
	case <-ctx.Done():
	case <-time.After(within):
	}
	_ = p.command.Process.Kill()
	<-p.exited
}
