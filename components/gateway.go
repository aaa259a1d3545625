package components

import (
	"errors"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Gateway is the single ingress point: Cilium makes a Service of it, and DigitalOcean a load balancer of that.
type Gateway struct {
	pulumi.CustomResourceState

	Status pulumi.MapOutput `pulumi:"status"`
}

// gatewayName is the Gateway's, and its load balancer's in Kubernetes: cilium-gateway-<name>. The network of a load
// balancer cannot be changed: another network is another Gateway, which is there before the former one goes.
func (a *ExposureArgs) gatewayName() string {
	if a.Internal {
		return "internal"
	}
	return "web"
}

// newGateway creates it, and waits for its address.
func newGateway(ctx *pulumi.Context, object map[string]any, opts ...pulumi.ResourceOption) (*Gateway, error) {
	name, _ := object["metadata"].(map[string]any)["name"].(string)
	g := &Gateway{}
	return g, ctx.RegisterResource("kubernetes:gateway.networking.k8s.io/v1:Gateway",
		logicalName(NamespaceGateway, name), pulumi.ToMap(object), g, opts...)
}

// address is the first the Gateway has. It is unknown in a preview that would create it: the provider answers with the
// object as it was asked for, without a status.
func (g *Gateway) address(ctx *pulumi.Context, namespace, name string) pulumi.StringOutput {
	return g.Status.ApplyT(func(status map[string]any) (pulumi.StringOutput, error) {
		if addresses, _ := status["addresses"].([]any); len(addresses) > 0 {
			first, _ := addresses[0].(map[string]any)
			value, _ := first["value"].(string)
			return pulumi.String(value).ToStringOutput(), nil
		}
		if ctx.DryRun() {
			return pulumi.UnsafeUnknownOutput(nil).ApplyT(func(any) string { return "" }).(pulumi.StringOutput), nil
		}
		return pulumi.StringOutput{}, errors.New("the Gateway has no address: `kubectl -n " + namespace +
			" describe gateway " + name + "` shows why")
	}).(pulumi.StringOutput)
}

func (a *ExposureArgs) gateway() map[string]any {
	listeners := []any{map[string]any{
		// Only sends people to https, and answers HTTP challenges.
		"name": "http", "port": 80, "protocol": "HTTP",
		"allowedRoutes": map[string]any{"namespaces": map[string]any{"from": "Same"}},
	}}
	for _, s := range a.sites() {
		listeners = append(listeners, s.listener(a.Namespaces.names, a.Certificates.secretOf(s)))
	}
	var rules []string
	for _, cidr := range a.AllowedCIDRs {
		rules = append(rules, "cidr:"+cidr)
	}
	// What the load balancer's Service is annotated with (docs.digitalocean.com, load balancers of Kubernetes).
	annotations := map[string]any{
		"service.beta.kubernetes.io/do-loadbalancer-name":        a.Platform.Cluster + "-" + a.gatewayName(),
		"service.beta.kubernetes.io/do-loadbalancer-allow-rules": strings.Join(rules, ","),
	}
	if a.Internal {
		annotations["service.beta.kubernetes.io/do-loadbalancer-network"] = "INTERNAL"
	}
	object := manifest("gateway.networking.k8s.io/v1", "Gateway", a.Namespaces.names[NamespaceGateway], a.gatewayName(),
		map[string]any{
			"gatewayClassName": "cilium",
			"infrastructure":   map[string]any{"annotations": annotations},
			"listeners":        listeners,
		})
	object["metadata"].(map[string]any)["annotations"] = map[string]any{
		"pulumi.com/waitFor": "jsonpath={.status.addresses[0].value}",
	}
	return object
}
