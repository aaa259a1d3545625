package components

import (
	"fmt"
	"slices"

	"doks-security/values"
)

// site is a hostname and what answers there.
type site struct {
	name, hostname     string
	setting            string // that has the hostname
	namespace, service string // namespace: its role; without a service its name, and the route is the application's
	rules              []any  // matches of its route; none: everything
	drops              []any  // headers of requests that do not pass
}

// SiteSettings are a site of an application on the Gateway.
type SiteSettings struct {
	// Where it answers, below the domain.
	Hostname string `json:"hostname" required:"true" format:"hostname"`
	// The namespace of its HTTPRoutes and Services, which is yours.
	Namespace string `json:"namespace" required:"true" format:"applicationNamespace"`
}

// sites are those that have a hostname.
func (a *ExposureArgs) sites() []site {
	path := func(kind, value string) map[string]any { return map[string]any{"type": kind, "value": value} }
	all := slices.DeleteFunc([]site{
		{name: "grafana", hostname: a.Grafana, setting: "exposure.hostnames.grafana",
			namespace: NamespaceMonitoring, service: "kube-prometheus-stack-grafana",
			drops: []any{"Authorization"}}, // its own logins and tokens are for use inside of the cluster
		// falcosidekick-ui takes events from whoever posts them. From outside only its login is posted to.
		{name: "falcosidekick-ui", hostname: a.FalcosidekickUI, setting: "exposure.hostnames.falcosidekickUi",
			namespace: NamespaceGateway, service: oauth2ProxyName,
			rules: []any{
				map[string]any{"method": "GET", "path": path("PathPrefix", "/")},
				map[string]any{"method": "HEAD", "path": path("PathPrefix", "/")},
				map[string]any{"method": "POST", "path": path("Exact", "/api/v1/auth")},
				map[string]any{"method": "POST", "path": path("Exact", "/api/v1/authenticate")},
			}},
	}, func(s site) bool { return s.hostname == "" })
	for i, s := range a.Sites {
		all = append(all, site{name: s.Hostname, hostname: s.Hostname, namespace: s.Namespace,
			setting: fmt.Sprintf("exposure.sites[%d].hostname", i)})
	}
	return all
}

// listener takes routes of the site's namespace only.
func (s site) listener(names values.Namespaces, secret string) map[string]any {
	namespace := s.namespace
	if s.service != "" {
		namespace = names[s.namespace]
	}
	return map[string]any{
		"name": s.name, "hostname": s.hostname, "port": 443, "protocol": "HTTPS",
		"tls": map[string]any{"mode": "Terminate", "certificateRefs": []any{map[string]any{"name": secret}}},
		"allowedRoutes": map[string]any{"namespaces": map[string]any{
			"from":     "Selector",
			"selector": map[string]any{"matchLabels": map[string]any{"kubernetes.io/metadata.name": namespace}},
		}},
	}
}

// route leads to the site's Service. Browsers keep to https for a year.
func (s site) route(names values.Namespaces, gateway string) map[string]any {
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
		"parentRefs": []any{map[string]any{"name": gateway, "namespace": names[NamespaceGateway], "sectionName": s.name}},
		"hostnames":  []any{s.hostname}, "rules": []any{rule},
	})
}

// redirect sends what comes without TLS to https.
func redirect(names values.Namespaces, gateway string) map[string]any {
	return manifest("gateway.networking.k8s.io/v1", "HTTPRoute", names[NamespaceGateway], "https", map[string]any{
		"parentRefs": []any{map[string]any{"name": gateway, "sectionName": "http"}},
		"rules": []any{map[string]any{"filters": []any{map[string]any{
			"type": "RequestRedirect", "requestRedirect": map[string]any{"scheme": "https", "statusCode": 301},
		}}}},
	})
}
