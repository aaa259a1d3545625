package components

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/charts"
	"doks-security/preflight/incluster"
	"doks-security/values"
)

// Platform is what every release of a stack shares.
type Platform struct {
	Cluster string // name; a label on every metric and log
	Profile string // an overlay in the folder of a release
	Charts  charts.Source
	// StorageClass of all volumes; default: do-block-storage.
	StorageClass string
	// Provided are releases whose part the cluster has already: those of incluster.Providable.
	Provided []string
	// Overrides are values of releases that are merged last, by folder.
	Overrides map[string]map[string]any
	// Installed are the stack's releases that the cluster has.
	Installed []incluster.Release
	Known     *Known
}

// class is the StorageClass of all volumes.
func (p Platform) class() string { return cmp.Or(p.StorageClass, "do-block-storage") }

// provides reports whether a release is not installed, since the cluster has what it would bring.
func (p Platform) provides(release string) bool { return slices.Contains(p.Provided, release) }

// chartRelease is a release as a component asks for it.
type chartRelease struct {
	folder  string         // of values/ or addons/
	pin     string         // entry of values.Charts; default: folder
	options []string       // overlays in that folder
	known   map[string]any // what only the program knows
	timeout time.Duration
}

// install makes a release of the pinned chart with the values of its folder, profile and options, what the program
// knows on top, and the overrides last. It waits for the namespace.
func (p Platform) install(ctx *pulumi.Context, namespaces *Namespaces, r chartRelease,
	opts ...pulumi.ResourceOption) (*Release, error) {
	release, ok := namespaces.releases[r.folder]
	if !ok {
		return nil, fmt.Errorf("values/%s/chart.yaml is missing", r.folder)
	}
	chart := release.Chart
	if r.pin != "" {
		pins, err := namespaces.releases.Charts()
		if err != nil {
			return nil, err
		}
		if chart, ok = pins[r.pin]; !ok {
			return nil, fmt.Errorf("values/ pins no chart %q", r.pin)
		}
	}
	loaded, err := namespaces.releases.Load(r.folder, p.Profile, namespaces.names, r.options...)
	if err != nil {
		return nil, err
	}
	id := incluster.Release{Name: release.Release, Namespace: namespaces.names[release.Namespace]}
	created, err := newRelease(ctx, &ReleaseArgs{
		Name: id.Name, Namespace: id.Namespace, Chart: chart, Source: p.Charts,
		Values: values.Merge(values.Merge(loaded, r.known), p.Overrides[r.folder]), Timeout: r.timeout,
	}, append(opts, namespaces.dependency(release.Namespace))...)
	if err == nil && slices.Contains(p.Installed, id) {
		p.Known.releases = append(p.Known.releases, installed{created, id})
	}
	return created, err
}
