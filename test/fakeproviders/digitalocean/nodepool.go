package digitalocean

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/digitalocean/godo"
)

var nodePoolSchema = schema{
	"clusterId": {required: true, replaces: true},
	"name":      {required: true, named: true, valid: notEmpty},
	"size":      {required: true, replaces: true, valid: notEmpty},
	// A number of nodes that the pool has already is no difference, nor is one that is left to the autoscaler.
	"nodeCount": {same: func(_ *data, siblings map[string]any, old, new any) bool {
		if new == nil {
			new = old
		}
		return equal(new, siblings["actualNodeCount"])
	}},
	"autoScale": {fallback: false},
	"minNodes":  {},
	"maxNodes":  {},
	"tags":      {set: true, bare: true},
	"labels":    {bare: true},
	"taints": {set: true, object: schema{"key": {required: true}, "value": {required: true},
		"effect": {required: true, valid: oneOf("NoSchedule", "PreferNoSchedule", "NoExecute")}}},
	"actualNodeCount": {output: true},
	"nodes": {output: true, object: schema{
		"id": {output: true}, "name": {output: true}, "status": {output: true}, "dropletId": {output: true},
		"createdAt": {output: true}, "updatedAt": {output: true},
	}},
}

func (p *provider) nodePool() *bridged {
	read := func(ctx context.Context, d *data) error {
		pool, response, err := p.client.Kubernetes.GetNodePool(ctx, d.text("clusterId"), d.id)
		if missing(response, err) {
			d.id = ""
			return nil
		}
		if err != nil {
			return fmt.Errorf("Error retrieving Kubernetes node pool: %w", err)
		}
		d.set(poolValues(pool, true, ownTags(pool.Tags)))
		return nil
	}
	return &bridged{
		schema: nodePoolSchema, read: read, creation: 30 * time.Minute, deletion: 30 * time.Minute,
		create: func(ctx context.Context, d *data) error {
			pool, _, err := p.client.Kubernetes.CreateNodePool(ctx, d.text("clusterId"), poolRequest(d.values))
			if err != nil {
				return fmt.Errorf("Error creating Kubernetes node pool: Unable to create new default node pool %w",
					err)
			}
			if err := p.awaitPool(ctx, d.text("clusterId"), pool.ID); err != nil {
				return fmt.Errorf("Error creating Kubernetes node pool: %w", err)
			}
			d.id = pool.ID
			return read(ctx, d)
		},
		update: func(ctx context.Context, d *data) error {
			if err := p.updatePool(ctx, d.text("clusterId"), d.id, d.values); err != nil {
				return fmt.Errorf("Error updating node pool: %w", err)
			}
			return read(ctx, d)
		},
		remove: func(ctx context.Context, d *data) error {
			if _, err := p.client.Kubernetes.DeleteNodePool(ctx, d.text("clusterId"), d.id); err != nil {
				return fmt.Errorf("Unable to delete node pool %w", err)
			}
			return until(ctx, func() (bool, error) {
				_, response, err := p.client.Kubernetes.GetNodePool(ctx, d.text("clusterId"), d.id)
				if missing(response, err) {
					return true, nil
				}
				if err != nil {
					return true, fmt.Errorf("Error trying to read nodepool state: %w", err)
				}
				return false, errors.New("Timeout waiting to delete nodepool")
			})
		},
		importer: p.importPool,
	}
}

// importPool finds the pool's cluster.
func (p *provider) importPool(ctx context.Context, d *data) error {
	clusters, _, err := p.client.Kubernetes.List(ctx, nil)
	if err != nil {
		return fmt.Errorf("Unable to list Kubernetes clusters: %w", err)
	}
	for _, c := range clusters {
		for _, pool := range c.NodePools {
			if pool.ID != d.id {
				continue
			}
			if slices.Contains(pool.Tags, defaultPoolTag) {
				return fmt.Errorf("Node pool %s has the default node pool tag set; import the owning "+
					"digitalocean_kubernetes_cluster resource instead (cluster ID=%s)", d.id,
					c.ID)
			}
			d.values["clusterId"] = c.ID
			return nil
		}
	}
	return fmt.Errorf("Did not find the cluster owning the node pool %s", d.id)
}

func poolRequest(v map[string]any) *godo.KubernetesNodePoolCreateRequest {
	d := &data{values: v}
	return &godo.KubernetesNodePoolCreateRequest{
		Name: d.text("name"), Size: d.text("size"), Count: d.number("nodeCount"), AutoScale: d.flag("autoScale"),
		Tags:     texts(v["tags"]),
		MinNodes: d.number("minNodes"), MaxNodes: d.number("maxNodes"), Labels: labels(d), Taints: taints(d),
	}
}

func poolValues(pool *godo.KubernetesNodePool, counted bool, tags []any) map[string]any {
	names, list, nodes := map[string]any{}, []any{}, []any{}
	for key, value := range pool.Labels {
		names[key] = value
	}
	for _, t := range pool.Taints {
		list = append(list, map[string]any{"key": t.Key, "value": t.Value, "effect": t.Effect})
	}
	for _, n := range pool.Nodes {
		nodes = append(nodes, map[string]any{
			"id": n.ID, "name": n.Name, "status": n.Status.State, "dropletId": n.DropletID,
			"createdAt": n.CreatedAt.UTC().String(), "updatedAt": n.UpdatedAt.UTC().String(),
		})
	}
	values := map[string]any{
		"name": pool.Name, "size": pool.Size, "actualNodeCount": float64(pool.Count), "autoScale": pool.AutoScale,
		"tags": tags, "labels": names,
		"minNodes": float64(pool.MinNodes), "maxNodes": float64(pool.MaxNodes), "nodes": nodes, "taints": list,
		"nodeCount": nil,
	}
	if counted {
		values["nodeCount"] = float64(pool.Count)
	}
	return values
}

// updatePool changes a pool and waits for its nodes. A pool that is gone is no error.
func (p *provider) updatePool(ctx context.Context, cluster, pool string, v map[string]any, tags ...string) error {
	d := &data{values: v}
	list := taints(d)
	request := &godo.KubernetesNodePoolUpdateRequest{
		Name: d.text("name"), AutoScale: godo.PtrTo(d.flag("autoScale")), MinNodes: godo.PtrTo(d.number("minNodes")),
		MaxNodes: godo.PtrTo(d.number("maxNodes")), Labels: labels(d), Taints: &list, Tags: append(texts(v["tags"]), tags...),
	}
	if count := d.number("nodeCount"); count > 0 {
		request.Count = &count
	}
	_, response, err := p.client.Kubernetes.UpdateNodePool(ctx, cluster, pool, request)
	if missing(response, err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("Unable to update nodepool: %w", err)
	}
	return p.awaitPool(ctx, cluster, pool)
}

func (p *provider) awaitPool(ctx context.Context, cluster, id string) error {
	return until(ctx, func() (bool, error) {
		pool, _, err := p.client.Kubernetes.GetNodePool(ctx, cluster, id)
		if err != nil {
			return true, fmt.Errorf("Error trying to read nodepool state: %w", err)
		}
		running := len(pool.Nodes) == pool.Count
		for _, node := range pool.Nodes {
			running = running && node.Status.State == "running"
		}
		if running {
			return true, nil
		}
		return false, errors.New("Timeout waiting to create nodepool")
	})
}

func labels(d *data) map[string]string {
	all := map[string]string{}
	for key, value := range d.object("labels") {
		if key != defaults {
			all[key] = fmt.Sprint(value)
		}
	}
	return all
}

func taints(d *data) []godo.Taint {
	list := []godo.Taint{}
	for _, t := range d.list("taints") {
		taint := &data{values: t.(map[string]any)}
		list = append(list, godo.Taint{Key: taint.text("key"), Value: taint.text("value"), Effect: taint.text("effect")})
	}
	return list
}
