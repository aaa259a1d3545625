package changes

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"gopkg.in/yaml.v3"

	"doks-security/stack"
)

// file is the path of a stack file.
type file string

// stackFile is what it holds.
type stackFile map[string]any

func (f file) read() (stackFile, error) {
	text, err := os.ReadFile(string(f))
	if err != nil {
		return nil, err
	}
	var content map[string]any // not a stackFile: the maps inside would be some, too
	err = yaml.Unmarshal(text, &content)
	return content, err
}

func (f file) write(content stackFile) error {
	text, err := yaml.Marshal(map[string]any(content))
	if err != nil {
		return err
	}
	return os.WriteFile(string(f), text, 0o600)
}

func (s stackFile) get(path string) any {
	value, _ := get(s["config"], stack.Project+":"+path)
	return value
}

func (s stackFile) set(path string, value any) {
	config, _ := s["config"].(map[string]any)
	set(config, stack.Project+":"+path, value)
}

// encrypted reports whether a value of a stack file is.
func encrypted(value any) bool {
	object, _ := value.(map[string]any)
	return object["secure"] != nil
}

// change edits the stack file.
func (r *Runner) change(ctx context.Context, c Change) error {
	content, err := r.file.read()
	if err != nil {
		return err
	}
	secrets := map[string]string{}
	for _, v := range c.values() {
		switch to := v.To.(type) {
		case secret:
			secrets[v.Path] = string(to)
		case string:
			to, err = r.resolve(content, to)
			content.set(v.Path, to)
		case object:
			content.set(v.Path, maps.Clone(to)) // not the row's own
		default:
			content.set(v.Path, to)
		}
	}
	if err := errors.Join(err, r.file.write(content)); err != nil {
		return err
	}
	for path, text := range secrets {
		command := r.session.Command(ctx, "config", "set", "--secret", "--path", stack.Project+":"+path, text)
		if printed, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("setting %s: %w\n%s", path, err, printed)
		}
	}
	return nil
}

// restore gives what a change set the values of before.
func (r *Runner) restore(c Change, before stackFile) error {
	content, err := r.file.read()
	if err != nil {
		return err
	}
	for _, v := range slices.Backward(c.values()) { // what was added below a value goes with it
		content.set(v.Path, before.get(v.Path))
	}
	return r.file.write(content)
}

// resolve makes directories of the placeholders of base.go.
func (r *Runner) resolve(content stackFile, to string) (string, error) {
	switch to {
	case rulesDirectory:
		return filepath.Join(r.options.Root, "stack", "testdata", "rules", "good"), nil
	case copiedMirror:
		mirror, _ := content.get("charts.mirror").(string)
		copied := filepath.Join(r.session.Dir(), "mirror")
		if _, err := os.Stat(copied); err == nil {
			return copied, nil
		}
		return copied, os.CopyFS(copied, os.DirFS(mirror))
	}
	return to, nil
}
