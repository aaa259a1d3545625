package digitalocean

import (
	"context"
	"fmt"

	"github.com/digitalocean/godo"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"doks-security/rehearsal/standin"
)

func (p *provider) nodePool() *standin.Resource {
	return &standin.Resource{
		ReplaceOn: []resource.PropertyKey{"clusterId", "size"},
		Computed:  []resource.PropertyKey{"actualNodeCount", "nodes"},
		Create: func(ctx context.Context, _ string, in standin.Properties) (resource.ID, standin.Properties, error) {
			pool, _, err := p.api().Kubernetes.CreateNodePool(ctx, text(in, "clusterId"), poolRequest(in))
			if err != nil {
				return "", nil, fmt.Errorf("creating node pool: %w", err)
			}
			if pool, err = p.awaitPool(ctx, text(in, "clusterId"), pool.ID); err != nil {
				return "", nil, err
			}
			return resource.ID(pool.ID), with(in, map[string]any{"actualNodeCount": len(pool.Nodes)}), nil
		},
		Read: func(ctx context.Context, id resource.ID, inputs, state standin.Properties) (standin.Properties, error) {
			pool, response, err := p.api().Kubernetes.GetNodePool(ctx, text(state, "clusterId"), string(id))
			if missing(response, err) {
				return nil, nil
			}
			if err != nil {
				return nil, err
			}
			return with(inputs, map[string]any{"actualNodeCount": len(pool.Nodes)}), nil
		},
		Update: func(ctx context.Context, id resource.ID, _, in standin.Properties) (standin.Properties, error) {
			if err := p.updatePool(ctx, text(in, "clusterId"), string(id), in); err != nil {
				return nil, err
			}
			pool, err := p.awaitPool(ctx, text(in, "clusterId"), string(id))
			if err != nil {
				return nil, err
			}
			return with(in, map[string]any{"actualNodeCount": len(pool.Nodes)}), nil
		},
		Delete: func(ctx context.Context, id resource.ID, state standin.Properties) error {
			response, err := p.api().Kubernetes.DeleteNodePool(ctx, text(state, "clusterId"), string(id))
			if missing(response, err) {
				return nil
			}
			return err
		},
	}
}

func poolRequest(in standin.Properties) *godo.KubernetesNodePoolCreateRequest {
	return &godo.KubernetesNodePoolCreateRequest{
		Name: text(in, "name"), Size: text(in, "size"), Count: number(in, "nodeCount"), AutoScale: flag(in, "autoScale"),
		MinNodes: number(in, "minNodes"), MaxNodes: number(in, "maxNodes"), Labels: labels(in), Taints: taints(in),
	}
}

func (p *provider) updatePool(ctx context.Context, cluster, pool string, in standin.Properties) error {
	autoScale, minimum, maximum, taints := flag(in, "autoScale"), number(in, "minNodes"), number(in, "maxNodes"), taints(in)
	request := &godo.KubernetesNodePoolUpdateRequest{
		Name: text(in, "name"), AutoScale: &autoScale, MinNodes: &minimum, MaxNodes: &maximum, Labels: labels(in), Taints: &taints,
	}
	if count := number(in, "nodeCount"); count > 0 {
		request.Count = &count
	}
	if _, _, err := p.api().Kubernetes.UpdateNodePool(ctx, cluster, pool, request); err != nil {
		return fmt.Errorf("updating node pool: %w", err)
	}
	return nil
}

func (p *provider) awaitPool(ctx context.Context, cluster, id string) (*godo.KubernetesNodePool, error) {
	var pool *godo.KubernetesNodePool
	err := until(ctx, "waiting for the node pool", func() (bool, error) {
		var err error
		if pool, _, err = p.api().Kubernetes.GetNodePool(ctx, cluster, id); err != nil {
			return false, err
		}
		for _, node := range pool.Nodes {
			switch node.Status.State {
			case "running":
			case "error":
				return false, fmt.Errorf("node %s: %s", node.Name, node.Status.Message)
			default:
				return false, nil
			}
		}
		return true, nil
	})
	return pool, err
}

func labels(in standin.Properties) map[string]string {
	all := map[string]string{}
	for key, value := range object(in, "labels") {
		all[string(key)] = value.StringValue()
	}
	return all
}

func taints(in standin.Properties) []godo.Taint {
	list := []godo.Taint{}
	if v, ok := in["taints"]; ok && v.IsArray() {
		for _, t := range v.ArrayValue() {
			list = append(list, godo.Taint{Key: text(t.ObjectValue(), "key"), Value: text(t.ObjectValue(), "value"), Effect: text(t.ObjectValue(), "effect")})
		}
	}
	return list
}
