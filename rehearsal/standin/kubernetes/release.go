package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/cli"
	"helm.sh/helm/v3/pkg/registry"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	"k8s.io/client-go/discovery"

	"doks-security/rehearsal/standin"
)

// uninstallTime is how long a release's objects may take to go.
const uninstallTime = 5 * time.Minute

// releaseInputs are the inputs of a release this stand-in understands.
type releaseInputs struct {
	name, namespace, chart, version, repo string
	values                                map[string]any
	atomic                                bool
	timeout                               time.Duration
	maxHistory                            int
}

func readRelease(in standin.Properties) releaseInputs {
	text := func(m standin.Properties, key resource.PropertyKey) string {
		if v, ok := m[key]; ok && v.IsString() {
			return v.StringValue()
		}
		return ""
	}
	r := releaseInputs{name: text(in, "name"), namespace: text(in, "namespace"), chart: text(in, "chart"), version: text(in, "version"), timeout: 5 * time.Minute}
	if v, ok := in["repositoryOpts"]; ok && v.IsObject() {
		r.repo = text(v.ObjectValue(), "repo")
	}
	if v, ok := in["values"]; ok && v.IsObject() {
		r.values = v.ObjectValue().Mappable()
	}
	if v, ok := in["atomic"]; ok && v.IsBool() {
		r.atomic = v.BoolValue()
	}
	if v, ok := in["timeout"]; ok && v.IsNumber() {
		r.timeout = time.Duration(v.NumberValue()) * time.Second
	}
	if v, ok := in["maxHistory"]; ok && v.IsNumber() {
		r.maxHistory = int(v.NumberValue())
	}
	return r
}

func (p *provider) release() *standin.Resource {
	return &standin.Resource{
		ReplaceOn:           []resource.PropertyKey{"name", "namespace"},
		DeleteBeforeReplace: true,
		Computed:            []resource.PropertyKey{"status"},
		// The published provider loads the chart at every preview as well.
		Check: func(_ context.Context, _ string, _, news standin.Properties) (standin.Properties, []plugin.CheckFailure, error) {
			if news.ContainsUnknowns() {
				return news, nil, nil
			}
			r := readRelease(news)
			if r.name == "" || r.namespace == "" {
				return news, []plugin.CheckFailure{{Property: "name", Reason: "the stand-in names no release by itself; set name and namespace"}}, nil
			}
			_, err := r.load()
			return news, nil, err
		},
		Preview: func(_ context.Context, _ string, _, new standin.Properties) error {
			r := readRelease(new)
			loaded, err := r.load()
			if err != nil {
				return err
			}
			version, err := p.version()
			if err != nil {
				return err
			}
			render := action.NewInstall(&action.Configuration{})
			render.KubeVersion = version // or charts see the oldest Helm knows
			render.ReleaseName, render.Namespace, render.DryRun, render.ClientOnly = r.name, r.namespace, true, true
			render.APIVersions = []string{"monitoring.coreos.com/v1"}
			_, err = render.Run(loaded, r.values)
			return r.wrap("rendering", err)
		},
		Create: p.install,
		Read: func(_ context.Context, _ resource.ID, inputs, state standin.Properties) (standin.Properties, error) {
			r := readRelease(inputs)
			configuration, err := p.helm(r.namespace)
			if err != nil {
				return state, nil // unreachable is not gone
			}
			found, err := action.NewStatus(configuration).Run(r.name)
			if errors.Is(err, driver.ErrReleaseNotFound) {
				return nil, nil
			}
			if err != nil {
				return nil, r.wrap("reading", err)
			}
			return withStatus(inputs, found), nil
		},
		Update: p.upgrade,
		Delete: func(_ context.Context, _ resource.ID, state standin.Properties) error {
			r := readRelease(state)
			configuration, err := p.helm(r.namespace)
			if err != nil {
				return err
			}
			uninstall := action.NewUninstall(configuration)
			uninstall.Wait, uninstall.Timeout, uninstall.IgnoreNotFound = true, uninstallTime, true
			_, err = uninstall.Run(r.name)
			return r.wrap("uninstalling", err)
		},
	}
}

func (p *provider) install(ctx context.Context, _ string, in standin.Properties) (resource.ID, standin.Properties, error) {
	r := readRelease(in)
	loaded, err := r.load()
	if err != nil {
		return "", nil, err
	}
	configuration, err := p.helm(r.namespace)
	if err != nil {
		return "", nil, err
	}
	install := action.NewInstall(configuration)
	install.ReleaseName, install.Namespace = r.name, r.namespace
	install.Atomic, install.Wait, install.Timeout = r.atomic, true, r.timeout
	installed, err := install.RunWithContext(ctx, loaded, r.values)
	if err != nil {
		return "", nil, r.wrap("installing", err)
	}
	return resource.ID(r.namespace + "/" + r.name), withStatus(in, installed), nil
}

func (p *provider) upgrade(ctx context.Context, _ resource.ID, _, in standin.Properties) (standin.Properties, error) {
	r := readRelease(in)
	loaded, err := r.load()
	if err != nil {
		return nil, err
	}
	configuration, err := p.helm(r.namespace)
	if err != nil {
		return nil, err
	}
	upgrade := action.NewUpgrade(configuration)
	upgrade.Namespace, upgrade.MaxHistory = r.namespace, r.maxHistory
	upgrade.Atomic, upgrade.Wait, upgrade.Timeout = r.atomic, true, r.timeout
	upgraded, err := upgrade.RunWithContext(ctx, r.name, loaded, r.values)
	if err != nil {
		return nil, r.wrap("upgrading", err)
	}
	return withStatus(in, upgraded), nil
}

// version is the API server's.
func (p *provider) version() (*chartutil.KubeVersion, error) {
	config, err := p.cluster()
	if err != nil {
		return nil, err
	}
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, err
	}
	v, err := client.ServerVersion()
	if err != nil {
		return nil, fmt.Errorf("asking for the version of Kubernetes: %w", err)
	}
	return &chartutil.KubeVersion{Version: v.GitVersion, Major: v.Major, Minor: v.Minor}, nil
}

// helm makes a configuration of its own for each operation: they run side by side.
func (p *provider) helm(namespace string) (*action.Configuration, error) {
	config, err := p.cluster()
	if err != nil {
		return nil, err
	}
	configuration := &action.Configuration{}
	quiet := func(string, ...any) {}
	if err := configuration.Init(newGetter(config, namespace), namespace, "secret", quiet); err != nil {
		return nil, fmt.Errorf("opening Helm's storage: %w", err)
	}
	return configuration, nil
}

// load finds the chart: an archive or directory here, an OCI registry, or a repository.
func (r releaseInputs) load() (*chart.Chart, error) {
	configuration := &action.Configuration{}
	if strings.HasPrefix(r.chart, "oci://") {
		client, err := registry.NewClient()
		if err != nil {
			return nil, fmt.Errorf("release %s: %w", r.name, err)
		}
		configuration.RegistryClient = client
	}
	locate := action.NewInstall(configuration)
	locate.RepoURL, locate.Version = r.repo, r.version
	path, err := locate.LocateChart(r.chart, cli.New())
	if err != nil {
		return nil, r.wrap("finding the chart of", err)
	}
	loaded, err := loader.Load(path)
	if err != nil {
		return nil, r.wrap("loading the chart of", err)
	}
	return loaded, nil
}

func (r releaseInputs) wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s release %s/%s: %w", doing, r.namespace, r.name, err)
}

func withStatus(in standin.Properties, r *release.Release) standin.Properties {
	out := in.Copy()
	out["status"] = resource.NewProperty(resource.NewPropertyMapFromMap(map[string]any{
		"name": r.Name, "namespace": r.Namespace, "revision": r.Version, "status": string(r.Info.Status),
		"chart": r.Chart.Metadata.Name, "version": r.Chart.Metadata.Version, "appVersion": r.Chart.Metadata.AppVersion,
	}))
	return out
}
