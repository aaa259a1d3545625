package values

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Directories of a project that have a folder for each release of the user's own, and for each example of one.
const (
	AddonsDir        = "addons"
	ExampleAddonsDir = "examples/addons"
)

// ProjectCharts returns the pins of a project: those of values/, and of all addons and examples, by an entry each.
func ProjectCharts(project string) (map[string]Chart, error) {
	all, err := Charts()
	if err != nil {
		return nil, err
	}
	for _, dir := range []string{AddonsDir, ExampleAddonsDir} {
		addons, err := Addons(project, dir)
		if err != nil {
			return nil, err
		}
		for _, r := range addons {
			all[r.Dir] = r.Chart
		}
	}
	return all, nil
}

// Addons returns all addons in a directory of a project, by folder. Only their chart.yaml is read: stack/addon checks
// the others.
func Addons(project, dir string) (Set, error) {
	files := os.DirFS(filepath.Join(project, dir))
	folders, err := Folders(files)
	if err != nil {
		return nil, fmt.Errorf("finding the addons: %w", err)
	}
	addons, errs := Set{}, []error(nil)
	for _, folder := range folders {
		release, err := ReadRelease(files, dir, folder)
		addons[folder] = release
		errs = append(errs, err)
	}
	return addons, errors.Join(errs...)
}

// Reviewed is something that the chart of an addon renders, and that is refused without a reason: access to its node, a
// Secret, a role that reads every Secret. reviewed.yaml has a list of them.
type Reviewed struct {
	Finding string `yaml:"finding"` // as the error says it
	Why     string `yaml:"why"`
}

// Reviewed reads reviewed.yaml; none without one.
func (r Release) Reviewed() ([]Reviewed, error) {
	var all []Reviewed
	if err := r.readStrictly("reviewed.yaml", &all); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return all, nil
}

// IsAddon reports whether the release is one of the user's own.
func (r Release) IsAddon() bool { return isAddon(r.Dir) }

func isAddon(dir string) bool { return strings.HasPrefix(dir, AddonsDir+"/") }
