package judge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Engine is a real Falco: the last word on what loads.
type Engine struct {
	Name string
	// command validates files of a directory, which it sees under root.
	command []string
	root    func(dir string) string
	mount   func(dir string) []string
}

// FindEngines finds falco on the PATH, or with Docker every version we install; the error says why there is none.
func FindEngines(ctx context.Context) ([]Engine, error) {
	if path, err := exec.LookPath("falco"); err == nil {
		return []Engine{{Name: path, command: []string{path}, root: func(dir string) string { return dir },
			mount: func(string) []string { return nil }}}, nil
	}
	docker, err := exec.LookPath("docker")
	if err != nil {
		return nil, errors.New("no falco on the PATH, and no docker")
	}
	if err := exec.CommandContext(ctx, docker, "info").Run(); err != nil {
		return nil, errors.New("no falco on the PATH, and Docker does not run")
	}
	var engines []Engine
	for _, falco := range Supported {
		image := "falcosecurity/falco:" + falco.Version
		engines = append(engines, Engine{Name: image, command: []string{docker, "run", "--rm"}, root: func(string) string { return "/judged" },
			mount: func(dir string) []string { return []string{"-v", dir + ":/judged:ro", image, "falco"} }})
	}
	return engines, nil
}

// Judge has Falco validate the files together, in their order.
func (e Engine) Judge(ctx context.Context, files []File) (Problems, error) {
	dir, err := os.MkdirTemp("", "rules-")
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", e.Name, err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil { // the container's user reads it
		return nil, fmt.Errorf("asking %s: %w", e.Name, err)
	}
	arguments := append(append([]string{}, e.command[1:]...), e.mount(dir)...)
	arguments = append(arguments, "-o", "json_output=true")
	for _, file := range files {
		name := filepath.Base(file.Name)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(file.Text), 0o644); err != nil {
			return nil, fmt.Errorf("asking %s: %w", e.Name, err)
		}
		arguments = append(arguments, "-V", filepath.Join(e.root(dir), name))
	}
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(ctx, e.command[0], arguments...)
	command.Stdout, command.Stderr = &stdout, &stderr
	runErr := command.Run() // rules that do not load are an exit code and a verdict
	problems, err := verdict(stdout.Bytes(), len(files))
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w (%v)\n%s", e.Name, err, runErr, stderr.Bytes())
	}
	return problems, nil
}

// verdict reads what `falco -V` prints as JSON. A warning leaves the exit code at 0.
func verdict(output []byte, files int) (Problems, error) {
	type finding struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Context struct {
			Locations []struct {
				Position struct{ Line, Column int } `json:"position"`
			} `json:"locations"`
		} `json:"context"`
	}
	var results struct {
		Results []struct {
			Name       string    `json:"name"`
			Successful bool      `json:"successful"`
			Errors     []finding `json:"errors"`
			Warnings   []finding `json:"warnings"`
		} `json:"falco_load_results"`
	}
	start := bytes.IndexByte(output, '{')
	if start < 0 {
		return nil, errors.New("no verdict")
	}
	if err := json.NewDecoder(bytes.NewReader(output[start:])).Decode(&results); err != nil {
		return nil, fmt.Errorf("no verdict: %w", err)
	}
	if len(results.Results) != files {
		return nil, fmt.Errorf("a verdict on %d files, want %d", len(results.Results), files)
	}
	var problems Problems
	for _, result := range results.Results {
		place := func(f finding) Position {
			at := Position{File: filepath.Base(result.Name)}
			for _, location := range f.Context.Locations {
				at.Line, at.Column = location.Position.Line+1, location.Position.Column+1
			}
			return at
		}
		for _, f := range result.Errors {
			problems.add(place(f), "falco: %s: %s", f.Code, f.Message)
		}
		for _, f := range result.Warnings {
			problems.warn(place(f), f.Code, "falco: %s", f.Message)
		}
		if !result.Successful && len(result.Errors) == 0 {
			problems.add(Position{File: filepath.Base(result.Name)}, "falco: does not load")
		}
	}
	return problems, nil
}
