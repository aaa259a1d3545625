package values

import (
	"embed"
	"errors"
	"sync"
)

//go:embed */*.yaml */dashboards/*.json
var files embed.FS

// Releases returns the releases of values/, all that a stack without addons can have.
var Releases = sync.OnceValues(func() (Set, error) {
	folders, err := Folders(files)
	if err != nil {
		return nil, err
	}
	releases := Set{}
	for _, folder := range folders {
		if releases[folder], err = ReadRelease(files, "values", folder); err != nil {
			return nil, err
		}
	}
	_, err = renderedReleases()
	return releases, errors.Join(err, namespacesOf(releases).check())
})

// ReadNetwork is Set.Network of the releases of values/.
var ReadNetwork = sync.OnceValues(func() (Network, error) {
	releases, err := Releases()
	if err != nil {
		return Network{}, err
	}
	return releases.Network()
})

// Charts is Set.Charts of the releases of values/.
func Charts() (map[string]Chart, error) {
	releases, err := Releases()
	if err != nil {
		return nil, err
	}
	return releases.Charts()
}

// AllNamespaces is Set.Namespaces of the releases of values/.
func AllNamespaces() (map[string]Namespace, error) {
	releases, err := Releases()
	return releases.Namespaces(), err
}

// Load is Set.Load of a release of values/.
func Load(folder, profile string, namespaces Namespaces, options ...string) (map[string]any, error) {
	releases, err := Releases()
	if err != nil {
		return nil, err
	}
	return releases.Load(folder, profile, namespaces, options...)
}

// Alerts is Set.Alerts of the releases of values/.
func Alerts(
	metrics string, namespaces Namespaces, approved map[string][]string, links AlertLinks, outputs ...Output,
) (map[string]RuleGroup, error) {
	releases, err := Releases()
	if err != nil {
		return nil, err
	}
	return releases.Alerts(metrics, namespaces, approved, links, outputs...)
}

// Dashboards is Set.Dashboards of the releases of values/.
func Dashboards() (map[string]string, error) {
	releases, err := Releases()
	if err != nil {
		return nil, err
	}
	return releases.Dashboards()
}

// ProtectedOf is Set.ProtectedOf of a release of values/.
func ProtectedOf(folder string) ([]Protected, error) {
	releases, err := Releases()
	if err != nil {
		return nil, err
	}
	return releases.ProtectedOf(folder)
}
