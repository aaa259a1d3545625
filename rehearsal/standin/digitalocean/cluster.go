package digitalocean

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/digitalocean/godo"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"doks-security/rehearsal/standin"
)

func (p *provider) cluster() *standin.Resource {
	return &standin.Resource{
		ReplaceOn: []resource.PropertyKey{"region", "vpcUuid", "clusterSubnet", "serviceSubnet"},
		Replaces:  replacesCluster,
		Computed:  []resource.PropertyKey{"clusterUrn", "createdAt", "endpoint", "ipv4Address", "kubeConfigs", "status", "updatedAt"},
		Create:    p.createCluster,
		Import:    p.importCluster,
		Read: func(ctx context.Context, id resource.ID, inputs, _ standin.Properties) (standin.Properties, error) {
			c, response, err := p.api().Kubernetes.Get(ctx, string(id))
			if missing(response, err) {
				return nil, nil
			}
			if err != nil {
				return nil, err
			}
			return p.clusterOutputs(ctx, inputs, c)
		},
		Update: p.updateCluster,
		Delete: func(ctx context.Context, id resource.ID, state standin.Properties) error {
			remove := p.api().Kubernetes.Delete
			if flag(state, "destroyAllAssociatedResources") {
				remove = p.api().Kubernetes.DeleteDangerous
			}
			response, err := remove(ctx, string(id))
			if err != nil && !missing(response, err) {
				return fmt.Errorf("deleting cluster: %w", err)
			}
			return nil
		},
	}
}

// replacesCluster finds what the published provider cannot change in place: the first pool's size, and an older version.
func replacesCluster(old, new standin.Properties) []resource.PropertyKey {
	var keys []resource.PropertyKey
	if text(old, "version") > text(new, "version") {
		keys = append(keys, "version")
	}
	if text(object(old, "nodePool"), "size") != text(object(new, "nodePool"), "size") {
		keys = append(keys, "nodePool")
	}
	return keys
}

func object(m standin.Properties, key resource.PropertyKey) standin.Properties {
	if v, ok := m[key]; ok && v.IsObject() {
		return v.ObjectValue()
	}
	return nil
}

func (p *provider) createCluster(ctx context.Context, _ string, in standin.Properties) (resource.ID, standin.Properties, error) {
	ha := flag(in, "ha")
	c, _, err := p.api().Kubernetes.Create(ctx, &godo.KubernetesClusterCreateRequest{
		Name: text(in, "name"), RegionSlug: text(in, "region"), VersionSlug: text(in, "version"), VPCUUID: text(in, "vpcUuid"),
		ClusterSubnet: text(in, "clusterSubnet"), ServiceSubnet: text(in, "serviceSubnet"), HA: &ha, Tags: texts(in, "tags"),
		AutoUpgrade: flag(in, "autoUpgrade"), SurgeUpgrade: flag(in, "surgeUpgrade"),
		MaintenancePolicy: maintenance(in), ControlPlaneFirewall: firewall(in),
		NodePools: []*godo.KubernetesNodePoolCreateRequest{poolRequest(object(in, "nodePool"))},
	})
	if err != nil {
		return "", nil, fmt.Errorf("creating cluster: %w", err)
	}
	if c, err = p.awaitCluster(ctx, c.ID); err != nil {
		return "", nil, err
	}
	if flag(in, "registryIntegration") {
		if _, err := p.api().Kubernetes.AddRegistry(ctx, &godo.KubernetesClusterRegistryRequest{ClusterUUIDs: []string{c.ID}}); err != nil {
			return "", nil, fmt.Errorf("integrating the registry: %w", err)
		}
	}
	out, err := p.clusterOutputs(ctx, in, c)
	return resource.ID(c.ID), out, err
}

func (p *provider) awaitCluster(ctx context.Context, id string) (*godo.KubernetesCluster, error) {
	var c *godo.KubernetesCluster
	err := until(ctx, "waiting for the cluster", func() (bool, error) {
		var err error
		if c, _, err = p.api().Kubernetes.Get(ctx, id); err != nil {
			return false, err
		}
		if c.Status.State == godo.KubernetesClusterStatusError {
			return false, errors.New(c.Status.Message)
		}
		return c.Status.State == godo.KubernetesClusterStatusRunning, nil
	})
	return c, err
}

func (p *provider) updateCluster(ctx context.Context, id resource.ID, state, in standin.Properties) (standin.Properties, error) {
	autoUpgrade, ha := flag(in, "autoUpgrade"), flag(in, "ha")
	_, _, err := p.api().Kubernetes.Update(ctx, string(id), &godo.KubernetesClusterUpdateRequest{
		Name: text(in, "name"), Tags: texts(in, "tags"), AutoUpgrade: &autoUpgrade, SurgeUpgrade: flag(in, "surgeUpgrade"), HA: &ha,
		MaintenancePolicy: maintenance(in), ControlPlaneFirewall: firewall(in),
	})
	if err != nil {
		return nil, fmt.Errorf("updating cluster: %w", err)
	}
	if version := text(in, "version"); version != text(state, "version") {
		if _, err := p.api().Kubernetes.Upgrade(ctx, string(id), &godo.KubernetesClusterUpgradeRequest{VersionSlug: version}); err != nil {
			return nil, fmt.Errorf("upgrading cluster: %w", err)
		}
	}
	if pool := text(object(state, "nodePool"), "id"); pool != "" {
		if err := p.updatePool(ctx, string(id), pool, object(in, "nodePool")); err != nil {
			return nil, err
		}
	}
	c, err := p.awaitCluster(ctx, string(id))
	if err != nil {
		return nil, err
	}
	return p.clusterOutputs(ctx, in, c)
}

// clusterOutputs fetches a kubeconfig, as the published provider does.
func (p *provider) clusterOutputs(ctx context.Context, in standin.Properties, c *godo.KubernetesCluster) (standin.Properties, error) {
	configs, err := p.kubeConfigs(ctx, c, number(in, "kubeconfigExpireSeconds"))
	if err != nil {
		return nil, err
	}
	out := with(in, map[string]any{
		"clusterUrn": c.URN(), "createdAt": c.CreatedAt.String(), "updatedAt": c.UpdatedAt.String(), "endpoint": c.Endpoint,
		"ipv4Address": c.IPv4, "status": string(c.Status.State), "version": c.VersionSlug, "kubeConfigs": configs,
	})
	pool := object(in, "nodePool")
	out["nodePool"] = resource.NewProperty(with(pool, map[string]any{"id": c.NodePools[0].ID, "actualNodeCount": len(c.NodePools[0].Nodes)}))
	return out, nil
}

func (p *provider) kubeConfigs(ctx context.Context, c *godo.KubernetesCluster, seconds int) ([]any, error) {
	request := &godo.KubernetesClusterCredentialsGetRequest{}
	if seconds > 0 {
		request.ExpirySeconds = &seconds
	}
	credentials, _, err := p.api().Kubernetes.GetCredentials(ctx, c.ID, request)
	if err != nil {
		return nil, fmt.Errorf("fetching credentials: %w", err)
	}
	ca := base64.StdEncoding.EncodeToString(credentials.CertificateAuthorityData)
	name := "do-" + c.RegionSlug + "-" + c.Name
	raw := strings.NewReplacer("{name}", name, "{host}", credentials.Server, "{ca}", ca, "{token}", credentials.Token).Replace(`apiVersion: v1
kind: Config
clusters:
- name: {name}
  cluster: {certificate-authority-data: {ca}, server: "{host}"}
contexts:
- name: {name}
  context: {cluster: {name}, user: {name}-admin}
current-context: {name}
users:
- name: {name}-admin
  user: {token: "{token}"}
`)
	return []any{map[string]any{
		"rawConfig": raw, "host": credentials.Server, "clusterCaCertificate": ca, "token": credentials.Token,
		"clientCertificate": "", "clientKey": "", "expiresAt": credentials.ExpiresAt.UTC().Format("2006-01-02T15:04:05Z"),
	}}, nil
}

func maintenance(in standin.Properties) *godo.KubernetesMaintenancePolicy {
	policy := object(in, "maintenancePolicy")
	day, err := godo.KubernetesMaintenanceToDay(text(policy, "day"))
	if policy == nil || err != nil {
		return nil
	}
	return &godo.KubernetesMaintenancePolicy{StartTime: text(policy, "startTime"), Day: day}
}

func firewall(in standin.Properties) *godo.KubernetesControlPlaneFirewall {
	f := object(in, "controlPlaneFirewall")
	if f == nil {
		return nil
	}
	enabled := flag(f, "enabled")
	return &godo.KubernetesControlPlaneFirewall{Enabled: &enabled, AllowedAddresses: texts(f, "allowedAddresses")}
}

// getCluster finds a cluster by name, with fresh credentials.
func (p *provider) getCluster(ctx context.Context, args standin.Properties) (standin.Properties, error) {
	name := text(args, "name")
	clusters, _, err := p.api().Kubernetes.List(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("listing clusters: %w", err)
	}
	for _, c := range clusters {
		if c.Name != name {
			continue
		}
		configs, err := p.kubeConfigs(ctx, c, number(args, "kubeconfigExpireSeconds"))
		if err != nil {
			return nil, err
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
	return nil, fmt.Errorf("Unable to find cluster with name: %s", name) //nolint:staticcheck // the published provider's words
}

func (p *provider) getVersions(ctx context.Context, args standin.Properties) (standin.Properties, error) {
	options, _, err := p.api().Kubernetes.GetOptions(ctx)
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
	return resource.NewPropertyMapFromMap(map[string]any{"id": "versions", "latestVersion": valid[0], "validVersions": valid}), nil
}
