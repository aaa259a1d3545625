package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// Lab runs programs below one directory. StopAll ends them.
type Lab struct {
	dir   string
	build bool

	mu        sync.Mutex
	processes []*Process
	started   int
}

// New is a lab that keeps its programs' data in dir, and builds programs that are not there if build is set.
func New(dir string, build bool) *Lab { return &Lab{dir: dir, build: build} }

// Unavailable is a program that cannot be had on this machine, and why.
type Unavailable struct {
	Program string
	Reason  error
}

func (u *Unavailable) Error() string { return u.Program + " is not available: " + u.Reason.Error() }
func (u *Unavailable) Unwrap() error { return u.Reason }

// File is the file of a program, or an *Unavailable.
func (l *Lab) File(ctx context.Context, name string) (string, error) {
	programs, err := Programs()
	if err != nil {
		return "", err
	}
	for _, p := range programs {
		if p.Name != name {
			continue
		}
		file, err := p.Find(ctx, l.build)
		if err != nil {
			return "", &Unavailable{name, err}
		}
		return file, nil
	}
	return "", fmt.Errorf("the pipeline has no program %q", name)
}

// start runs a program on a free address, in its own directory below the lab's. files are written into it first.
func (l *Lab) start(
	ctx context.Context, name string, files map[string]string, on func(address string) launch,
) (*Process, error) {
	file, err := l.File(ctx, name)
	if err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	l.started++
	dir := filepath.Join(l.dir, fmt.Sprintf("%s-%d", name, l.started))
	l.mu.Unlock()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	for file, text := range files {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	p := &Process{Name: name, URL: "http://" + address, dir: dir, file: file, launch: on(address)}
	if err := p.Start(ctx); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.processes = append(l.processes, p)
	return p, nil
}

// StopAll ends all programs, the last one first.
func (l *Lab) StopAll() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	for i := len(l.processes) - 1; i >= 0; i-- {
		errs = append(errs, l.processes[i].Stop())
	}
	return errors.Join(errs...)
}

// Processes are the programs that were started.
func (l *Lab) Processes() []*Process {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.processes)
}
