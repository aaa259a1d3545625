package incluster

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
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

// Survey reads a running cluster through its API server, with the address, certificate authority and token of a
// kubeconfig as DigitalOcean returns it. It changes nothing, and reads no data of a Secret. The error says whether the
// API server is unreachable, or refuses the token.
func Survey(ctx context.Context, kubeconfig []byte) (*Cluster, error) {
	api, err := newClient(kubeconfig)
	if err != nil {
		return nil, err
	}
	defer api.http.CloseIdleConnections()
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
	c.StatefulSets, err = list[StatefulSet](ctx, api, "/apis/apps/v1/statefulsets", wholeObjects)
	return c, err
}

// client talks to one API server.
type client struct {
	server, token string
	http          *http.Client
}

func newClient(kubeconfig []byte) (*client, error) {
	var config struct {
		Clusters []struct {
			Cluster struct {
				Server string `yaml:"server"`
				CA     string `yaml:"certificate-authority-data"`
			} `yaml:"cluster"`
		} `yaml:"clusters"`
		Users []struct {
			User struct {
				Token string `yaml:"token"`
			} `yaml:"user"`
		} `yaml:"users"`
	}
	if err := yaml.Unmarshal(kubeconfig, &config); err != nil {
		return nil, errors.New("the kubeconfig from DigitalOcean is not YAML") // the parser's message may quote the token
	}
	if len(config.Clusters) != 1 || len(config.Users) != 1 || config.Clusters[0].Cluster.Server == "" ||
		config.Users[0].User.Token == "" {
		return nil, errors.New("the kubeconfig from DigitalOcean has no address or no token: does the API token have the " +
			"scope kubernetes:access_cluster?")
	}
	ca, err := base64.StdEncoding.DecodeString(config.Clusters[0].Cluster.CA)
	roots := x509.NewCertPool()
	if err != nil || !roots.AppendCertsFromPEM(ca) {
		return nil, errors.New("the kubeconfig from DigitalOcean has no valid certificate-authority-data")
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	return &client{
		server: strings.TrimSuffix(config.Clusters[0].Cluster.Server, "/"), token: config.Users[0].User.Token,
		http: &http.Client{Timeout: requestTimeout, Transport: transport},
	}, nil
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
		found, err := api.get(ctx, path, next, accept, &page)
		if err != nil || !found {
			return nil, err
		}
		all = append(all, page.Items...)
		if next = page.Metadata.Continue; next == "" {
			return all, nil
		}
	}
}

func (c *client) get(ctx context.Context, path, next, accept string, into any) (found bool, err error) {
	address, err := url.Parse(c.server + path)
	if err != nil {
		return false, fmt.Errorf("the API server's address: %w", err)
	}
	query := address.Query()
	query.Set("limit", pageSize)
	if next != "" {
		query.Set("continue", next)
	}
	address.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return false, fmt.Errorf("asking the API server: %w", err)
	}
	request.Header.Set("Accept", accept)
	request.Header.Set("Authorization", "Bearer "+c.token)
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
		return false, fmt.Errorf("the cluster's API server %s does not accept the token: it has expired or was revoked; run "+
			"pulumi again to get a new one", c.server)
	case response.StatusCode == http.StatusForbidden:
		return false, fmt.Errorf("the cluster's API server %s forbids reading %s: the API token needs the scope "+
			"kubernetes:access_cluster, as an owner or member of the team",
			c.server, address.Path)
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
