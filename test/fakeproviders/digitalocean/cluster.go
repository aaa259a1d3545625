package digitalocean

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/blang/semver"
	"github.com/digitalocean/godo"
)

// defaultPoolTag marks the pool that belongs to the cluster's resource.
const defaultPoolTag = "terraform:default-node-pool"

func (p *provider) cluster() *bridged {
	return &bridged{
		schema: clusterSchema, creation: 30 * time.Minute, deletion: 20 * time.Minute,
		create: p.createCluster, read: p.readCluster, update: p.updateCluster, remove: p.deleteCluster,
		importer: p.importCluster, idle: true,
		// A version that goes down needs a new cluster.
		forces: func(d *data) bool {
			was, err := semver.Parse(fmt.Sprint(d.state["version"]))
			is, wrong := semver.Parse(d.text("version"))
			return err == nil && wrong == nil && is.LT(was)
		},
	}
}

func (p *provider) createCluster(ctx context.Context, d *data) error {
	pool := poolRequest(d.object("nodePool"))
	pool.Tags = append(pool.Tags, defaultPoolTag)
	c, _, err := p.client.Kubernetes.Create(ctx, &godo.KubernetesClusterCreateRequest{
		Name: d.text("name"), RegionSlug: d.text("region"), VersionSlug: d.text("version"), VPCUUID: d.text("vpcUuid"),
		ClusterSubnet: d.text("clusterSubnet"), ServiceSubnet: d.text("serviceSubnet"), HA: highlyAvailable(d),
		AutoUpgrade: d.flag("autoUpgrade"), SurgeUpgrade: d.flag("surgeUpgrade"), Tags: texts(d.values["tags"]),
		MaintenancePolicy: maintenance(d), ControlPlaneFirewall: firewall(d),
		NodePools: []*godo.KubernetesNodePoolCreateRequest{pool},
	})
	if err == nil {
		d.id = c.ID
		err = p.awaitCluster(ctx, d.id)
	}
	if err != nil {
		// also of a cluster that exists: the state does not know it
		d.id = ""
		return fmt.Errorf("Error creating Kubernetes cluster: %w", err)
	}
	if d.flag("registryIntegration") {
		if _, err := p.client.Kubernetes.AddRegistry(ctx,
			&godo.KubernetesClusterRegistryRequest{ClusterUUIDs: []string{d.id}}); err != nil {
			return fmt.Errorf("Error enabling registry integration: %w", err)
		}
	}
	return p.readCluster(ctx, d)
}

func (p *provider) awaitCluster(ctx context.Context, id string) error {
	return until(ctx, func() (bool, error) {
		c, _, err := p.client.Kubernetes.Get(ctx, id)
		if err != nil {
			return true, fmt.Errorf("Error trying to read cluster state: %w", err)
		}
		if c.Status.State == godo.KubernetesClusterStatusError {
			return true, errors.New(c.Status.Message)
		}
		if c.Status.State == godo.KubernetesClusterStatusRunning {
			return true, nil
		}
		return false, errors.New("Timeout waiting to create cluster")
	})
}

func (p *provider) readCluster(ctx context.Context, d *data) error {
	c, response, err := p.client.Kubernetes.Get(ctx, d.id)
	if missing(response, err) {
		d.id = ""
		return nil
	}
	if err != nil {
		return fmt.Errorf("Error retrieving Kubernetes cluster: %w", err)
	}
	d.set(map[string]any{
		"name": c.Name, "region": c.RegionSlug, "version": c.VersionSlug, "surgeUpgrade": c.SurgeUpgrade, "ha": c.HA,
		"clusterSubnet": c.ClusterSubnet, "serviceSubnet": c.ServiceSubnet, "vpcUuid": c.VPCUUID,
		"autoUpgrade": c.AutoUpgrade,
		"ipv4Address": c.IPv4, "endpoint": c.Endpoint, "tags": ownTags(c.Tags), "status": string(c.Status.State),
		"clusterUrn": c.URN(),
		"createdAt":  c.CreatedAt.UTC().String(), "updatedAt": c.UpdatedAt.UTC().String(),
		"workerSubnetUuid":     c.WorkerSubnetUUID,
		"controlPlaneFirewall": nil, "ssos": []any{},
	})
	m := c.MaintenancePolicy // the published provider crashes as well if there is none
	d.values["maintenancePolicy"] = map[string]any{"day": m.Day.String(), "startTime": m.StartTime, "duration": m.Duration}
	if f := c.ControlPlaneFirewall; f != nil {
		d.values["controlPlaneFirewall"] = map[string]any{"enabled": f.Enabled != nil && *f.Enabled,
			"allowedAddresses": anys(f.AllowedAddresses)}
	}
	for _, pool := range c.NodePools {
		if slices.Contains(pool.Tags, defaultPoolTag) {
			d.values["nodePool"] = poolValues(pool, d.object("nodePool")["nodeCount"] != nil &&
				d.object("nodePool")["nodeCount"] != 0.0, ownTags(pool.Tags))
			d.object("nodePool")["id"] = pool.ID
			if d.object("nodePool")["nodeCount"] == nil {
				d.object("nodePool")["nodeCount"] = 0.0
			}
		}
	}
	return p.readKubeconfig(ctx, d, c)
}

// readKubeconfig asks for credentials when those of the state have expired.
func (p *provider) readKubeconfig(ctx context.Context, d *data, c *godo.KubernetesCluster) error {
	if list := d.list("kubeConfigs"); len(list) > 0 {
		config, _ := list[0].(map[string]any)
		if expires, err := time.Parse(time.RFC3339, fmt.Sprint(config["expiresAt"])); err == nil &&
			expires.After(time.Now()) {
			return nil
		}
	}
	configs, err := p.kubeConfigs(ctx, c, d.number("kubeconfigExpireSeconds"))
	if err != nil {
		return fmt.Errorf("Unable to fetch Kubernetes credentials: %w", err)
	}
	d.values["kubeConfigs"] = configs
	return nil
}

func (p *provider) updateCluster(ctx context.Context, d *data) error {
	if d.changed("name", "tags", "autoUpgrade", "surgeUpgrade", "maintenancePolicy", "ha", "controlPlaneFirewall") {
		_, response, err := p.client.Kubernetes.Update(ctx, d.id, &godo.KubernetesClusterUpdateRequest{
			Name: d.text("name"), Tags: texts(d.values["tags"]), AutoUpgrade: godo.PtrTo(d.flag("autoUpgrade")),
			SurgeUpgrade: d.flag("surgeUpgrade"), HA: godo.PtrTo(d.flag("ha")),
			MaintenancePolicy: maintenance(d), ControlPlaneFirewall: cmp.Or(firewall(d), &godo.KubernetesControlPlaneFirewall{}),
		})
		if missing(response, err) {
			d.id = ""
			return nil
		}
		if err != nil {
			return fmt.Errorf("Unable to update cluster: %w", err)
		}
	}
	if d.changed("nodePool") {
		was, _ := d.state["nodePool"].(map[string]any)
		if err := p.updatePool(ctx, d.id, fmt.Sprint(was["id"]), d.object("nodePool"), defaultPoolTag); err != nil {
			return err
		}
	}
	if d.changed("version") {
		if _, err := p.client.Kubernetes.Upgrade(ctx, d.id,
			&godo.KubernetesClusterUpgradeRequest{VersionSlug: d.text("version")}); err != nil {
			return fmt.Errorf("Unable to upgrade cluster version: %w", err)
		}
	}
	if d.changed("registryIntegration") {
		request := &godo.KubernetesClusterRegistryRequest{ClusterUUIDs: []string{d.id}}
		if d.flag("registryIntegration") {
			if _, err := p.client.Kubernetes.AddRegistry(ctx, request); err != nil {
				return fmt.Errorf("Error enabling registry integration: %w", err)
			}
		} else if _, err := p.client.Kubernetes.RemoveRegistry(ctx, request); err != nil {
			return fmt.Errorf("Error disabling registry integration: %w", err)
		}
	}
	return p.readCluster(ctx, d)
}

func (p *provider) deleteCluster(ctx context.Context, d *data) error {
	remove := p.client.Kubernetes.Delete
	if d.flag("destroyAllAssociatedResources") {
		if _, _, err := p.client.Kubernetes.ListAssociatedResourcesForDeletion(ctx, d.id); err != nil {
			return fmt.Errorf("Failed to list associated resources: %w", err)
		}
		remove = p.client.Kubernetes.DeleteDangerous
	}
	response, err := remove(ctx, d.id)
	if err != nil && !missing(response, err) {
		return fmt.Errorf("Unable to delete cluster: %w", err)
	}
	return nil
}

// importCluster tags a cluster's only pool as the default one.
func (p *provider) importCluster(ctx context.Context, d *data) error {
	c, _, err := p.client.Kubernetes.Get(ctx, d.id)
	if err != nil {
		return err
	}
	tagged := 0
	for _, pool := range c.NodePools {
		if slices.Contains(pool.Tags, defaultPoolTag) {
			tagged++
		}
	}
	switch {
	case tagged > 1:
		return fmt.Errorf("Multiple node pools are tagged as the default node pool; only one node pool may have the `%s` tag",
			defaultPoolTag)
	case tagged == 0 && len(c.NodePools) != 1:
		return fmt.Errorf("Cluster contains multiple node pools. Manually add the `%s` tag to the pool that should be used "+
			"as the default. "+
			"Additional pools must be imported separately as 'digitalocean_kubernetes_node_pool' resources.", defaultPoolTag)
	case tagged == 0:
		pool := c.NodePools[0]
		_, _, err = p.client.Kubernetes.UpdateNodePool(ctx, c.ID, pool.ID,
			&godo.KubernetesNodePoolUpdateRequest{Tags: append(pool.Tags, defaultPoolTag)})
	}
	return err
}

// ownTags are those that neither DigitalOcean nor the provider set.
func ownTags(tags []string) []any {
	own := []any{}
	for _, tag := range tags {
		if tag != "k8s" && !strings.HasPrefix(tag, "k8s:") && !strings.HasPrefix(tag, "terraform:") {
			own = append(own, tag)
		}
	}
	// a set has its own order
	slices.SortFunc(own, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
	return own
}

// highlyAvailable is nil where the program says nothing: DigitalOcean decides then by the version.
func highlyAvailable(d *data) *bool {
	ha, given := d.config["ha"].(bool)
	if !given {
		return nil
	}
	return &ha
}

func maintenance(d *data) *godo.KubernetesMaintenancePolicy {
	policy := d.object("maintenancePolicy")
	if policy == nil {
		return nil
	}
	day, err := godo.KubernetesMaintenanceToDay(fmt.Sprint(policy["day"]))
	if err != nil {
		return nil
	}
	start, _ := policy["startTime"].(string)
	return &godo.KubernetesMaintenancePolicy{StartTime: start, Day: day}
}

func firewall(d *data) *godo.KubernetesControlPlaneFirewall {
	f := d.object("controlPlaneFirewall")
	if f == nil {
		return nil
	}
	enabled, _ := f["enabled"].(bool)
	return &godo.KubernetesControlPlaneFirewall{Enabled: &enabled, AllowedAddresses: texts(f["allowedAddresses"])}
}
