package lint

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Engine is a real Falco: the last word on what loads.
type Engine struct {
	Name    string
	command []string // with the arguments that come before those of a question
	image   string   // that runs it, with Docker
}

// inContainer is where an image sees the files it is asked about.
const inContainer = "/linted"

// FindEngines returns the Falco of a command, such as "falco -c falco.yaml", or of "docker:<image>". Without either it
// finds falco on the PATH, or with Docker the images of the releases in Supported; the error says why there is none.
func FindEngines(ctx context.Context, command string) ([]Engine, error) {
	if image, ok := strings.CutPrefix(command, "docker:"); ok {
		return dockerEngines(ctx, image)
	}
	if words := strings.Fields(command); len(words) > 0 {
		path, err := exec.LookPath(words[0])
		if err != nil {
			return nil, fmt.Errorf("no Falco: %w", err)
		}
		return []Engine{{Name: path, command: append([]string{path}, words[1:]...)}}, nil
	}
	if path, err := exec.LookPath("falco"); err == nil {
		return []Engine{{Name: path, command: []string{path}}}, nil
	}
	var images []string
	for _, falco := range Supported {
		images = append(images, "falcosecurity/falco:"+falco.Version)
	}
	engines, err := dockerEngines(ctx, images...)
	if err != nil {
		return nil, fmt.Errorf("no falco on the PATH, and %w", err)
	}
	return engines, nil
}

func dockerEngines(ctx context.Context, images ...string) ([]Engine, error) {
	docker, err := exec.LookPath("docker")
	if err != nil {
		return nil, errors.New("no docker")
	}
	if err := exec.CommandContext(ctx, docker, "info").Run(); err != nil {
		return nil, errors.New("no Docker that runs")
	}
	var engines []Engine
	for _, image := range images {
		engines = append(engines, Engine{Name: image, command: []string{docker, "run", "--rm"}, image: image})
	}
	return engines, nil
}

var versionLine = regexp.MustCompile(`Falco version: ([0-9.]+)`)

// Release asks which release the engine is; one that is not in Supported is an error.
func (e Engine) Release(ctx context.Context) (Falco, error) {
	output, err := e.run(ctx, "", "--version")
	found := versionLine.FindSubmatch(output)
	if found == nil {
		return Falco{}, fmt.Errorf("asking %s for its version: no version (%w)", e.Name, err)
	}
	return FindFalco(string(found[1]))
}

// run returns what the engine writes to stdout. Files of dir are at Engine.path.
func (e Engine) run(ctx context.Context, dir string, arguments ...string) ([]byte, error) {
	words := e.command[1:]
	if e.image != "" {
		if dir != "" {
			words = append(slices.Clone(words), "-v", dir+":"+inContainer+":ro")
		}
		words = append(slices.Clone(words), e.image, "falco")
	}
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(ctx, e.command[0], slices.Concat(words, arguments)...)
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		return stdout.Bytes(), fmt.Errorf("%w\n%s", err, stderr.Bytes())
	}
	return stdout.Bytes(), nil
}

// path is where the engine sees a file of a directory.
func (e Engine) path(dir, name string) string {
	if e.image != "" {
		dir = inContainer
	}
	return filepath.Join(dir, name)
}

// Validate has Falco validate the files together, in their order.
func (e Engine) Validate(ctx context.Context, files []File) (Problems, error) {
	var problems Problems
	err := e.withFiles(files, func(dir string, paths []string) error {
		arguments := []string{"-o", "json_output=true"}
		for _, path := range paths {
			arguments = append(arguments, "-V", path)
		}
		output, runErr := e.run(ctx, dir, arguments...) // rules that do not load are an exit code and a verdict
		var err error
		if problems, err = verdict(output, files); err == nil {
			return nil
		}
		if unmet := unmetPlugin.FindStringSubmatch(fmt.Sprint(runErr)); unmet != nil {
			problems.add(Position{File: files[len(files)-1].Name}, "falco: %s", unmet[1])
			return nil
		}
		if ended := endedReading(runErr); ended != "" && ctx.Err() == nil {
			problems.add(Position{File: files[len(files)-1].Name}, "falco: ends with %s", ended)
			return nil
		}
		return fmt.Errorf("%w: %v", err, runErr)
	})
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", e.Name, err)
	}
	return problems, nil
}

// withFiles writes files to a directory while ask runs; paths are where the engine sees them.
func (e Engine) withFiles(files []File, ask func(dir string, paths []string) error) error {
	dir, err := os.MkdirTemp("", "rules-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil { // the container's user reads it
		return err
	}
	var paths []string
	for i, file := range files {
		name := fmt.Sprintf("%03d-%s", i, filepath.Base(file.Name)) // files of several directories may have the same name
		if err := os.WriteFile(filepath.Join(dir, name), []byte(file.Text), 0o644); err != nil {
			return err
		}
		paths = append(paths, e.path(dir, name))
	}
	return ask(dir, paths)
}
