package components

import (
	"fmt"
	"slices"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/charts"
	"doks-security/values"
)

// Platform is what every release of a stack shares.
type Platform struct {
	Cluster string // name; a label on every metric and log
	Profile string // an overlay in the folder of a release
	Charts  charts.Source
	// Provided are releases whose part the cluster has already: those of incluster.Providable.
	Provided []string
}

// provides tells whether a release is not installed, since the cluster has what it would bring.
func (p Platform) provides(release string) bool { return slices.Contains(p.Provided, release) }

// chartRelease is a release as a component asks for it.
type chartRelease struct {
	name, namespace string         // namespace: its role
	values          string         // folder in values/; default: name
	pin             string         // entry of values.Charts; default: values
	options         []string       // overlays in that folder
	known           map[string]any // what only the program knows
	timeout         time.Duration
}

// install makes a release of the pinned chart with the values of its file, profile and options, and what the program
// knows on top.
func (p Platform) install(ctx *pulumi.Context, namespaces *Namespaces, r chartRelease, opts ...pulumi.ResourceOption) (*Release, error) {
	if r.values == "" {
		r.values = r.name
	}
	if r.pin == "" {
		r.pin = r.values
	}
	pins, err := values.Charts()
	if err != nil {
		return nil, err
	}
	chart, ok := pins[r.pin]
	if !ok {
		return nil, fmt.Errorf("values/ pins no chart %q", r.pin)
	}
	loaded, err := values.Load(r.values, p.Profile, namespaces.names, r.options...)
	if err != nil {
		return nil, err
	}
	return newRelease(ctx, &ReleaseArgs{
		Name: r.name, Namespace: namespaces.names[r.namespace], Chart: chart, Source: p.Charts,
		Values: values.Merge(loaded, r.known), Timeout: r.timeout,
	}, opts...)
}
