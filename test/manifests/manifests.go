// Package manifests writes all that one stack puts into its cluster as files, one an object: what Pulumi cannot show,
// and what two versions of the program are compared by. It needs no cluster and no account, and the same program writes
// the same bytes every time.
package manifests

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"helm.sh/helm/v3/pkg/chart"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"doks-security/charts/chartfile"
	"doks-security/test/digitalocean"
	"doks-security/test/fakecharts"
	"doks-security/test/prcomment"
	"doks-security/test/program"
	"doks-security/values"
)

// programDir holds the objects that the program creates itself.
const programDir = "program"

// Options choose the stack and where its manifests go.
type Options struct {
	Root, Stack string               // the project's directory; Pulumi.<stack>.yaml
	Out         string               // a directory of earlier manifests, or none: what is in it goes
	Archives    *fakecharts.Archives // nil: stand-ins
	Settings    map[string]any       // laid over the stack file, by key without the project's name
	// Applicable writes only what a GitOps controller may apply, below releases/: objects of Helm releases, without
	// Secrets and without what is known in the cluster only.
	Applicable bool
}

// Write renders every release and object of the stack, and a summary of what can be counted.
func Write(o Options) (prcomment.Summary, error) {
	if err := usable(o.Out); err != nil {
		return prcomment.Summary{}, err
	}
	c := program.Case{Name: o.Stack, Stack: o.Stack, Settings: o.Settings}
	if o.Archives != nil {
		c.Charts = o.Archives.Dir
	}
	installation, err := program.Run(o.Root, c)
	if err != nil {
		return prcomment.Summary{}, err
	}
	s := summarize(o, installation)
	files, err := render(o, installation, s.Kubernetes)
	if err != nil {
		return prcomment.Summary{}, err
	}
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return prcomment.Summary{}, err
	}
	files[prcomment.SummaryFile] = append(text, '\n')
	return s, replace(o.Out, files)
}

// render are the files by their name below the directory.
func render(o Options, i *program.Installation, kubernetes string) (map[string][]byte, error) {
	load := fakecharts.New
	if o.Archives != nil {
		load = o.Archives.Load
	}
	files := map[string][]byte{}
	if !o.Applicable {
		if err := add(files, programDir, i.Objects); err != nil {
			return nil, err
		}
	}
	for _, r := range i.Releases {
		objects, err := one(load, r, kubernetes)
		if err != nil {
			return nil, err
		}
		if o.Applicable {
			err = applicableFiles(files, r.Name, objects)
		} else {
			err = add(files, r.Name, objects)
		}
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

func one(load func(values.Chart) (*chart.Chart, error), r program.Release,
	kubernetes string) ([]*unstructured.Unstructured, error) {
	c, err := load(r.Chart)
	if err != nil {
		return nil, err
	}
	return chartfile.Render(c, chartfile.Target{Release: r.Name, Namespace: r.Namespace,
		Kubernetes: kubernetes}, r.Values)
}

// kubernetes is the version the stack's charts are rendered for: its own, or of an existing cluster the newest.
func kubernetes(i *program.Installation) string {
	if i.Settings.Cluster.Version == "" || i.Settings.Cluster.Existing != "" || i.Settings.Cluster.Kubeconfig != "" {
		return digitalocean.NewestMinor()
	}
	return i.Settings.Cluster.Version
}

// usable refuses a directory that holds something else than manifests: it is emptied.
func usable(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the directory for manifests: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, prcomment.SummaryFile)); err != nil {
		return fmt.Errorf("OUT: %q holds something else than manifests, and would be emptied; name another directory", dir)
	}
	return nil
}

func replace(dir string, files map[string][]byte) error {
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("emptying %s: %w", dir, err)
	}
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
