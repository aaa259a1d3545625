package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Find returns the file of a program: the one that its variable names (ALERTMANAGER=/usr/bin/alertmanager), one on PATH
// that reports the version, or one built before. Where there is none it builds one with the module's own go.mod, which
// takes minutes, unless build is false. The error says why it cannot be had.
func (p Program) Find(ctx context.Context, build bool) (string, error) {
	variable := strings.ToUpper(strings.ReplaceAll(p.Name, "-", "_"))
	if file := os.Getenv(variable); file != "" {
		file, err := exec.LookPath(file)
		if err != nil {
			return "", fmt.Errorf("%s: %w; set it to the file of %s, or unset it", variable, err, p.Name)
		}
		return file, nil
	}
	if file, err := exec.LookPath(p.Name); err == nil {
		out, err := exec.CommandContext(ctx, file, "--version").CombinedOutput()
		if err == nil && bytes.Contains(out, []byte(p.reported())) {
			return file, nil
		}
	}
	if len(p.Packages) == 0 {
		return "", fmt.Errorf("%s %s is not built here; set %s to its file", p.Name, p.reported(), variable)
	}
	user, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	cache := filepath.Join(user, "doks-security", "programs", p.Version, p.Tags) // tags leave out parts of it
	file := filepath.Join(cache, p.Name)
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	if !build {
		return "", fmt.Errorf("no %s %s on PATH, and none built; make programs builds what builds fast, make pipeline all;"+
			" or set %s to its file", p.Name, p.reported(), variable)
	}
	if err := p.build(ctx, cache); err != nil {
		return "", fmt.Errorf("building %s %s: %w; or set %s to its file", p.Name, p.Version, err, variable)
	}
	return file, nil
}

// build compiles all programs of the module into a directory. go install would refuse a module with replacements, or
// whose build embeds what only its makefile generates: so the module is copied, completed, and built as it is.
func (p Program) build(ctx context.Context, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	work, err := os.MkdirTemp(dir, "build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	module, err := p.download(ctx, work)
	if err != nil {
		return err
	}
	source, built := filepath.Join(work, "source"), filepath.Join(work, "built")
	if err := errors.Join(os.CopyFS(source, os.DirFS(module)), os.Mkdir(built, 0o755)); err != nil {
		return err
	}
	for _, name := range p.Embeds {
		embedded := filepath.Join(source, name)
		err := os.MkdirAll(filepath.Dir(embedded), 0o755)
		if err := errors.Join(err, os.WriteFile(embedded, []byte("not built\n"), 0o600)); err != nil {
			return err
		}
	}
	edit := []string{"mod", "edit"}
	for _, nested := range p.Nested {
		edit = append(edit, "-replace="+nested+"="+nested+"@"+p.Version)
	}
	for _, module := range p.Unreplaced {
		edit = append(edit, "-dropreplace="+module)
	}
	if len(edit) > 2 {
		command := exec.CommandContext(ctx, "go", append(edit, filepath.Join(source, "go.mod"))...)
		if out, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, lastLines(string(out), 3))
		}
	}
	args := append([]string{"build", "-C", source, "-mod=mod", "-tags", p.Tags, "-ldflags=-s -w", "-o", built},
		p.Packages...)
	command := exec.CommandContext(ctx, "go", args...)
	command.Env = append(os.Environ(), "GOWORK=off")
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, lastLines(string(out), 3))
	}
	files, err := os.ReadDir(built)
	if err != nil {
		return err
	}
	for _, file := range files {
		err = errors.Join(err, os.Rename(filepath.Join(built, file.Name()), filepath.Join(dir, file.Name())))
	}
	return err
}

// download fetches the module and returns the directory of its source, which is read-only.
func (p Program) download(ctx context.Context, work string) (string, error) {
	command := exec.CommandContext(ctx, "go", "mod", "download", "-json", p.Module+"@"+p.Version)
	command.Dir = work // outside of every module
	command.Env = append(os.Environ(), "GOWORK=off")
	out, err := command.Output()
	var module struct{ Dir, Error string }
	if unreadable := json.Unmarshal(out, &module); unreadable != nil {
		return "", errors.Join(withStderr(err), unreadable)
	}
	if module.Error != "" {
		return "", errors.New(lastLines(module.Error, 2))
	}
	return module.Dir, err
}

func withStderr(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) > 0 {
		return fmt.Errorf("%w: %s", err, lastLines(string(exit.Stderr), 3))
	}
	return err
}

// lastLines are the last n lines of what a command printed.
func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
