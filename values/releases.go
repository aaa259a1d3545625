package values

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Chart pins an archive of the repository, an https:// or oci:// address. SHA256 is that of the published archive in
// hexadecimal digits; empty when unknown.
type Chart struct {
	Name       string `yaml:"name"`
	Version    string `yaml:"version"`
	AppVersion string `yaml:"appVersion"`
	Repository string `yaml:"repository"`
	SHA256     string `yaml:"sha256"`

	File string `yaml:"-"` // the pin's file, from the project's directory: values/loki/chart.yaml
}

// Release is what chart.yaml says of a release.
type Release struct {
	Chart `yaml:",inline"`

	Release   string `yaml:"release"`   // its name in Helm; default: the folder's
	Namespace string `yaml:"namespace"` // role of its namespace
	// PodSecurity is the enforced level of the namespace: restricted, baseline or privileged. One release of each
	// namespace has it.
	PodSecurity string `yaml:"podSecurity"`
	// Tenant says that the namespace runs the workloads of others: Prometheus reads no monitors from it, virtual clusters
	// in it are not exempt from admission, and its chart brings its own NetworkPolicies.
	Tenant bool   `yaml:"tenant"`
	With   Option `yaml:"with"` // installed with this setting only; empty: always
	// Without is the setting that leaves the release out; empty: none does.
	Without Option `yaml:"without"`
	// AlsoIn are roles of other namespaces that its chart has objects in.
	AlsoIn []string `yaml:"alsoIn"`

	Dir   string `yaml:"-"` // from the project's directory: values/loki, addons/velero
	files fs.FS  // what is in it
}

// IsInstalled reports whether a stack with these options has the release.
func (r Release) IsInstalled(options []Option) bool {
	return (r.With == "" || slices.Contains(options, r.With)) && !slices.Contains(options, r.Without)
}

// Set is releases by folder: those of values/, those of a stack.
type Set map[string]Release

// Option is a setting of a stack file that releases and connections depend on, as "key: value".
type Option string

// Options that chart.yaml and network.yaml name.
const (
	WithSpaces        Option = "logging.storage: spaces"
	WithSpacesFrom    Option = "logging.spaces.from: <day>"
	WithGateway       Option = "exposure.mode: gateway"
	WithFalcoExporter Option = "runtimeSecurity.metrics: falco-exporter"
	WithDemo          Option = "virtualClusters.demo: true"
	WithResponse      Option = "response.enabled: true"
	WithCapture       Option = "runtimeSecurity.capture.rules: <names>"

	WithoutLogging         Option = "logging.enabled: false"
	WithoutRuntimeSecurity Option = "runtimeSecurity.enabled: false"
	WithoutUI              Option = "runtimeSecurity.ui: false" // with runtimeSecurity.enabled: false too
	WithoutGrafana         Option = "observability.grafana: false"
	WithoutIssuer          Option = "exposure.certificates.secretName: <name>"
)

// Options are all of them.
var Options = append([]Option{WithSpaces, WithSpacesFrom, WithGateway, WithFalcoExporter, WithDemo, WithResponse,
	WithCapture}, OffOptions...)

// OffOptions leave a part of the stack out.
var OffOptions = []Option{WithoutLogging, WithoutRuntimeSecurity, WithoutUI, WithoutGrafana, WithoutIssuer}

// Folders returns the names of the folders in files that have a chart.yaml, sorted.
func Folders(files fs.FS) ([]string, error) {
	names, err := fs.Glob(files, "*/chart.yaml")
	for i, name := range names {
		names[i] = path.Dir(name)
	}
	slices.Sort(names)
	return names, err
}

// ReadRelease reads chart.yaml of a folder in files, which is the directory dir of the project.
func ReadRelease(files fs.FS, dir, folder string) (Release, error) {
	r := Release{Release: folder, Dir: dir + "/" + folder}
	r.File = r.Dir + "/chart.yaml"
	var err error
	if r.files, err = fs.Sub(files, folder); err != nil {
		return r, fmt.Errorf("reading %s: %w", r.Dir, err)
	}
	if err := r.readStrictly("chart.yaml", &r); err != nil {
		return r, err
	}
	for _, option := range []Option{r.With, r.Without} {
		if option != "" && !slices.Contains(Options, option) {
			return r, fmt.Errorf("%s: no option %q; allowed: %q", r.File, option, Options)
		}
	}
	return r, nil
}

// Folders returns the folders of the set, sorted, those of addons last: what they repeat is an error of theirs.
func (s Set) Folders() []string {
	return slices.SortedFunc(maps.Keys(s), func(a, b string) int {
		if s[a].IsAddon() != s[b].IsAddon() {
			return map[bool]int{true: 1, false: -1}[s[a].IsAddon()]
		}
		return strings.Compare(a, b)
	})
}

// Charts returns the pins by entry. The entry of <release>/chart.yaml is the release, that of <release>/chart-8.yaml,
// another version of its chart, is <release>-8.
func (s Set) Charts() (map[string]Chart, error) {
	charts := map[string]Chart{}
	for folder, release := range s {
		charts[folder] = release.Chart
		others, err := fs.Glob(release.files, "chart-*.yaml")
		if err != nil {
			return nil, fmt.Errorf("finding the chart pins: %w", err)
		}
		for _, name := range others {
			chart := Chart{File: release.Dir + "/" + name}
			if err := release.readStrictly(name, &chart); err != nil {
				return nil, err
			}
			charts[folder+strings.TrimSuffix(strings.TrimPrefix(name, "chart"), ".yaml")] = chart
		}
	}
	return charts, nil
}

// PodSecurityLevels are those of the Pod Security Standards, the strictest first.
var PodSecurityLevels = []string{"restricted", "baseline", "privileged"}

// Namespace is what the releases in a namespace say of it.
type Namespace struct {
	PodSecurity string // restricted, baseline or privileged
	Tenant      bool   // as Release has it
	Addon       bool   // of a release of the user's own
}

type namespaces map[string]Namespace // by role

// Namespaces returns the namespaces of the releases, by role.
func (s Set) Namespaces() map[string]Namespace { return namespacesOf(s) }

func namespacesOf(releases Set) namespaces {
	all := namespaces{}
	for _, folder := range releases.Folders() {
		r := releases[folder]
		n := all[r.Namespace]
		n.PodSecurity += r.PodSecurity // one has it
		n.Tenant, n.Addon = n.Tenant || r.Tenant, n.Addon || r.IsAddon()
		all[r.Namespace] = n
	}
	return all
}

func (n namespaces) check() error {
	for role, namespace := range n {
		if role == "" {
			return fmt.Errorf("a values/<release>/chart.yaml has no namespace")
		}
		if !slices.Contains(PodSecurityLevels, namespace.PodSecurity) {
			return fmt.Errorf("namespace %s: podSecurity %q; allowed: restricted, baseline or privileged, in the "+
				"chart.yaml of one "+
				"release of the namespace", role, namespace.PodSecurity)
		}
	}
	return nil
}

// read reads a file of the release's folder.
func (r Release) read(file string) ([]byte, error) {
	text, err := fs.ReadFile(r.files, file)
	if err != nil {
		return nil, fmt.Errorf("reading %s/%s: %w", r.Dir, file, err)
	}
	return text, nil
}

// readStrictly refuses unknown keys.
func (r Release) readStrictly(file string, into any) error {
	text, err := r.read(file)
	if err != nil {
		return err
	}
	return decodeStrictly(r.Dir+"/"+file, text, into)
}

func decodeStrictly(file string, text []byte, into any) error {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("reading %s: %w", file, err)
	}
	return nil
}
