package digitalocean

import (
	"context"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"doks-security/rehearsal/standin"
)

// importVPC and its kin tell the inputs that would have made what stands.
func (p *provider) importVPC(ctx context.Context, id resource.ID) (standin.Properties, error) {
	v, response, err := p.api().VPCs.Get(ctx, string(id))
	if missing(response, err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return resource.NewPropertyMapFromMap(map[string]any{
		"name": v.Name, "region": v.RegionSlug, "description": v.Description, "ipRange": v.IPRange,
	}), nil
}

func (p *provider) importProject(ctx context.Context, id resource.ID) (standin.Properties, error) {
	v, response, err := p.api().Projects.Get(ctx, string(id))
	if missing(response, err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return resource.NewPropertyMapFromMap(map[string]any{
		"name": v.Name, "description": v.Description, "purpose": v.Purpose, "environment": v.Environment,
	}), nil
}

// importCluster knows neither destroyAllAssociatedResources nor kubeconfigExpireSeconds: the API does not tell them.
func (p *provider) importCluster(ctx context.Context, id resource.ID) (standin.Properties, error) {
	c, response, err := p.api().Kubernetes.Get(ctx, string(id))
	if missing(response, err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	pool := map[string]any{
		"name": c.NodePools[0].Name, "size": c.NodePools[0].Size, "nodeCount": c.NodePools[0].Count, "autoScale": c.NodePools[0].AutoScale,
	}
	if c.NodePools[0].AutoScale {
		pool["minNodes"], pool["maxNodes"] = c.NodePools[0].MinNodes, c.NodePools[0].MaxNodes
	}
	tags := []any{}
	for _, tag := range c.Tags {
		if tag != "k8s" && !strings.HasPrefix(tag, "k8s:") { // DigitalOcean's own
			tags = append(tags, tag)
		}
	}
	in := map[string]any{
		"name": c.Name, "region": c.RegionSlug, "version": c.VersionSlug, "vpcUuid": c.VPCUUID, "clusterSubnet": c.ClusterSubnet,
		"serviceSubnet": c.ServiceSubnet, "ha": c.HA, "autoUpgrade": c.AutoUpgrade, "surgeUpgrade": c.SurgeUpgrade, "nodePool": pool, "tags": tags,
	}
	if m := c.MaintenancePolicy; m != nil {
		in["maintenancePolicy"] = map[string]any{"day": m.Day.String(), "startTime": m.StartTime}
	}
	return resource.NewPropertyMapFromMap(in), nil
}
