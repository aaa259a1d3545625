package rehearse

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// writeShell writes a file for a user's shell: after `. <file>` the Pulumi CLI works on this rehearsal, in a directory
// with its stack file. The program there is the checkout's, which pulumi preview and pulumi up compile as ever: an edit
// of it is what they run.
func (e *engine) writeShell() (file string, err error) {
	if err := e.workspace.linkProgram(e.root); err != nil {
		return "", err
	}
	environment := maps.Clone(e.env)
	if kubeconfig, err := e.kubeconfig(); err == nil { // none before the program ran
		environment["KUBECONFIG"] = kubeconfig
	}
	var text strings.Builder
	for _, key := range slices.Sorted(maps.Keys(environment)) {
		fmt.Fprintf(&text, "export %s=%s\n", key, quoted(environment[key]))
	}
	if e.bin != "" {
		fmt.Fprintf(&text, "export PATH=%s:\"$PATH\"\n", quoted(e.bin))
	}
	fmt.Fprintf(&text, "cd %s\n", quoted(e.workspace.project))
	file = filepath.Join(e.workspace.dir, "shell")
	return file, os.WriteFile(file, []byte(text.String()), 0o600)
}

// quoted is a word of a shell.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// linkProgram links the sources of the program in root, an absolute path, into the project, next to the rehearsal's own
// configuration.
func (w *workspace) linkProgram(root string) error {
	entries, err := os.ReadDir(root)
	if err != nil {
		return fmt.Errorf("reading the program: %w", err)
	}
	for _, entry := range entries {
		name, link := entry.Name(), filepath.Join(w.project, entry.Name())
		_, err := os.Lstat(link)
		if err == nil || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "Pulumi.") ||
			slices.Contains([]string{"bin", "build"}, name) { // they are of runs
			continue
		}
		if err := os.Symlink(filepath.Join(root, name), link); err != nil {
			return fmt.Errorf("linking the program: %w", err)
		}
	}
	return nil
}

// LanguagePlugin is an error where Pulumi's plugin for Go is neither on PATH nor next to the CLI, where Pulumi looks
// for it: without it the CLI compiles no program. cli is Options.CLI.
func LanguagePlugin(cli string) error {
	if _, err := exec.LookPath("pulumi-language-go"); err == nil {
		return nil
	}
	pulumi, err := filepath.EvalSymlinks(filepath.Join(cli, "bin", "pulumi"))
	if err == nil {
		_, err = os.Stat(filepath.Join(filepath.Dir(pulumi), "pulumi-language-go"))
	}
	if err != nil {
		return errors.New("no pulumi-language-go: it comes with an installed Pulumi, and no Go module has it")
	}
	return nil
}
