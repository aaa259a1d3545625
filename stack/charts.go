package stack

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/charts"
	"doks-security/components"
	"doks-security/values"
)

// falcoRelease has one chart for each version of Falco.
const falcoRelease = "falco"

// fetchCharts brings the archive of every chart of the stack onto this machine, before anything is created.
func fetchCharts(ctx *pulumi.Context, s Settings) (charts.Source, error) {
	source := charts.Source{
		Mirror: s.Charts.Mirror, Unverified: s.Charts.Unverified, Pinned: s.Profile == Prod,
		// pulumi destroy and refresh with --run-program need no chart: see docs/uninstall.md.
		Offline: os.Getenv("CHARTS_OFFLINE") == "1",
	}
	pins, err := s.charts()
	if err != nil {
		return source, err
	}
	if err := source.Fetch(ctx.Context(), filepath.Join(ctx.RootDirectory(), charts.Dir), pins); err != nil {
		return source, err
	}
	source.Offline = true // every archive is here: the releases only verify it once more
	var unpinned []string
	for _, pin := range pins {
		if pin.SHA256 == "" {
			unpinned = append(unpinned, pin.Name+" "+pin.Version)
		}
	}
	if len(unpinned) > 0 && !source.Unverified {
		return source, ctx.Log.Warn("Helm charts that are not verified, since their chart.yaml has no "+
			"sha256 of them: "+
			strings.Join(unpinned, ", ")+". `make charts` enters it.", nil)
	}
	return source, nil
}

// charts are the pins of what the chosen parts install.
func (s Settings) charts() ([]values.Chart, error) {
	pins, err := s.pins()
	var all []values.Chart
	for _, folder := range slices.Sorted(maps.Keys(pins)) {
		all = append(all, pins[folder])
	}
	return all, err
}

// pins are those of the stack's releases, by folder.
func (s Settings) pins() (map[string]values.Chart, error) {
	all, err := s.set().Charts()
	if err != nil {
		return nil, err
	}
	pins := map[string]values.Chart{}
	for folder := range s.releases() {
		entry := folder
		if folder == falcoRelease {
			entry = components.FalcoPins[s.RuntimeSecurity.Falco]
		}
		pins[folder] = all[entry]
	}
	return pins, nil
}
