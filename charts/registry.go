package charts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"doks-security/values"
)

// chartType is the layer that is the archive
// (https://helm.sh/docs/topics/registries/#oci-feature-deprecation-and-behavior-changes).
const chartType = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"

// registry is an OCI registry.
type registry struct {
	client     *client
	host, path string
}

func (r registry) archive(ctx context.Context, pin values.Chart) ([]byte, error) {
	login, err := r.login()
	if err != nil {
		return nil, err
	}
	reference := path.Join(r.host, r.path, pin.Name)
	repository, err := remote.NewRepository(reference)
	if err != nil {
		return nil, err
	}
	repository.Client = login
	reference += ":" + strings.ReplaceAll(pin.Version, "+", "_") // as Helm names it
	archive, err := r.layer(ctx, repository, reference)
	var refused *errcode.ErrorResponse
	if errors.As(err, &refused) && (refused.StatusCode == http.StatusUnauthorized ||
		refused.StatusCode == http.StatusForbidden) {
		err = fmt.Errorf("%w; helm registry login %s", err, r.host)
	}
	return archive, err
}

// layer is the layer with the chart, whose size and digest are those of the manifest.
func (r registry) layer(ctx context.Context, repository *remote.Repository, reference string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, r.client.timeout)
	defer cancel()
	_, text, err := oras.FetchBytes(ctx, repository, reference, oras.DefaultFetchBytesOptions)
	if err != nil {
		return nil, err
	}
	var manifest ocispec.Manifest
	if err := json.Unmarshal(text, &manifest); err != nil {
		return nil, fmt.Errorf("reading the manifest of %s: %w", reference, err)
	}
	for _, layer := range manifest.Layers {
		if layer.MediaType != chartType {
			continue
		}
		if layer.Size > largest {
			return nil, fmt.Errorf("%s has more than %d MiB", reference, largest>>20)
		}
		archive, err := content.FetchAll(ctx, repository, layer)
		if err != nil {
			return nil, fmt.Errorf("reading the chart of %s: %w", reference, err)
		}
		return archive, nil
	}
	return nil, fmt.Errorf("%s is no Helm chart", reference)
}

// login uses the logins of `helm registry login`, then those of Docker, as Helm does.
func (r registry) login() (*auth.Client, error) {
	store, err := credentials.NewStore(helmLogins(), credentials.StoreOptions{})
	if err != nil {
		return nil, fmt.Errorf("reading the logins of registries: %w", err)
	}
	docker, err := credentials.NewStoreFromDocker(credentials.StoreOptions{})
	if err != nil {
		return nil, fmt.Errorf("reading the logins of registries: %w", err)
	}
	find := credentials.Credential(credentials.NewStoreWithFallbacks(store, docker))
	return &auth.Client{
		Client: r.client.http,
		Cache:  auth.NewCache(),
		Credential: func(ctx context.Context, host string) (auth.Credential, error) {
			found, err := find(ctx, host)
			if err != nil {
				return found, fmt.Errorf("the login of %s cannot be read: %w; helm registry login %s", host, err, host)
			}
			return found, nil
		},
	}, nil
}

// helmLogins is the file that `helm registry login` writes.
func helmLogins() string {
	if file := os.Getenv("HELM_REGISTRY_CONFIG"); file != "" {
		return file
	}
	dir := os.Getenv("HELM_CONFIG_HOME")
	if dir == "" {
		config, _ := os.UserConfigDir() // without a home, only what variables name
		if home, err := os.UserHomeDir(); err == nil && runtime.GOOS == "darwin" && os.Getenv("XDG_CONFIG_HOME") == "" {
			config = filepath.Join(home, "Library", "Preferences")
		}
		dir = filepath.Join(config, "helm")
	}
	return filepath.Join(dir, "registry", "config.json")
}
