package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/storage/driver"

	"doks-security/test/fakeproviders"
)

// helmRelease is a chart that Helm installs.
type helmRelease struct{ *provider }

// Check loads the chart, at every preview: it has the version.
func (h helmRelease) Check(_ context.Context, r plugin.CheckRequest) (plugin.CheckResponse, error) {
	inputs := completeRelease(r.News)
	response := plugin.CheckResponse{Properties: inputs}
	if inputs.ContainsUnknowns() {
		return response, nil
	}
	release := readRelease(inputs)
	if release.name == "" || release.namespace == "" {
		failure := plugin.CheckFailure{Property: "name",
			Reason: "the stand-in names no release by itself; set name and namespace"}
		response.Failures = append(response.Failures, failure)
		return response, nil
	}
	chart, err := release.load()
	if err != nil {
		failure := plugin.CheckFailure{Property: "chart",
			Reason: fmt.Sprintf("%v; check the chart name and repository configuration.", err)}
		response.Failures = append(response.Failures, failure)
		return response, nil
	}
	inputs["version"] = resource.NewProperty(chart.Metadata.Version)
	return response, nil
}

// Diff compares what the state has of the old and new inputs with the new ones: a refresh finds values that were
// changed by hand, but none that were added.
func (h helmRelease) Diff(_ context.Context, r plugin.DiffRequest) (plugin.DiffResult, error) {
	var before fakeproviders.Properties
	if v := r.OldOutputs[inputsKey]; v.IsSecret() {
		before = v.SecretValue().Element.ObjectValue()
	}
	news := plain(r.NewInputs).Object
	old := keep(plain(r.OldOutputs).Object, plain(before).Object, news)
	result := fakeproviders.CompareInputs(resource.NewPropertyMapFromMap(old), resource.NewPropertyMapFromMap(news))
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

// keep leaves out of an object what neither of two others has.
func keep(object, one, other map[string]any) map[string]any {
	result := map[string]any{}
	for key, value := range object {
		_, inOne := one[key]
		is, inOther := other[key].(map[string]any)
		was, isObject := value.(map[string]any)
		switch {
		case isObject && inOther:
			before, _ := one[key].(map[string]any)
			result[key] = keep(was, before, is)
		case inOne || other[key] != nil:
			result[key] = value
		}
	}
	return result
}

func (h helmRelease) Create(ctx context.Context, r plugin.CreateRequest) (resource.ID,
	fakeproviders.Properties, error) {
	release := readRelease(r.Properties)
	if r.Preview {
		return "", releasePlan(r.Properties), nil
	}
	if h.unreachable != nil {
		return "", nil, fmt.Errorf("can't create Helm Release with unreachable cluster: %w", h.unreachable)
	}
	chart, err := release.load()
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
	if installed == nil {
		return "", nil, err
	}
	id := resource.ID(release.namespace + "/" + release.name)
	outputs, wrong := releaseState(r.Properties, r.Properties, installed)
	if err == nil || wrong != nil {
		return id, outputs, wrong
	}
	if _, lookup := action.NewGet(configuration).Run(release.name); lookup != nil {
		return "", nil, err // nothing is left of it
	}
	return "", nil, fakeproviders.InitError(id, nil, outputs, fmt.Errorf(
		"Helm release %q was created, but failed to initialize completely. Use Helm CLI to investigate: %w", id,
		release.failed(err)))
}

// Read finds the status and the values. The inputs stay.
func (h helmRelease) Read(ctx context.Context, r plugin.ReadRequest) (plugin.ReadResult, error) {
	if h.unreachable != nil {
		return object{provider: h.provider}.Read(ctx, r)
	}
	release := readRelease(r.State)
	if len(r.State) == 0 { // an import

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
	known := r.State
	var inputs resource.PropertyMap
	if v := r.State[inputsKey]; v.IsSecret() {
		inputs = v.SecretValue().Element.ObjectValue()
	} else {
		inputs = importedRelease(found)
		known = inputs
	}
	outputs, err := releaseState(known, inputs, found)
	return plugin.ReadResult{ID: r.ID, Inputs: inputs, Outputs: outputs}, err
}

func (h helmRelease) Update(ctx context.Context, r plugin.UpdateRequest) (fakeproviders.Properties, error) {
	release := readRelease(r.NewInputs)
	if r.Preview {
		return releasePlan(r.NewInputs), nil
	}
	if h.unreachable != nil {
		return nil, fmt.Errorf("can't update Helm Release with unreachable cluster: %w", h.unreachable)
	}
	chart, err := release.load()
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
	if upgraded == nil || errors.Is(err, driver.ErrNoDeployedReleases) {
		return nil, err
	}
	outputs, wrong := releaseState(r.NewInputs, r.NewInputs, upgraded)
	if err == nil || wrong != nil {
		return outputs, wrong
	}
	id := resource.ID(release.namespace + "/" + release.name)
	return nil, fakeproviders.InitError(id, nil, outputs, fmt.Errorf(
		"Helm release %q failed to initialize completely. Use Helm CLI to investigate: %w", id,
		release.failed(err)))
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

// helm makes its own configuration for each operation: they run side by side.
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

// failed words an error as the published provider does, whatever the reason is.
func (r releaseInputs) failed(err error) error {
	return fmt.Errorf("failed to become available within allocated timeout. Error: Helm Release %s/%s: %w", r.namespace,
		r.name, err)
}
