// Package upgrade says what a newer chart would change for our stacks, so that an upgrade is reviewed and not hoped
// for: keys of ours that vanish, objects, requests and images. It renders both charts as the program installs them.
package upgrade

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"

	"doks-security/charts"
	"doks-security/test/chartlint"
	"doks-security/test/fakecharts"
	"doks-security/test/program"
	"doks-security/values"
)

// Options choose the chart, and where the newer one comes from.
type Options struct {
	Root    string // the project's directory
	Charts  string // the directory with the pinned archives
	Chart   string // an entry of values.Charts, or the folder of an addon
	Version string // in the chart's repository; empty: the newest
	Archive string // a file instead of the repository
	Out     io.Writer
}

// Run prints what the newer chart changes. The error says what is wrong with the options, or that a stack of ours can
// no longer be rendered or loses keys.
func Run(ctx context.Context, o Options) error {
	pins, err := values.Charts()
	if err != nil {
		return err
	}
	cases := program.Cases()
	addons, err := values.Addons(o.Root, values.AddonsDir)
	if err != nil {
		return err
	}
	for folder, addon := range addons {
		pins[folder] = addon.Chart
	}
	pin, ok := pins[o.Chart]
	if !ok {
		return fmt.Errorf("values/ and addons/ pin no chart %q; allowed: %s", o.Chart,
			strings.Join(slices.Sorted(maps.Keys(pins)), ", "))
	}
	if _, addon := addons[o.Chart]; addon {
		if cases, err = o.withAddon(); err != nil {
			return err
		}
	}
	if err := pinned(o, pin); err != nil {
		return err
	}
	file, remove, err := o.newer(ctx, pin)
	if err != nil {
		return err
	}
	defer remove()
	after, err := loader.Load(file)
	if err != nil {
		return fmt.Errorf("reading the newer chart: %w", err)
	}
	if after.Name() != pin.Name {
		return fmt.Errorf("%s holds the chart %s, not %s", file, after.Name(), pin.Name)
	}
	if after.Metadata.Version == pin.Version {
		return fmt.Errorf("%s %s is what %s pins already", pin.Name, pin.Version, pin.File)
	}
	fmt.Fprintf(o.Out, "%s %s -> %s (application %s -> %s)\n", pin.Name, pin.Version, after.Metadata.Version,
		pin.AppVersion, after.Metadata.AppVersion)
	return compareAll(o, cases, pin, file)
}

// pinned refuses a directory whose archive of the pinned chart is missing, or another.
func pinned(o Options, pin values.Chart) error {
	states, err := charts.States(o.Charts, []values.Chart{pin})
	if err != nil {
		return err
	}
	note, err := fakecharts.Usable(o.Charts, states[0])
	if note != "" {
		fmt.Fprintln(o.Out, note)
	}
	return err
}

// newer is the file of the newer chart.
func (o Options) newer(ctx context.Context, pin values.Chart) (file string, remove func(), err error) {
	if o.Archive != "" {
		fmt.Fprintf(o.Out, "%s: as given, its digest is not checked\n", o.Archive)
		return o.Archive, func() {}, nil
	}
	dir, err := os.MkdirTemp("", "doks-upgrade-")
	if err != nil {
		return "", nil, err
	}
	remove = func() { _ = os.RemoveAll(dir) } // a temporary directory
	found, err := charts.Published(ctx, pin, o.Version)
	if err == nil {
		err = charts.Source{}.Fetch(ctx, dir, []values.Chart{found})
	}
	if err != nil {
		remove()
		return "", nil, fmt.Errorf("%w; without internet give a file: make upgrade CHART=%s ARCHIVE=<file>", err, o.Chart)
	}
	return charts.Archive(dir, found), remove, nil
}

// withAddon are the project's environments with addons, and two on large nodes that have the one whose chart it is.
func (o Options) withAddon() ([]program.Case, error) {
	type m = map[string]any
	cases, err := program.WithAddons(o.Root)
	for _, profile := range values.Profiles {
		c := program.Fixture(profile, m{
			"cluster": m{"pools": []any{m{"name": "default", "size": "s-8vcpu-16gb", "count": 5}}},
			"addons":  m{"enabled": []any{o.Chart}},
		})
		c.Name, c.Addons = profile+" with "+o.Chart, values.AddonsDir
		cases = append(cases, c)
	}
	for i := range cases {
		cases[i].Charts = o.Charts
	}
	return cases, err
}

// compareAll compares every release of the chart; what several cases install alike is compared once.
func compareAll(o Options, cases []program.Case, pin values.Chart, file string) error {
	before := chartlint.NewRenderer(func(c values.Chart) (*chart.Chart,
		error) {
		return loader.Load(charts.Archive(o.Charts, c))
	})
	after := chartlint.NewRenderer(func(values.Chart) (*chart.Chart, error) { return loader.Load(file) })
	kubernetes := chartlint.Versions()[1]
	seen := map[string]bool{}
	var errs []error
	for _, c := range cases {
		installation, err := program.Run(o.Root, c)
		if err != nil {
			return err
		}
		for _, r := range installation.Releases {
			if r.Chart != pin {
				continue
			}
			text, err := json.Marshal(r.Values)
			if err != nil {
				return err
			}
			if seen[string(text)] {
				continue
			}
			seen[string(text)] = true
			fmt.Fprintf(o.Out, "\n==> %s: release %s\n", c.Name, r.Name)
			old, err := before.Release(r, kubernetes)
			if err != nil {
				return err
			}
			if err := vanished(o.Out, r, file); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", c.Name, err))
			}
			fresh, err := after.Release(r, kubernetes)
			if err != nil {
				fmt.Fprintln(o.Out, "  does not render:", err)
				errs = append(errs, fmt.Errorf("%s: %w", c.Name, err))
				continue
			}
			if err := compare(o.Out, old, fresh); err != nil {
				return err
			}
		}
	}
	if len(seen) == 0 {
		return fmt.Errorf("no stack installs %s %s", pin.Name, pin.Version)
	}
	return errors.Join(errs...)
}

// vanished prints the keys of ours that the newer chart does not know.
func vanished(out io.Writer, r program.Release, file string) error {
	c, err := loader.Load(file)
	if err != nil {
		return err
	}
	lost := chartlint.Keys(c, r.Values, map[string]bool{})
	for _, problem := range lost {
		fmt.Fprintln(out, "  key vanishes:", problem)
	}
	if len(lost) > 0 {
		return fmt.Errorf("%d keys of ours vanish", len(lost))
	}
	fmt.Fprintln(out, "  every key of ours is known")
	return nil
}
