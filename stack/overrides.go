package stack

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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

// customized is what the files of a project make of a release.
type customized struct {
	values   map[string]any // of the file of overrides
	rendered values.Rendered
	images   []string // of an addon, whose pods may talk to the API server
}

// configure loads the settings, fetches the charts, and renders the addons and the overrides of the stack: after it,
// everything that can be known before something is created has been checked. The error is field.Errors, or
// charts.Errors.
func configure(ctx *pulumi.Context) (Settings, charts.Source, error) {
	settings, err := Load(ctx)
	var errs field.Errors
	files, readErr := settings.readOverrides(ctx.RootDirectory(), ctx.Stack(), &errs)
	if err := field.Join(err, readErr); err != nil {
		return settings, charts.Source{}, field.Join(err, errs.Err())
	}
	source, err := fetchCharts(ctx, settings)
	if err != nil {
		return settings, source, field.Join(err, errs.Err())
	}
	if len(files) > 0 || len(settings.addons()) > 0 {
		if err := settings.askVersion(ctx); err != nil {
			return settings, source, err
		}
	}
	settings, err = settings.customize(ctx.RootDirectory(), ctx.Stack(), files, errs)
	return settings, source, err
}

// ParseProject is Parse for a stack with addons and overrides in root, the directory of the stack file, whose charts
// are there.
func ParseProject(root, stack string, raw map[string]string) (Settings, error) {
	settings, err := parse(root, stack, raw)
	var errs field.Errors
	files, readErr := settings.readOverrides(root, stack, &errs)
	if err := field.Join(err, readErr); err != nil {
		return settings, field.Join(err, errs.Err())
	}
	return settings.customize(root, stack, files, errs)
}

// readOverrides reads the files and checks what can be known without the charts.
func (s Settings) readOverrides(root, stack string, errs *field.Errors) ([]override.File, error) {
	files, err := override.Read(root, stack, s.set(), s.releases(), s.options(), errs)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		base, err := s.set().Load(file.Release, string(s.Profile), s.Namespaces.ByRole())
		if err != nil {
			return nil, err
		}
		protected, err := s.set().ProtectedOf(file.Release)
		if err != nil {
			return nil, err
		}
		file.Check(base, slices.DeleteFunc(protected, func(p values.Protected) bool {
			return p.With != "" && !slices.Contains(s.options(), p.With)
		}), errs)
	}
	return files, nil
}

// customize checks the addons and the files of overrides against the charts below root, and returns the settings with
// them. A release whose chart is missing, which only CHARTS_OFFLINE=1 permits, is not rendered. errors are the errors
// that are known so far.
func (s Settings) customize(root, stack string, files []override.File, errs field.Errors) (Settings, error) {
	own, err := s.addonFiles()
	if err != nil || len(files) == 0 && len(own) == 0 {
		return s, field.Join(err, errs.Err())
	}
	pins, err := s.pins()
	if err != nil {
		return s, err
	}
	archive := func(f override.File) string {
		return charts.Archive(filepath.Join(root, charts.Dir), pins[f.Release])
	}
	s.customized = map[string]customized{}
	for _, f := range files {
		s.customized[f.Release] = customized{values: f.Values}
	}
	missing := 0
	for _, f := range slices.Concat(own, files) {
		chart, err := chartfile.Load(archive(f))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			missing++
		case err != nil:
			return s, err
		default:
			f.Keys(chart, &errs)
		}
	}
	if len(errs) > 0 || missing == len(own)+len(files) {
		return s, errs.Err()
	}
	assembled, err := s.assemble(root, stack)
	if err != nil {
		return s, err
	}
	if err := s.renderAddons(root, assembled, &errs); err != nil {
		return s, err
	}
	for _, f := range files {
		if _, err := os.Stat(archive(f)); errors.Is(err, fs.ErrNotExist) || len(errs) > 0 && s.set()[f.Release].IsAddon() {
			continue
		}
		rendering, err := s.rendering(f.Release, archive(f), assembled)
		if err != nil {
			return s, err
		}
		rendered, err := f.Render(rendering, &errs)
		if err != nil {
			return s, err
		}
		s.customized[f.Release] = customized{f.Values, rendered, s.customized[f.Release].images}
	}
	if len(errs) == 0 {
		validateCapacity(s, &errs)
	}
	return s, errs.Err()
}

// rendering is how a release of the stack is rendered; assembled are the values of all, by their names.
func (s Settings) rendering(folder, archive string, assembled map[string]map[string]any) (override.Rendering, error) {
	names := s.Namespaces.ByRole()
	version, err := api.ParseVersion(components.PodSecurityVersion)
	if err != nil {
		return override.Rendering{}, err
	}
	levels := map[string]api.LevelVersion{}
	release := s.set()[folder]
	for role, n := range s.set().Namespaces() {
		if role == release.Namespace || slices.Contains(release.AlsoIn, role) {
			levels[names[role]] = api.LevelVersion{Level: api.Level(n.PodSecurity), Version: version}
		}
	}
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

// kubernetes is the version that charts are rendered for: the cluster's or, of an existing one that was not asked, the
// default.
func (s Settings) kubernetes() string {
	if s.running != "" {
		return s.running
	}
	version, _, _ := strings.Cut(s.Cluster.Version, "-") // without DigitalOcean's suffix
	return version
}

// overrides are the values that the releases get last, by folder.
func (s Settings) overrides() map[string]map[string]any {
	all := map[string]map[string]any{}
	for folder, c := range s.customized {
		all[folder] = c.values
	}
	return all
}
