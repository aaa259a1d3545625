package rehearse

import (
	"fmt"
	"math"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	corev1 "k8s.io/api/core/v1"

	"doks-security/stack/catalog"
	"doks-security/test/digitalocean"
)

// costParts are those of the export monthlyCostUSD, in the order people read them.
var costParts = []struct{ key, name string }{
	{"nodes", "nodes (minimum)"}, {"controlPlane", "control plane"}, {"loadBalancers", "load balancers"},
	{"volumes", "volumes"}, {"spaces", "Spaces"}, {"total", "total"}, {"maximum", "total (maximum)"},
}

func costs(outputs auto.OutputMap) map[string]float64 {
	exported := map[string]float64{}
	parts, _ := outputs["monthlyCostUSD"].Value.(map[string]any)
	for key, value := range parts {
		exported[key], _ = value.(float64)
	}
	return exported
}

// checkCost compares the export monthlyCostUSD with what is deployed: nodes, volumes and load balancers.
func checkCost(outputs auto.OutputMap, c *cluster, r *report) {
	prices := map[string]float64{}
	for _, s := range digitalocean.Sizes() {
		prices[s.Slug] = s.PriceMonthly
	}
	exported, deployed := costs(outputs), map[string]float64{"volumes": catalog.VolumeGiB.USD * float64(c.gib())}
	for _, n := range c.nodes {
		deployed["nodes"] += prices[n.Labels[corev1.LabelInstanceTypeStable]]
	}
	for _, s := range c.services {
		if s.Spec.Type == corev1.ServiceTypeLoadBalancer {
			deployed["loadBalancers"] += catalog.LoadBalancerNode.USD
		}
	}
	var errs []string
	for _, part := range []string{"nodes", "volumes", "loadBalancers"} {
		if math.Abs(exported[part]-deployed[part]) >= 0.01 {
			errs = append(errs, fmt.Sprintf("%s: exported %.2f, deployed %.2f", part, exported[part], deployed[part]))
		}
	}
	r.check(fmt.Sprintf("monthlyCostUSD is the cost of what is deployed: %.2f", exported["total"]), len(errs) == 0,
		"%v", errs)
}

// costLines print the parts.
func costLines(outputs auto.OutputMap) []string {
	lines := []string{"cost a month, in US dollars:"}
	exported := costs(outputs)
	for _, part := range costParts {
		lines = append(lines, fmt.Sprintf("  %-32s %8.2f", part.name, exported[part.key]))
	}
	return lines
}
