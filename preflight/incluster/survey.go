package incluster

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"k8s.io/client-go/rest"
)

const (
	requestTimeout = 10 * time.Second
	pageSize       = "500"
	// maxResponse limits what one page may hold; 500 objects of the API server are far below it.
	maxResponse = 64 << 20
	// metadataOnly asks for names, labels and annotations: neither data of Secrets nor schemas of CRDs.
	metadataOnly = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
	wholeObjects = "application/json"
)

// Cluster is what the checks need to know of a running cluster. The zero value is a cluster that does not exist yet.
type Cluster struct {
	Version      string // of Kubernetes: v1.34.1
	Namespaces   []Object
	Claims       []Claim
	StatefulSets []StatefulSet
	Classes      []Object // StorageClasses
	// Releases are the Secrets in which Helm keeps its releases, one for each revision.
	Releases []Object
	// ClusterWide are objects without a namespace, of the kinds that charts of the stack create.
	ClusterWide []Object
}

// Object is the metadata of a Kubernetes object.
type Object struct {
	Kind     string `json:"-"`
	Metadata struct {
		Name        string            `json:"name"`
		UID         string            `json:"uid"`
		Namespace   string            `json:"namespace"`
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
	} `json:"metadata"`
}

// Claim is a PersistentVolumeClaim.
type Claim struct {
	Object
	Spec struct {
		Class     string   `json:"storageClassName"`
		Resources requests `json:"resources"`
	} `json:"spec"`
}

// StatefulSet has what the checks read of one.
type StatefulSet struct {
	Object
	Spec struct {
		VolumeClaimTemplates []Claim `json:"volumeClaimTemplates"`
		Template             struct {
			Spec struct {
				Containers []struct {
					EnvFrom []struct {
						SecretRef struct {
							Name string `json:"name"`
						} `json:"secretRef"`
					} `json:"envFrom"`
				} `json:"containers"`
			} `json:"spec"`
		} `json:"template"`
	} `json:"spec"`
}

type requests struct {
	Requests struct {
		Storage string `json:"storage"`
	} `json:"requests"`
}

// ErrUnreachable is an API server that does not answer.
var ErrUnreachable = errors.New("is unreachable")

// Survey reads a running cluster through its API server. It changes nothing, and reads no data of a Secret. The error
// says whether the API server is unreachable, or refuses the credentials.
func Survey(ctx context.Context, access Access) (*Cluster, error) {
	api, err := access.client()
	if err != nil {
		return nil, err
	}
	c := &Cluster{}
	for _, kind := range []struct {
		name, path string
		into       *[]Object
	}{
		{"Namespace", "/api/v1/namespaces", &c.Namespaces},
		{"Secret", "/api/v1/secrets?labelSelector=owner%3Dhelm", &c.Releases},
		{"CustomResourceDefinition", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", &c.ClusterWide},
		{"APIService", "/apis/apiregistration.k8s.io/v1/apiservices", &c.ClusterWide},
		{"ClusterRole", "/apis/rbac.authorization.k8s.io/v1/clusterroles", &c.ClusterWide},
		{"ClusterRoleBinding", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", &c.ClusterWide},
		{"MutatingWebhookConfiguration", "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
			&c.ClusterWide},
		{"ValidatingWebhookConfiguration", "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
			&c.ClusterWide},
		{"StorageClass", "/apis/storage.k8s.io/v1/storageclasses", &c.Classes},
		{"PriorityClass", "/apis/scheduling.k8s.io/v1/priorityclasses", &c.ClusterWide},
	} {
		objects, err := list[Object](ctx, api, kind.path, metadataOnly)
		if err != nil {
			return nil, err
		}
		for i := range objects {
			objects[i].Kind = kind.name
		}
		*kind.into = append(*kind.into, objects...)
	}
	if c.Claims, err = list[Claim](ctx, api, "/api/v1/persistentvolumeclaims", wholeObjects); err != nil {
		return nil, err
	}
	if c.StatefulSets, err = list[StatefulSet](ctx, api, "/apis/apps/v1/statefulsets", wholeObjects); err != nil {
		return nil, err
	}
	c.Version, err = api.version(ctx)
	return c, err
}

// Version is that of Kubernetes in a running cluster: v1.34.1. Errors are those of Survey.
func Version(ctx context.Context, access Access) (string, error) {
	api, err := access.client()
	if err != nil {
		return "", err
	}
	return api.version(ctx)
}

// HasCilium reports whether the cluster knows Cilium's network policies, which the stack creates.
func (c *Cluster) HasCilium() bool {
	return slices.ContainsFunc(c.ClusterWide, func(o Object) bool {
		return o.Kind == "CustomResourceDefinition" && o.Metadata.Name == "ciliumnetworkpolicies.cilium.io"
	})
}

// ID is the one of the namespace kube-system, by which clusters are commonly identified.
func (c *Cluster) ID() string {
	for _, n := range c.Namespaces {
		if n.Metadata.Name == "kube-system" {
			return n.Metadata.UID
		}
	}
	return ""
}

// client talks to one API server.
type client struct {
	Access
	server string
	http   *http.Client
}

func (a Access) client() (*client, error) {
	config := rest.CopyConfig(a.config)
	config.Timeout = requestTimeout
	c, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("the kubeconfig: %w", err)
	}
	return &client{Access: a, server: strings.TrimSuffix(config.Host, "/"), http: c}, nil
}

// list reads all pages of a list. A kind that the API server does not have is an empty list.
func list[T any](ctx context.Context, api *client, path, accept string) ([]T, error) {
	var all []T
	for next := ""; ; {
		var page struct {
			Metadata struct {
				Continue string `json:"continue"`
			} `json:"metadata"`
			Items []T `json:"items"`
		}
		query := url.Values{"limit": {pageSize}}
		if next != "" {
			query.Set("continue", next)
		}
		found, err := api.get(ctx, path, query, accept, &page)
		if err != nil || !found {
			return nil, err
		}
		all = append(all, page.Items...)
		if next = page.Metadata.Continue; next == "" {
			return all, nil
		}
	}
}

func (c *client) version(ctx context.Context) (string, error) {
	var version struct {
		GitVersion string `json:"gitVersion"`
	}
	_, err := c.get(ctx, "/version", url.Values{}, wholeObjects, &version)
	return version.GitVersion, err
}

func (c *client) get(ctx context.Context, path string, query url.Values, accept string, into any) (
	found bool, err error,
) {
	address, err := url.Parse(c.server + path)
	if err != nil {
		return false, fmt.Errorf("the API server's address: %w", err)
	}
	for key, values := range address.Query() {
		query[key] = values
	}
	address.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return false, fmt.Errorf("asking the API server: %w", err)
	}
	request.Header.Set("Accept", accept)
	response, err := c.http.Do(request)
	if err != nil {
		return false, fmt.Errorf("the cluster's API server %s %w: %w",
			c.server, ErrUnreachable, cmp.Or(errors.Unwrap(err), err))
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxResponse+1))
	if err != nil {
		return false, fmt.Errorf("reading %s from the API server %s: %w", path, c.server, err)
	}
	switch {
	case response.StatusCode == http.StatusNotFound:
		return false, nil
	case response.StatusCode == http.StatusUnauthorized:
		return false, fmt.Errorf("the cluster's API server %s does not accept the credentials: %s", c.server, c.unauthorized)
	case response.StatusCode == http.StatusForbidden:
		return false, fmt.Errorf("the cluster's API server %s forbids reading %s: %s", c.server, address.Path, c.forbidden)
	case response.StatusCode != http.StatusOK:
		return false, fmt.Errorf("the cluster's API server %s answered %s to %s; run pulumi again once it is healthy",
			c.server, response.Status, address.Path)
	case len(body) > maxResponse:
		return false, fmt.Errorf("the cluster's API server %s answered more than %d MiB to %s", c.server, maxResponse>>20,
			address.Path)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return false, fmt.Errorf("the cluster's API server %s answered no list to %s: %w", c.server, address.Path, err)
	}
	return true, nil
}
