package values

import (
	_ "embed"
	"fmt"
	"slices"
	"sync"

	"gopkg.in/yaml.v3"
)

// Resources are CPU in thousandths of a core and memory in MiB.
type Resources struct {
	MilliCPU int `yaml:"milliCPU"`
	MiB      int `yaml:"MiB"`
}

// Plus adds b so many times.
func (r Resources) Plus(b Resources, times int) Resources {
	return Resources{MilliCPU: r.MilliCPU + b.MilliCPU*times, MiB: r.MiB + b.MiB*times}
}

// Rendered is what the pods of a release request and claim, as its chart renders it.
type Rendered struct {
	Profile string `yaml:"profile"`
	// With are the options it is rendered with, of those that make a difference to the release.
	With    []Option  `yaml:"with,omitempty"`
	PerNode Resources `yaml:"perNode,omitempty"` // of pods that run on every node
	Shared  Resources `yaml:"shared,omitempty"`  // of all replicas of the others
	// Apart is the number of nodes it takes: replicas whose anti-affinity is required. 0: any number.
	Apart  int     `yaml:"apart,omitempty"`
	Claims []Claim `yaml:"claims,omitempty"`
}

// Claim is a PersistentVolumeClaim, once for each replica.
type Claim struct {
	Name        string `yaml:"name"`                  // with a StatefulSet, of its template
	Namespace   string `yaml:"namespace"`             // role
	StatefulSet string `yaml:"statefulSet,omitempty"` // empty: its own claim
	Operator    bool   `yaml:"operator,omitempty"`    // prometheus-operator creates the StatefulSet
	Replicas    int    `yaml:"replicas"`
	Setting     string `yaml:"setting,omitempty"` // that sizes it, in GiB, such as logging.volumeGiB
	GiB         int    `yaml:"GiB,omitempty"`     // its size without a setting
}

//go:embed rendered.yaml
var renderedFile []byte

// renderedReleases is rendered.yaml: for each folder its variants, none where nothing is requested and claimed.
var renderedReleases = sync.OnceValues(func() (map[string][]Rendered, error) {
	var all map[string][]Rendered
	if err := yaml.Unmarshal(renderedFile, &all); err != nil {
		return nil, fmt.Errorf("reading values/rendered.yaml, which `make rendered` writes: %w", err)
	}
	return all, nil
})

// RenderedOf returns what the releases in these folders request and claim with a profile and options, in the order of
// their names. values/rendered.yaml has it; a release that is not there requests nothing.
func RenderedOf(folders []string, profile string, options ...Option) ([]Rendered, error) {
	all, err := renderedReleases()
	if err != nil {
		return nil, err
	}
	var found []Rendered
	for _, folder := range slices.Sorted(slices.Values(folders)) {
		set := map[Option]bool{} // those of options that make a difference
		for _, variant := range all[folder] {
			for _, option := range variant.With {
				if slices.Contains(options, option) {
					set[option] = true
				}
			}
		}
		for _, variant := range all[folder] {
			if variant.Profile == profile && len(variant.With) == len(set) && containsAll(set, variant.With) {
				found = append(found, variant)
			}
		}
	}
	return found, nil
}

func containsAll(set map[Option]bool, options []Option) bool {
	return !slices.ContainsFunc(options, func(o Option) bool { return !set[o] })
}
