package rehearse

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"gopkg.in/yaml.v3"

	"doks-security/stack"
	"doks-security/stack/override"
	"doks-security/test/program"
	"doks-security/values"
)

// accountKeys would reach a real account: a rehearsal never takes them over.
var accountKeys = []string{"digitalocean:token", "digitalocean:apiEndpoint", "digitalocean:spacesAccessId",
	"digitalocean:spacesSecretKey", "digitalocean:spacesEndpoint"}

// workspace is a private copy of the project's configuration with its own state, all in one directory.
type workspace struct {
	dir       string // the root
	owned     *owned // that directory; removed with everything below
	project   string // Pulumi.yaml, the stack file, its overrides and addons
	state     string
	home      string            // PULUMI_HOME
	temp      string            // of the CLI and its plugins
	secrets   map[string]string // what stands for encrypted values, by path
	domain    string            // that the stack file exposes things below
	stackFile string
}

// newWorkspace copies the stack's configuration. Its encrypted values are not ours to read: a placeholder is used,
// encrypted with the rehearsal's own passphrase. extra is configuration the rehearsal adds.
func newWorkspace(o Options, stack string, extra map[string]any) (_ *workspace, err error) {
	own, err := newOwned()
	if err != nil {
		return nil, err
	}
	dir := own.path
	w := &workspace{
		dir: dir, owned: own, project: filepath.Join(dir, "project"), state: filepath.Join(dir, "state"),
		home:    filepath.Join(dir, "home"),
		temp:    filepath.Join(dir, "tmp"),
		secrets: map[string]string{},
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.remove())
		}
	}()
	for _, sub := range []string{w.project, w.state, w.home, w.temp} {
		if err := os.Mkdir(sub, 0o700); err != nil {
			return nil, fmt.Errorf("making the rehearsal's directory: %w", err)
		}
	}
	project, err := os.ReadFile(filepath.Join(o.Root, "Pulumi.yaml"))
	if err != nil {
		return nil, fmt.Errorf("reading the project: %w", err)
	}
	if err := os.WriteFile(filepath.Join(w.project, "Pulumi.yaml"), project, 0o600); err != nil {
		return nil, err
	}
	if root := filepath.Join(o.Root, o.Dir); override.Exist(root, stack) {
		dir := filepath.Join(override.Dir, stack)
		if err := os.CopyFS(filepath.Join(w.project, dir), os.DirFS(filepath.Join(root, dir))); err != nil {
			return nil, fmt.Errorf("copying the stack's overrides: %w", err)
		}
	}
	addons := filepath.Join(o.Root, cmp.Or(o.Addons, filepath.Join(o.Dir, values.AddonsDir)))
	if _, err := os.Stat(addons); err == nil {
		if err := os.CopyFS(filepath.Join(w.project, values.AddonsDir), os.DirFS(addons)); err != nil {
			return nil, fmt.Errorf("copying the addons: %w", err)
		}
	}
	w.stackFile = filepath.Join(w.project, "Pulumi."+stack+".yaml")
	return w, w.copyStackFile(o, filepath.Join(o.Root, o.Dir, "Pulumi."+stack+".yaml"), extra)
}

func (w *workspace) copyStackFile(o Options, source string, extra map[string]any) error {
	text, err := os.ReadFile(source)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("there is no stack file %s; STACK is the name of one: Pulumi.<stack>.yaml; `make env "+
			"NAME=<stack>` writes it",
			filepath.Base(source))
	}
	if err != nil {
		return fmt.Errorf("reading the stack file: %w", err)
	}
	config, err := stack.ReadFile(filepath.Base(source), text)
	if err != nil {
		return err
	}
	for _, key := range accountKeys {
		delete(config, key)
	}
	for key, value := range extra {
		config[key] = value
	}
	if err := w.addExamples(o.Root, o.Examples, config); err != nil {
		return err
	}
	for key, value := range config {
		var secrets map[string]string
		config[key], secrets = program.WithoutSecrets(key, value)
		maps.Copy(w.secrets, secrets)
	}
	if exposure, ok := config["doks-security:exposure"].(map[string]any); ok {
		w.domain, _ = exposure["domain"].(string)
	}
	out, err := yaml.Marshal(map[string]any{"config": config})
	if err != nil {
		return fmt.Errorf("writing the rehearsal's stack file: %w", err)
	}
	return os.WriteFile(w.stackFile, out, 0o600)
}

// encrypt sets the secrets, until then plain, in the stack's own configuration.
func (w *workspace) encrypt(ctx context.Context, stack auto.Stack) error {
	if len(w.secrets) == 0 {
		return nil
	}
	secrets := auto.ConfigMap{}
	for path, text := range w.secrets {
		secrets[path] = auto.ConfigValue{Value: text, Secret: true}
	}
	if err := stack.SetAllConfigWithOptions(ctx, secrets, &auto.ConfigOptions{Path: true}); err != nil {
		return fmt.Errorf("setting the secrets of the stack file: %w", err)
	}
	return nil
}

func (w *workspace) remove() error { return w.owned.remove() }
