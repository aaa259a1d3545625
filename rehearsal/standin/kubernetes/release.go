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
	"helm.sh/helm/v3/pkg/cli"
	"helm.sh/helm/v3/pkg/registry"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"

	"doks-security/rehearsal/standin"
)

// defaultTimeout is how long a release's objects may take to get ready, or to go.
const defaultTimeout = 5 * time.Minute

// releaseInputs are the inputs of a release this stand-in understands.
type releaseInputs struct {
	name, namespace, chart, version, repo string
	values                                map[string]any
	atomic                                bool
	timeout                               time.Duration
	maxHistory                            int
}

func readRelease(from standin.Properties) releaseInputs {
	in := withoutSecrets(from)
	text := func(m standin.Properties, key resource.PropertyKey) string {
		if v, ok := m[key]; ok && v.IsString() {
			return v.StringValue()
		}
		return ""
	}
	r := releaseInputs{name: text(in, "name"), namespace: text(in, "namespace"), chart: text(in, "chart"), version: text(in, "version"), timeout: defaultTimeout}
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

// helmRelease is a chart that Helm installs.
type helmRelease struct{ *provider }

// Check loads the chart, at every preview: it tells the version.
func (h helmRelease) Check(_ context.Context, r plugin.CheckRequest) (plugin.CheckResponse, error) {
	inputs := r.News.Copy()
	if !inputs.HasValue("timeout") {
		inputs["timeout"] = resource.NewProperty(float64(defaultTimeout / time.Second))
	}
	response := plugin.CheckResponse{Properties: inputs}
	if inputs.ContainsUnknowns() {
		return response, nil
	}
	release := readRelease(inputs)
	if release.name == "" || release.namespace == "" {
		failure := plugin.CheckFailure{Property: "name", Reason: "the stand-in names no release by itself; set name and namespace"}
		response.Failures = append(response.Failures, failure)
		return response, nil
	}
	chart, err := release.load(h.project)
	if err != nil {
		failure := plugin.CheckFailure{Property: "chart", Reason: fmt.Sprintf("%v; check the chart name and repository configuration.", err)}
		response.Failures = append(response.Failures, failure)
		return response, nil
	}
	inputs["version"] = resource.NewProperty(chart.Metadata.Version)
	return response, nil
}

// Diff compares inputs: what was done to a release by hand is no difference.
func (h helmRelease) Diff(_ context.Context, r plugin.DiffRequest) (plugin.DiffResult, error) {
	var old standin.Properties
	if v := r.OldOutputs[inputsKey]; v.IsSecret() {
		old = v.SecretValue().Element.ObjectValue()
	}
	result := standin.CompareInputs(withoutSecrets(old), withoutSecrets(r.NewInputs))
	for path, change := range result.DetailedDiff {
		if path != "name" && path != "namespace" {
			continue
		}
		change.Kind = change.Kind.AsReplace()
		result.DetailedDiff[path] = change
		result.ReplaceKeys = append(result.ReplaceKeys, resource.PropertyKey(path))
	}
	return result, nil
}

func withoutSecrets(p standin.Properties) standin.Properties {
	return resource.NewPropertyMapFromMap(plain(p).Object)
}

func (h helmRelease) Create(ctx context.Context, r plugin.CreateRequest) (resource.ID, standin.Properties, error) {
	release := readRelease(r.Properties)
	if r.Preview {
		return "", releaseState(r.Properties, nil), nil
	}
	if h.unreachable != nil {
		return "", nil, fmt.Errorf("can't create Helm Release with unreachable cluster: %w", h.unreachable)
	}
	chart, err := release.load(h.project)
	if err != nil {
		return "", nil, err
	}
	configuration, err := h.helm(release.namespace)
	if err != nil {
		return "", nil, err
	}
	install := action.NewInstall(configuration)
	install.ReleaseName, install.Namespace = release.name, release.namespace
	install.Atomic, install.Wait, install.Timeout = release.atomic, true, release.timeout
	installed, err := install.RunWithContext(ctx, chart, release.values)
	id := resource.ID(release.namespace + "/" + release.name)
	if err == nil {
		return id, releaseState(r.Properties, installed), nil
	}
	if _, lookup := action.NewGet(configuration).Run(release.name); installed == nil || lookup != nil {
		return "", nil, err // nothing is left of it
	}
	return "", nil, standin.InitError(id, nil, releaseState(r.Properties, installed), fmt.Errorf(
		"Helm release %q was created, but failed to initialize completely. Use Helm CLI to investigate: %w", id, release.failed(err))) //nolint:staticcheck // the published words
}

// Read finds the status. The inputs stay: what was changed by hand is not found.
func (h helmRelease) Read(_ context.Context, r plugin.ReadRequest) (plugin.ReadResult, error) {
	if h.unreachable != nil {
		return object{provider: h.provider}.Read(context.Background(), r)
	}
	inputs := r.Inputs
	release := readRelease(inputs)
	if v := r.State[inputsKey]; v.IsSecret() {
		inputs = v.SecretValue().Element.ObjectValue()
	}
	if release.name == "" {
		release.namespace, release.name, _ = strings.Cut(string(r.ID), "/")
	}
	configuration, err := h.helm(release.namespace)
	if err != nil {
		return plugin.ReadResult{}, err
	}
	found, err := action.NewGet(configuration).Run(release.name)
	if errors.Is(err, driver.ErrReleaseNotFound) {
		return plugin.ReadResult{}, nil
	}
	if err != nil {
		return plugin.ReadResult{}, err
	}
	return plugin.ReadResult{ID: r.ID, Inputs: inputs, Outputs: releaseState(inputs, found)}, nil
}

func (h helmRelease) Update(ctx context.Context, r plugin.UpdateRequest) (standin.Properties, error) {
	release := readRelease(r.NewInputs)
	if r.Preview {
		return releaseState(r.NewInputs, nil), nil
	}
	if h.unreachable != nil {
		return nil, fmt.Errorf("can't update Helm Release with unreachable cluster: %w", h.unreachable)
	}
	chart, err := release.load(h.project)
	if err != nil {
		return nil, err
	}
	configuration, err := h.helm(release.namespace)
	if err != nil {
		return nil, err
	}
	upgrade := action.NewUpgrade(configuration)
	upgrade.Namespace, upgrade.MaxHistory = release.namespace, release.maxHistory
	upgrade.Atomic, upgrade.Wait, upgrade.Timeout = release.atomic, true, release.timeout
	upgraded, err := upgrade.RunWithContext(ctx, release.name, chart, release.values)
	if err == nil {
		return releaseState(r.NewInputs, upgraded), nil
	}
	if upgraded == nil || errors.Is(err, driver.ErrNoDeployedReleases) {
		return nil, err
	}
	id := resource.ID(release.namespace + "/" + release.name)
	return nil, standin.InitError(id, nil, releaseState(r.NewInputs, upgraded), fmt.Errorf(
		"Helm release %q failed to initialize completely. Use Helm CLI to investigate: error running update: %w", id, release.failed(err))) //nolint:staticcheck // the published words
}

func (h helmRelease) Delete(_ context.Context, r plugin.DeleteRequest) error {
	if h.unreachable != nil {
		return fmt.Errorf("can't delete Helm Release with unreachable cluster. Reason: %q", h.unreachable)
	}
	release := readRelease(r.Outputs)
	configuration, err := h.helm(release.namespace)
	if err != nil {
		return err
	}
	uninstall := action.NewUninstall(configuration)
	uninstall.Wait, uninstall.Timeout = true, release.timeout
	_, err = uninstall.Run(release.name)
	return err
}

// helm makes a configuration of its own for each operation: they run side by side.
func (h helmRelease) helm(namespace string) (*action.Configuration, error) {
	config, err := h.cluster()
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
func (r releaseInputs) load(project string) (*chart.Chart, error) {
	configuration := &action.Configuration{}
	if strings.HasPrefix(r.chart, "oci://") {
		client, err := registry.NewClient()
		if err != nil {
			return nil, err
		}
		configuration.RegistryClient = client
	}
	locate := action.NewInstall(configuration)
	locate.RepoURL, locate.Version = r.repo, r.version
	path, err := locate.LocateChart(r.chart, cli.New())
	if err != nil {
		return nil, err
	}
	return loader.Load(path)
}

// failed words an error as the published provider does, whatever the reason is.
func (r releaseInputs) failed(err error) error {
	return fmt.Errorf("failed to become available within allocated timeout. Error: Helm Release %s/%s: %w", r.namespace, r.name, err)
}

// releaseState is what is kept of a release: its inputs and its status, which a preview does not know.
func releaseState(in standin.Properties, r *release.Release) standin.Properties {
	out := in.Copy()
	out[inputsKey] = resource.MakeSecret(resource.NewProperty(in))
	if r == nil {
		out["resourceNames"] = resource.MakeComputed(resource.NewProperty(""))
		out["status"] = resource.MakeComputed(resource.NewProperty(""))
		return out
	}
	out["version"] = resource.NewProperty(r.Chart.Metadata.Version)
	out["status"] = resource.NewProperty(resource.NewPropertyMapFromMap(map[string]any{
		"name": r.Name, "namespace": r.Namespace, "revision": r.Version, "status": string(r.Info.Status),
		"chart": r.Chart.Metadata.Name, "version": r.Chart.Metadata.Version, "appVersion": r.Chart.Metadata.AppVersion,
	}))
	return out
}
