// Package override reads the files with which a user changes Helm values of a stack's releases, without a fork:
//
//	overrides/<stack>/<release>.yaml
//
// in the directory of the stack file, where <release> is a folder of values/ or addons/. A file has values of the
// release's chart, as `helm install --values` takes them, and is merged last. Everything is checked before anything is
// created; what is refused is a field.Error, each with the file and the path of the key:
//
//   - Read: files of releases that the stack does not install, and what is no map of values
//   - Check: values that a setting has, or that keep the stack safe and connected (<release>/protected.yaml), and
//     secrets in plain text
//   - Keys: keys that the chart does not know
//   - Render: what the chart refuses to render, and objects that open the stack or that its namespaces refuse
package override

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"doks-security/stack/field"
	"doks-security/values"
)

// Dir has a directory for each stack with overrides.
const Dir = "overrides"

// File is what a user changes of a release.
type File struct {
	Name    string // from the project's directory: overrides/dev/loki.yaml
	Release string // folder
	Values  map[string]any
}

// Exist reports whether the stack has a file of overrides below root, the directory of the stack file.
func Exist(root, stack string) bool {
	names, _ := list(root, stack) // an error is one of Read
	return len(names) > 0
}

// Read reads the files of a stack; installed are its releases, of all that there are, options what they depend on. The
// files it returns are without errors of these kinds.
func Read(root, stack string, all, installed values.Set, options []values.Option, errs *field.Errors) ([]File, error) {
	names, err := list(root, stack)
	if err != nil {
		return nil, fmt.Errorf("reading overrides: %w", err)
	}
	allowed := "<release>.yaml of a release of this stack: " + strings.Join(installed.Folders(), ", ")
	var files []File
	for _, name := range names {
		file := path.Join(Dir, stack, name)
		folder, isYAML := strings.CutSuffix(name, ".yaml")
		release, known := all[folder]
		_, ok := installed[folder]
		switch {
		case !isYAML || !known:
			errs.Add(file+": name", name, allowed, "correct the file's name, or remove it")
			continue
		case !ok && slices.Contains(options, release.Without):
			errs.Add(file+": name", name, allowed, "remove it: the release is not installed with "+string(release.Without))
			continue
		case !ok && release.With != "" && !slices.Contains(options, release.With):
			errs.Add(file+": name", name, allowed, "remove it: the release is installed with "+string(release.With)+" only")
			continue
		case !ok:
			errs.Add(file+": name", name, allowed, "remove it: cluster.provides says that the cluster has what it would install")
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, Dir, stack, name))
		if err != nil {
			return nil, fmt.Errorf("reading overrides: %w", err)
		}
		if content, ok := Parse(file, text, errs); ok {
			files = append(files, File{Name: file, Release: folder, Values: content})
		}
	}
	return files, nil
}

// list are the entries of the stack's directory, sorted, but for hidden files.
func list(root, stack string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(root, Dir, stack))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var names []string
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), ".") {
			names = append(names, entry.Name())
		}
	}
	return names, err
}

// key names a value in errors.
func (f File) key(path string) string { return f.Name + ": " + path }
