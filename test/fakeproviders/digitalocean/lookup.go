package digitalocean

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/digitalocean/godo"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"doks-security/test/fakeproviders"
)

// getCluster finds a cluster by name, with fresh credentials.
func (p *provider) getCluster(ctx context.Context, args fakeproviders.Properties) (fakeproviders.Properties, error) {
	name := text(args, "name")
	clusters, _, err := p.client.Kubernetes.List(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("listing clusters: %w", err)
	}
	for _, c := range clusters {
		if c.Name != name {
			continue
		}
		configs, err := p.kubeConfigs(ctx, c, number(args, "kubeconfigExpireSeconds"))
		if err != nil {
			return nil, fmt.Errorf("Unable to fetch Kubernetes credentials: %w", err)
		}
		var pools []any
		for _, pool := range c.NodePools {
			pools = append(pools, map[string]any{"id": pool.ID, "name": pool.Name, "size": pool.Size, "nodeCount": pool.Count})
		}
		return resource.NewPropertyMapFromMap(map[string]any{
			"id": c.ID, "name": c.Name, "urn": c.URN(), "version": c.VersionSlug, "region": c.RegionSlug, "vpcUuid": c.VPCUUID,
			"clusterSubnet": c.ClusterSubnet, "serviceSubnet": c.ServiceSubnet, "endpoint": c.Endpoint, "ha": c.HA,
			"status": string(c.Status.State), "kubeConfigs": configs, "nodePools": pools,
		}), nil
	}
	return nil, fmt.Errorf("Unable to find cluster with name: %s",
		name)
}

func (p *provider) getVersions(ctx context.Context, args fakeproviders.Properties) (fakeproviders.Properties, error) {
	options, _, err := p.client.Kubernetes.GetOptions(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing versions: %w", err)
	}
	var valid []any
	for _, v := range options.Versions {
		if strings.HasPrefix(v.Slug, text(args, "versionPrefix")) {
			valid = append(valid, v.Slug)
		}
	}
	if len(valid) == 0 {
		return nil, errors.New("no Kubernetes versions found for prefix: " + text(args, "versionPrefix"))
	}
	return resource.NewPropertyMapFromMap(map[string]any{"id": "versions", "latestVersion": valid[0],
		"validVersions": valid}), nil
}

// kubeConfigs asks for credentials, of the usual life without a number of seconds.
func (p *provider) kubeConfigs(ctx context.Context, c *godo.KubernetesCluster, seconds int) ([]any, error) {
	request := &godo.KubernetesClusterCredentialsGetRequest{}
	if seconds > 0 {
		request.ExpirySeconds = &seconds
	}
	credentials, _, err := p.client.Kubernetes.GetCredentials(ctx, c.ID, request)
	if err != nil {
		return nil, err
	}
	ca := base64.StdEncoding.EncodeToString(credentials.CertificateAuthorityData)
	name := "do-" + c.RegionSlug + "-" + c.Name
	config := api.NewConfig()
	config.Clusters[name] = &api.Cluster{Server: credentials.Server,
		CertificateAuthorityData: credentials.CertificateAuthorityData}
	config.AuthInfos[name+"-admin"] = &api.AuthInfo{Token: credentials.Token}
	config.Contexts[name] = &api.Context{Cluster: name, AuthInfo: name + "-admin"}
	config.CurrentContext = name
	raw, err := clientcmd.Write(*config)
	if err != nil {
		return nil, err
	}
	return []any{map[string]any{
		"rawConfig": string(raw), "host": credentials.Server, "clusterCaCertificate": ca, "token": credentials.Token,
		"clientCertificate": "", "clientKey": "", "expiresAt": credentials.ExpiresAt.UTC().Format("2006-01-02T15:04:05Z"),
	}}, nil
}
