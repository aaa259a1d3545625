// Package kubernetes stands in for the published Kubernetes provider: plain objects by server-side apply, and Helm
// releases by the Helm SDK. testdata holds it against recorded answers of the published plugin.
package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"doks-security/test/fakeproviders"
)

const releaseToken = "kubernetes:helm.sh/v3:Release"

// provider talks to one cluster.
type provider struct {
	project string // what relative paths are below

	config            *rest.Config
	unreachable       error // why there is no cluster
	deleteUnreachable bool
	patchForce        bool // an update takes fields from other field managers
	configMapMutable  bool // a ConfigMap's data change in place
	upsert            bool // a creation updates an object that is there already
}

// New makes the provider; version is the published plugin's, project the directory of Pulumi.yaml.
func New(version, project string) *fakeproviders.Provider {
	return &fakeproviders.Provider{Package: "kubernetes", PackageVersion: version, Open: func() *fakeproviders.Instance {
		p := &provider{project: project, unreachable: errors.New("the provider was not configured")}
		return &fakeproviders.Instance{
			AcceptSecrets: true, Configure: p.configure, DiffConfig: p.diffConfig,
			Resource: func(token tokens.Type) (fakeproviders.Resource, error) {
				if token == releaseToken {
					return helmRelease{p}, nil
				}
				kind, err := kindOf(string(token))
				return object{p, kind}, err
			},
		}
	}}
}

// configure keeps an unusable kubeconfig for later: it only matters to what needs the cluster. The API server is asked
// for its schema, as the published plugin does: a cluster that does not answer is unreachable from here on.
func (p *provider) configure(ctx context.Context, inputs fakeproviders.Properties) error {
	p.deleteUnreachable = enabled(inputs["deleteUnreachable"], "PULUMI_K8S_DELETE_UNREACHABLE")
	p.patchForce = enabled(inputs["enablePatchForce"], "PULUMI_K8S_ENABLE_PATCH_FORCE")
	p.configMapMutable = enabled(inputs["enableConfigMapMutable"], "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE")
	p.upsert = enabled(inputs["upsertExistingObjects"], "PULUMI_K8S_UPSERT_EXISTING_OBJECTS")
	config, err := p.load(inputs["kubeconfig"])
	if err == nil {
		p.config, err = clientcmd.NewDefaultClientConfig(*config, &clientcmd.ConfigOverrides{}).ClientConfig()
	}
	if err != nil {
		p.unreachable = fmt.Errorf("failed to parse kubeconfig data in `kubernetes:config:kubeconfig`- %w", err)
		return nil
	}
	p.config.QPS, p.config.Burst = 50, 120
	p.config.WarningHandler = rest.NoWarnings{}
	client, err := discovery.NewDiscoveryClientForConfig(p.config)
	if err == nil {
		err = client.RESTClient().Get().AbsPath("/openapi/v2").SetHeader("Accept",
			"application/com.github.proto-openapi.spec.v2@v1.0+protobuf").Do(ctx).Error()
	}
	p.unreachable = nil
	if err != nil {
		p.unreachable = fmt.Errorf("unable to load schema information from the API server: %w", err)
	}
	return nil
}

// enabled is an option of the provider: its input, or else the environment variable.
func enabled(option resource.PropertyValue, variable string) bool {
	if option.IsNull() {
		return os.Getenv(variable) == "true"
	}
	return option.IsBool() && option.BoolValue() || option.IsString() && option.StringValue() == "true"
}

// load reads a kubeconfig, which is given by its content or its path.
func (p *provider) load(value resource.PropertyValue) (*api.Config, error) {
	if !value.IsString() || value.StringValue() == "" {
		return nil, errors.New("no kubeconfig is configured")
	}
	content := []byte(value.StringValue())
	if !strings.Contains(value.StringValue(), "\n") {
		path := value.StringValue()
		if !filepath.IsAbs(path) {
			path = filepath.Join(p.project, path)
		}
		if read, err := os.ReadFile(path); err == nil {
			content = read // else it is taken for a kubeconfig, and is none
		}
	}
	return clientcmd.Load(content)
}

// cluster returns how to reach the cluster.
func (p *provider) cluster() (*rest.Config, error) {
	if p.unreachable != nil {
		return nil, fmt.Errorf("configured Kubernetes cluster is unreachable: %w", p.unreachable)
	}
	return rest.CopyConfig(p.config), nil
}

// diffConfig decides whether it is another cluster: by the clusterIdentifier, or without one by what the kubeconfig
// says.
func (p *provider) diffConfig(r plugin.DiffConfigRequest) plugin.DiffResult {
	delta := r.OldOutputs.Diff(r.NewInputs)
	if delta == nil {
		return plugin.DiffResult{Changes: plugin.DiffNone}
	}
	const identifier = "clusterIdentifier"
	result := plugin.DiffResult{Changes: plugin.DiffSome, ChangedKeys: delta.ChangedKeys()}
	if delta.Updated(identifier) {
		result.ReplaceKeys = append(result.ReplaceKeys, identifier)
	}
	same := delta.Same(identifier) && r.NewInputs.HasValue(identifier)
	for _, key := range []resource.PropertyKey{"kubeconfig", "context", "cluster"} {
		if r.NewInputs[key].IsComputed() {
			result.ChangedKeys = []resource.PropertyKey{key}
			if !same {
				result.ReplaceKeys = append(result.ReplaceKeys, key)
			}
			return result
		}
	}
	if same || reflect.DeepEqual(p.activeCluster(r.OldOutputs), p.activeCluster(r.NewInputs)) {
		return result
	}
	for _, key := range []resource.PropertyKey{"kubeconfig", "context", "cluster"} {
		if delta.Changed(key) {
			result.ReplaceKeys = append(result.ReplaceKeys, key)
		}
	}
	return result
}

// activeCluster is the cluster of a configuration's current context; nil if that is unknown.
func (p *provider) activeCluster(inputs fakeproviders.Properties) *api.Cluster {
	config, err := p.load(inputs["kubeconfig"])
	if err != nil {
		return nil
	}
	current := config.CurrentContext
	if v := inputs["context"]; v.IsString() {
		current = v.StringValue()
	}
	if config.Contexts[current] == nil {
		return nil
	}
	name := config.Contexts[current].Cluster
	if v := inputs["cluster"]; v.IsString() {
		name = v.StringValue()
	}
	return config.Clusters[name]
}
