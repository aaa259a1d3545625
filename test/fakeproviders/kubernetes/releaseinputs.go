package kubernetes

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/cli"
	"helm.sh/helm/v3/pkg/registry"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/releaseutil"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"doks-security/test/fakeproviders"
)

// defaultTimeout is how long a release's objects may take to get ready, or to go.
const defaultTimeout = 5 * time.Minute

// The inputs of a release: the published provider writes false and "" where the program says nothing, and drops the
// rest.
var (
	releaseFlags = []resource.PropertyKey{
		"allowNullValues", "atomic", "cleanupOnFail", "createNamespace", "dependencyUpdate", "devel", "disableCRDHooks",
		"disableOpenapiValidation", "disableWebhooks", "forceUpdate", "lint", "recreatePods",
		"renderSubchartNotes", "replace",
		"resetValues", "reuseValues", "skipAwait", "skipCrds", "verify", "waitForJobs",
	}
	releaseTexts = []resource.PropertyKey{"chart", "description", "keyring", "name", "namespace",
		"postrender", "version"}
	repositoryTexts = []resource.PropertyKey{"caFile", "certFile", "keyFile", "password", "repo", "username"}
)

// completeRelease writes inputs as the published provider does.
func completeRelease(in fakeproviders.Properties) fakeproviders.Properties {
	out := fakeproviders.Properties{"timeout": resource.NewProperty(defaultTimeout.Seconds()),
		"values": resource.NewProperty(fakeproviders.Properties{})}
	for _, key := range releaseFlags {
		out[key] = resource.NewProperty(false)
	}
	for _, key := range releaseTexts {
		out[key] = resource.NewProperty("")
	}
	for key, value := range in {
		_, known := out[key]
		if value.IsNull() || !known && key != "maxHistory" && key != "repositoryOpts" {
			continue
		}
		out[key] = value
	}
	if v := out["repositoryOpts"]; v.IsObject() {
		repository := fakeproviders.Properties{}
		for _, key := range repositoryTexts {
			repository[key] = resource.NewProperty("")
		}
		maps.Copy(repository, v.ObjectValue())
		out["repositoryOpts"] = resource.NewProperty(repository)
	}
	return out
}

// releaseInputs are the inputs of a release this stand-in understands.
type releaseInputs struct {
	name, namespace, chart, version, repo string
	values                                map[string]any
	atomic                                bool
	timeout                               time.Duration
	maxHistory                            int
}

func readRelease(from fakeproviders.Properties) releaseInputs {
	in := completeRelease(withoutSecrets(from))
	text := func(m fakeproviders.Properties, key resource.PropertyKey) string {
		if v := m[key]; v.IsString() {
			return v.StringValue()
		}
		return ""
	}
	r := releaseInputs{name: text(in, "name"), namespace: text(in, "namespace"), chart: text(in, "chart"),
		version: text(in, "version")}
	if v := in["repositoryOpts"]; v.IsObject() {
		r.repo = text(v.ObjectValue(), "repo")
	}
	if v := in["values"]; v.IsObject() {
		r.values = v.ObjectValue().Mappable()
	}
	if v := in["atomic"]; v.IsBool() {
		r.atomic = v.BoolValue()
	}
	if v := in["timeout"]; v.IsNumber() {
		r.timeout = time.Duration(v.NumberValue()) * time.Second
	}
	if v := in["maxHistory"]; v.IsNumber() {
		r.maxHistory = int(v.NumberValue())
	}
	return r
}

func withoutSecrets(p fakeproviders.Properties) fakeproviders.Properties {
	return resource.NewPropertyMapFromMap(plain(p).Object)
}

// load finds the chart: an archive or directory here, an OCI registry, or a repository.
func (r releaseInputs) load() (*chart.Chart, error) {
	configuration := &action.Configuration{}
	if registry.IsOCI(r.chart) {
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

// releasePlan is what a preview shows of a release: its inputs, and that the rest is unknown.
func releasePlan(in fakeproviders.Properties) fakeproviders.Properties {
	out := in.Copy()
	out[inputsKey] = resource.MakeSecret(resource.NewProperty(in))
	out["resourceNames"] = resource.MakeComputed(resource.NewProperty(""))
	out["status"] = resource.MakeComputed(resource.NewProperty(""))
	return out
}

// releaseState is what is kept of a release. What it was installed with by hand is added to the values that were known.
func releaseState(known, in fakeproviders.Properties, r *release.Release) (fakeproviders.Properties, error) {
	out := completeRelease(withoutSecrets(known))
	values := map[string]any{}
	if v := out["values"]; v.IsObject() {
		values = v.ObjectValue().Mappable()
	}
	out["values"] = resource.NewProperty(resource.NewPropertyMapFromMap(merge(values, r.Config)))
	out["version"] = resource.NewProperty(r.Chart.Metadata.Version)
	out["status"] = resource.NewProperty(resource.NewPropertyMapFromMap(map[string]any{
		"name": r.Name, "namespace": r.Namespace, "revision": r.Version, "status": string(r.Info.Status),
		"chart": r.Chart.Metadata.Name, "version": r.Chart.Metadata.Version, "appVersion": r.Chart.Metadata.AppVersion,
	}))
	names, err := resourceNames(r.Manifest)
	out["resourceNames"] = resource.NewPropertyValue(names)
	markSecrets(out, in)
	out[inputsKey] = resource.MakeSecret(resource.NewProperty(in))
	return out, err
}

// importedRelease are the inputs of a release that the program does not know yet: the chart is known by its name only.
func importedRelease(r *release.Release) fakeproviders.Properties {
	in := completeRelease(nil)
	for key, value := range map[resource.PropertyKey]any{
		"name": r.Name, "namespace": r.Namespace, "chart": r.Chart.Metadata.Name, "version": r.Chart.Metadata.Version,
		"values": merge(nil, r.Config), "timeout": 0,
	} {
		in[key] = resource.NewPropertyValue(value)
	}
	return in
}

// merge returns a with all of b in it.
func merge(a, b map[string]any) map[string]any {
	result := map[string]any{}
	maps.Copy(result, a)
	for key, value := range b {
		old, isObject := result[key].(map[string]any)
		change, isChange := value.(map[string]any)
		if isObject && isChange {
			value = merge(old, change)
		}
		result[key] = value
	}
	return result
}

// resourceNames lists a release's objects by kind, each kind with its group and apiVersion.
func resourceNames(manifest string) (map[string]any, error) {
	names := map[string]any{}
	for _, document := range releaseutil.SplitManifests(manifest) {
		u := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(document), &u.Object); err != nil {
			return nil, fmt.Errorf("reading what the release has rendered: %w", err)
		}
		if u.GetKind() == "" {
			continue // a comment
		}
		kind := u.GroupVersionKind().GroupKind().String() + "/" + u.GetAPIVersion()
		list, _ := names[kind].([]string)
		names[kind] = append(list, string(identity(u)))
	}
	for _, list := range names {
		slices.Sort(list.([]string))
	}
	return names, nil
}
