package stack

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"k8s.io/pod-security-admission/api"

	"doks-security/charts"
	"doks-security/charts/chartfile"
	"doks-security/components"
	"doks-security/stack/field"
	"doks-security/stack/override"
	"doks-security/values"
)

// overridden is what a file of overrides makes of a release.
type overridden struct {
	values   map[string]any // of the file
	rendered values.Rendered
}

// configure loads the settings, fetches the charts, and applies the overrides of the stack: after it, everything that
// can be known before something is created has been checked. The error is field.Errors, or charts.Errors.
func configure(ctx *pulumi.Context) (Settings, charts.Source, error) {
	settings, err := Load(ctx)
	var faults field.Errors
	files, readErr := settings.readOverrides(ctx.RootDirectory(), ctx.Stack(), &faults)
	if err := field.Join(err, readErr); err != nil {
		return settings, charts.Source{}, field.Join(err, faults.Err())
	}
	source, err := fetchCharts(ctx, settings)
	if err != nil {
		return settings, source, field.Join(err, faults.Err())
	}
	settings, err = settings.override(ctx.RootDirectory(), ctx.Stack(), files, faults)
	return settings, source, err
}

// ParseProject is Parse for a stack with overrides in root, the directory of the stack file, whose charts are there.
func ParseProject(root, stack string, raw map[string]string) (Settings, error) {
	settings, err := parse(stack, raw, !override.Exist(root, stack))
	var faults field.Errors
	files, readErr := settings.readOverrides(root, stack, &faults)
	if err := field.Join(err, readErr); err != nil {
		return settings, field.Join(err, faults.Err())
	}
	return settings.override(root, stack, files, faults)
}

// readOverrides reads the files and checks what can be known without the charts.
func (s Settings) readOverrides(root, stack string, faults *field.Errors) ([]override.File, error) {
	files, err := override.Read(root, stack, s.releases(), s.options(), faults)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		base, err := values.Load(file.Release, string(s.Profile), s.Namespaces.ByRole())
		if err != nil {
			return nil, err
		}
		if err := file.Check(base, faults); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// override checks the files against the charts below root and returns the settings with them. A release whose chart is
// not there, which only CHARTS_OFFLINE=1 permits, is not rendered. faults are those that are known already.
func (s Settings) override(root, stack string, files []override.File, faults field.Errors) (Settings, error) {
	if len(files) == 0 {
		return s, faults.Err()
	}
	pins, err := s.pins()
	if err != nil {
		return s, err
	}
	archive := func(f override.File) string {
		return charts.Archive(filepath.Join(root, charts.Dir), pins[f.Release])
	}
	s.overridden = map[string]overridden{}
	missing := 0
	for _, f := range files {
		s.overridden[f.Release] = overridden{values: f.Values}
		chart, err := chartfile.Load(archive(f))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			missing++
		case err != nil:
			return s, err
		default:
			f.Keys(chart, &faults)
		}
	}
	if len(faults) > 0 || missing == len(files) {
		return s, faults.Err()
	}
	assembled, err := s.assemble(root, stack)
	if err != nil {
		return s, err
	}
	for _, f := range files {
		if _, err := os.Stat(archive(f)); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		rendering, err := s.rendering(f.Release, archive(f), assembled)
		if err != nil {
			return s, err
		}
		rendered, err := f.Render(rendering, &faults)
		if err != nil {
			return s, err
		}
		s.overridden[f.Release] = overridden{f.Values, rendered}
	}
	if len(faults) == 0 {
		validateCapacity(s, &faults)
	}
	return s, faults.Err()
}

// rendering is how a release of the stack is rendered; assembled are the values of all, by their names.
func (s Settings) rendering(folder, archive string, assembled map[string]map[string]any) (override.Rendering, error) {
	names := s.Namespaces.ByRole()
	namespaces, err := values.AllNamespaces()
	if err != nil {
		return override.Rendering{}, err
	}
	version, err := api.ParseVersion(components.PodSecurityVersion)
	if err != nil {
		return override.Rendering{}, err
	}
	levels := map[string]api.LevelVersion{}
	for role, n := range namespaces {
		levels[names[role]] = api.LevelVersion{Level: api.Level(n.PodSecurity), Version: version}
	}
	release := s.releases()[folder]
	r := override.Rendering{
		Archive: archive, Levels: levels, Names: names, Base: assembled[release.Release],
		Target: chartfile.Target{Release: release.Release, Namespace: names[release.Namespace], Kubernetes: s.kubernetes()},
	}
	known, err := values.RenderedOf([]string{folder}, string(s.Profile), s.options()...)
	for _, k := range known {
		r.Claims = append(r.Claims, k.Claims...)
	}
	return r, err
}

// kubernetes is the version that charts are rendered for: the cluster's or, of an existing one, the default.
func (s Settings) kubernetes() string {
	version, _, _ := strings.Cut(s.Cluster.Version, "-") // without DigitalOcean's suffix
	return version
}

// overrides are the values that the releases get last, by folder of values/.
func (s Settings) overrides() map[string]map[string]any {
	all := map[string]map[string]any{}
	for folder, o := range s.overridden {
		all[folder] = o.values
	}
	return all
}
