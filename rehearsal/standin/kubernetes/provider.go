// Package kubernetes stands in for the published Kubernetes provider: plain objects by server-side apply, and Helm
// releases by the Helm SDK.
package kubernetes

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"doks-security/rehearsal/standin"
)

const releaseToken = "kubernetes:helm.sh/v3:Release"

// provider talks to one cluster.
type provider struct {
	project string // what relative paths are below

	mu          sync.Mutex
	config      *rest.Config
	unreachable error
}

// New makes the provider; version is the published plugin's, project the directory of Pulumi.yaml.
func New(version, project string) *standin.Provider {
	p := &provider{project: project, unreachable: errors.New("the provider was not configured")}
	release := p.release()
	return &standin.Provider{
		Package: "kubernetes", PackageVersion: version, OnConfigure: p.configure,
		// Another cluster replaces everything; another way to the same one is an update of the provider.
		ReplaceConfig: func(old, new standin.Properties) []resource.PropertyKey {
			if !old["clusterIdentifier"].DeepEquals(new["clusterIdentifier"]) {
				return []resource.PropertyKey{"clusterIdentifier"}
			}
			return nil
		},
		Resource: func(token tokens.Type) (*standin.Resource, error) {
			if token == releaseToken {
				return release, nil
			}
			kind, err := kindOf(string(token))
			if err != nil {
				return nil, err
			}
			return p.object(kind), nil
		},
	}
}

// configure keeps an unusable kubeconfig for later: as with the published provider, it only matters to what needs the
// cluster.
func (p *provider) configure(inputs standin.Properties) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.config, p.unreachable = nil, nil
	value, ok := inputs["kubeconfig"]
	if !ok || !value.IsString() {
		p.unreachable = errors.New("no kubeconfig is configured")
		return nil
	}
	content := []byte(value.StringValue())
	if !strings.Contains(value.StringValue(), "\n") {
		path := value.StringValue()
		if !filepath.IsAbs(path) {
			path = filepath.Join(p.project, path)
		}
		var err error
		if content, err = os.ReadFile(path); err != nil {
			p.unreachable = fmt.Errorf("reading the kubeconfig: %w", err)
			return nil
		}
	}
	config, err := clientcmd.RESTConfigFromKubeConfig(content)
	if err != nil {
		p.unreachable = fmt.Errorf("failed to parse kubeconfig: %w", err)
		return nil
	}
	config.QPS, config.Burst = 120, 240
	config.WarningHandler = rest.NoWarnings{}
	p.config = config
	return nil
}

// cluster returns how to reach the cluster.
func (p *provider) cluster() (*rest.Config, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.unreachable != nil {
		return nil, fmt.Errorf("configured Kubernetes cluster is unreachable: %w", p.unreachable)
	}
	return rest.CopyConfig(p.config), nil
}
