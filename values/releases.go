package values

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

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
}

// IsInstalled reports whether a stack with these options has the release.
func (r Release) IsInstalled(options []Option) bool {
	return (r.With == "" || slices.Contains(options, r.With)) && !slices.Contains(options, r.Without)
}

// Option is a setting of a stack file that releases and connections depend on, as "key: value".
type Option string

// Options that chart.yaml and network.yaml name.
const (
	WithSpaces        Option = "logging.storage: spaces"
	WithSpacesFrom    Option = "logging.spaces.from: <day>"
	WithGateway       Option = "exposure.mode: gateway"
	WithFalcoExporter Option = "runtimeSecurity.metrics: falco-exporter"
	WithDemo          Option = "virtualClusters.demo: true"

	WithoutLogging         Option = "logging.enabled: false"
	WithoutRuntimeSecurity Option = "runtimeSecurity.enabled: false"
	WithoutUI              Option = "runtimeSecurity.ui: false" // with runtimeSecurity.enabled: false too
	WithoutGrafana         Option = "observability.grafana: false"
	WithoutIssuer          Option = "exposure.certificates.secretName: <name>"
)

// Options are all of them.
var Options = append([]Option{WithSpaces, WithSpacesFrom, WithGateway, WithFalcoExporter, WithDemo}, OffOptions...)

// OffOptions leave a part of the stack out.
var OffOptions = []Option{WithoutLogging, WithoutRuntimeSecurity, WithoutUI, WithoutGrafana, WithoutIssuer}

// Releases returns all releases a stack can have, by folder.
var Releases = sync.OnceValues(func() (map[string]Release, error) {
	names, err := fs.Glob(files, "*/chart.yaml")
	if err != nil {
		return nil, fmt.Errorf("finding the releases: %w", err)
	}
	releases := map[string]Release{}
	for _, name := range names {
		folder := path.Dir(name)
		r := Release{Release: folder, Chart: Chart{File: "values/" + name}}
		if err := readStrictly(name, &r); err != nil {
			return nil, err
		}
		for _, option := range []Option{r.With, r.Without} {
			if option != "" && !slices.Contains(Options, option) {
				return nil, fmt.Errorf("values/%s: no option %q; allowed: %q", name, option, Options)
			}
		}
		releases[folder] = r
	}
	_, err = renderedReleases()
	return releases, errors.Join(err, namespacesOf(releases).check())
})

// Charts returns the pins by entry. The entry of <release>/chart.yaml is the release, that of <release>/chart-8.yaml,
// another version of its chart, is <release>-8.
func Charts() (map[string]Chart, error) {
	releases, err := Releases()
	if err != nil {
		return nil, err
	}
	charts := map[string]Chart{}
	for folder, release := range releases {
		charts[folder] = release.Chart
	}
	others, err := fs.Glob(files, "*/chart-*.yaml")
	if err != nil {
		return nil, fmt.Errorf("finding the chart pins: %w", err)
	}
	for _, name := range others {
		chart := Chart{File: "values/" + name}
		if err := readStrictly(name, &chart); err != nil {
			return nil, err
		}
		variant := strings.TrimSuffix(strings.TrimPrefix(path.Base(name), "chart"), ".yaml")
		charts[path.Dir(name)+variant] = chart
	}
	return charts, nil
}

// Namespace is what the releases in a namespace say of it.
type Namespace struct {
	PodSecurity string // restricted, baseline or privileged
	Tenant      bool   // as Release has it
}

type namespaces map[string]Namespace // by role

// AllNamespaces returns the namespaces of all releases, by role.
func AllNamespaces() (map[string]Namespace, error) {
	releases, err := Releases()
	return namespacesOf(releases), err
}

func namespacesOf(releases map[string]Release) namespaces {
	all := namespaces{}
	for _, folder := range slices.Sorted(maps.Keys(releases)) {
		r := releases[folder]
		n := all[r.Namespace]
		n.PodSecurity += r.PodSecurity // one has it
		n.Tenant = n.Tenant || r.Tenant
		all[r.Namespace] = n
	}
	return all
}

func (n namespaces) check() error {
	for role, namespace := range n {
		if role == "" {
			return fmt.Errorf("a values/<release>/chart.yaml has no namespace")
		}
		if !slices.Contains([]string{"restricted", "baseline", "privileged"}, namespace.PodSecurity) {
			return fmt.Errorf("namespace %s: podSecurity %q; allowed: restricted, baseline or privileged, in the "+
				"chart.yaml of one "+
				"release of the namespace", role, namespace.PodSecurity)
		}
	}
	return nil
}

// readStrictly refuses unknown keys.
func readStrictly(file string, into any) error {
	text, err := files.ReadFile(file)
	if err != nil {
		return fmt.Errorf("reading values/%s: %w", file, err)
	}
	return decodeStrictly("values/"+file, text, into)
}

func decodeStrictly(file string, text []byte, into any) error {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("reading %s: %w", file, err)
	}
	return nil
}
