package components

import (
	"errors"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/values"
)

// Gateway is the single ingress point: Cilium makes a Service of it, and DigitalOcean a load balancer of that.
type Gateway struct {
	pulumi.CustomResourceState

	Status pulumi.MapOutput `pulumi:"status"`
}

// newGateway creates it, and waits for its address.
func newGateway(ctx *pulumi.Context, object map[string]any, opts ...pulumi.ResourceOption) (*Gateway, error) {
	g := &Gateway{}
	return g, ctx.RegisterResource("kubernetes:gateway.networking.k8s.io/v1:Gateway",
		logicalName(NamespaceGateway, gatewayName), pulumi.ToMap(object), g, opts...)
}

// address is the first the Gateway has. It is unknown in a preview that would create it: the provider answers with the
// object as it was asked for, without a status.
func (g *Gateway) address(ctx *pulumi.Context, namespace string) pulumi.StringOutput {
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
			" describe gateway " + gatewayName + "` shows why")
	}).(pulumi.StringOutput)
}

func (a *ExposureArgs) gateway() map[string]any {
	listeners := []any{map[string]any{
		// Only sends people to https, and answers HTTP challenges.
		"name": "http", "port": 80, "protocol": "HTTP",
		"allowedRoutes": map[string]any{"namespaces": map[string]any{"from": "Same"}},
	}}
	for _, s := range a.sites() {
		listeners = append(listeners, s.listener(a.Namespaces.names))
	}
	var rules []string
	for _, cidr := range a.AllowedCIDRs {
		rules = append(rules, "cidr:"+cidr)
	}
	object := manifest("gateway.networking.k8s.io/v1", "Gateway", a.Namespaces.names[NamespaceGateway], gatewayName,
		map[string]any{
			"gatewayClassName": "cilium",
			// What the load balancer's Service is annotated with (docs.digitalocean.com, load balancers of Kubernetes).
			"infrastructure": map[string]any{"annotations": map[string]any{
				"service.beta.kubernetes.io/do-loadbalancer-name":        a.Platform.Cluster + "-" + gatewayName,
				"service.beta.kubernetes.io/do-loadbalancer-allow-rules": strings.Join(rules, ","),
			}},
			"listeners": listeners,
		})
	object["metadata"].(map[string]any)["annotations"] = map[string]any{
		"pulumi.com/waitFor": "jsonpath={.status.addresses[0].value}",
	}
	return object
}

// site is a hostname and what answers there.
type site struct {
	name, hostname     string
	setting            string // of exposure.hostnames
	namespace, service string // namespace: its role
	rules              []any  // matches of its route; none: everything
	drops              []any  // headers of requests that do not pass
}

// sites are those that have a hostname.
func (a *ExposureArgs) sites() []site {
	path := func(kind, value string) map[string]any { return map[string]any{"type": kind, "value": value} }
	return slices.DeleteFunc([]site{
		{name: "grafana", hostname: a.Grafana, setting: "grafana",
			namespace: NamespaceMonitoring, service: "kube-prometheus-stack-grafana",
			drops: []any{"Authorization"}}, // its own logins and tokens are for use inside of the cluster
		// falcosidekick-ui takes events from whoever posts them. From outside only its login is posted to.
		{name: "falcosidekick-ui", hostname: a.FalcosidekickUI, setting: "falcosidekickUi",
			namespace: NamespaceGateway, service: oauth2ProxyName,
			rules: []any{
				map[string]any{"method": "GET", "path": path("PathPrefix", "/")},
				map[string]any{"method": "HEAD", "path": path("PathPrefix", "/")},
				map[string]any{"method": "POST", "path": path("Exact", "/api/v1/auth")},
				map[string]any{"method": "POST", "path": path("Exact", "/api/v1/authenticate")},
			}},
	}, func(s site) bool { return s.hostname == "" })
}

func (s site) secret() string { return s.name + "-tls" }

func (s site) listener(names values.Namespaces) map[string]any {
	return map[string]any{
		"name": s.name, "hostname": s.hostname, "port": 443, "protocol": "HTTPS",
		"tls": map[string]any{"mode": "Terminate", "certificateRefs": []any{map[string]any{"name": s.secret()}}},
		"allowedRoutes": map[string]any{"namespaces": map[string]any{
			"from":     "Selector",
			"selector": map[string]any{"matchLabels": map[string]any{"kubernetes.io/metadata.name": names[s.namespace]}},
		}},
	}
}

// route leads to the site's Service. Browsers keep to https for a year.
func (s site) route(names values.Namespaces) map[string]any {
	filters := []any{map[string]any{"type": "ResponseHeaderModifier", "responseHeaderModifier": map[string]any{
		"set": []any{map[string]any{"name": "Strict-Transport-Security", "value": "max-age=31536000"}},
	}}}
	if len(s.drops) > 0 {
		filters = append(filters, map[string]any{"type": "RequestHeaderModifier",
			"requestHeaderModifier": map[string]any{"remove": s.drops}})
	}
	rule := map[string]any{"filters": filters, "backendRefs": []any{map[string]any{"name": s.service, "port": 80}}}
	if len(s.rules) > 0 {
		rule["matches"] = s.rules
	}
	return manifest("gateway.networking.k8s.io/v1", "HTTPRoute", names[s.namespace], s.name, map[string]any{
		"parentRefs": []any{map[string]any{"name": gatewayName, "namespace": names[NamespaceGateway], "sectionName": s.name}},
		"hostnames":  []any{s.hostname}, "rules": []any{rule},
	})
}

// redirect sends what comes without TLS to https.
func redirect(names values.Namespaces) map[string]any {
	return manifest("gateway.networking.k8s.io/v1", "HTTPRoute", names[NamespaceGateway], "https", map[string]any{
		"parentRefs": []any{map[string]any{"name": gatewayName, "sectionName": "http"}},
		"rules": []any{map[string]any{"filters": []any{map[string]any{
			"type": "RequestRedirect", "requestRedirect": map[string]any{"scheme": "https", "statusCode": 301},
		}}}},
	})
}
