package components

import (
	"slices"

	"doks-security/values"
)

// Workload is a group of pods that edges begin or end at.
type Workload struct {
	Name      string // of its policy
	Namespace string // in Edges and Held its role, elsewhere its name
	Labels    map[string]string
}

// The workloads of the stack, by the labels their charts give them.
var (
	prometheus       = Workload{"prometheus", NamespaceMonitoring, map[string]string{"app.kubernetes.io/name": "prometheus"}}
	alertmanager     = Workload{"alertmanager", NamespaceMonitoring, map[string]string{"app.kubernetes.io/name": "alertmanager"}}
	grafana          = Workload{"grafana", NamespaceMonitoring, map[string]string{"app.kubernetes.io/name": "grafana"}}
	kubeStateMetrics = Workload{"kube-state-metrics", NamespaceMonitoring, map[string]string{"app.kubernetes.io/name": "kube-state-metrics"}}
	operator         = Workload{"prometheus-operator", NamespaceMonitoring, map[string]string{"app": "kube-prometheus-stack-operator"}}
	loki             = Workload{"loki", NamespaceLoki, map[string]string{"app.kubernetes.io/name": "loki", "app.kubernetes.io/component": "single-binary"}}
	chunksCache      = Workload{"loki-chunks-cache", NamespaceLoki, map[string]string{"app.kubernetes.io/component": "memcached-chunks-cache"}}
	resultsCache     = Workload{"loki-results-cache", NamespaceLoki, map[string]string{"app.kubernetes.io/component": "memcached-results-cache"}}
	alloy            = Workload{"alloy", NamespaceNodeAgents, map[string]string{"app.kubernetes.io/name": "alloy"}}
	metricsServer    = Workload{"metrics-server", "metrics-server", map[string]string{"app.kubernetes.io/name": "metrics-server"}}
	falco            = Workload{"falco", NamespaceFalco, map[string]string{"app.kubernetes.io/name": "falco"}}
	falcoExporter    = Workload{"falco-exporter", NamespaceFalco, map[string]string{"app.kubernetes.io/name": "falco-exporter"}}
	sidekick         = Workload{"falcosidekick", NamespaceFalco, map[string]string{"app.kubernetes.io/name": "falcosidekick", "app.kubernetes.io/component": "core"}}
	sidekickUI       = Workload{"falcosidekick-ui", NamespaceFalco, map[string]string{"app.kubernetes.io/name": "falcosidekick", "app.kubernetes.io/component": "ui"}}
	certManager      = Workload{"cert-manager", "cert-manager", map[string]string{"app.kubernetes.io/component": "controller"}}
	cainjector       = Workload{"cert-manager-cainjector", "cert-manager", map[string]string{"app.kubernetes.io/component": "cainjector"}}
	certWebhook      = Workload{"cert-manager-webhook", "cert-manager", map[string]string{"app.kubernetes.io/component": "webhook"}}
	acmeSolver       = Workload{"acme-solver", NamespaceGateway, map[string]string{"acme.cert-manager.io/http01-solver": "true"}}
	oauth2Proxy      = Workload{"oauth2-proxy", NamespaceGateway, map[string]string{"app.kubernetes.io/name": "oauth2-proxy"}}
	redis            = Workload{"falcosidekick-ui-redis", NamespaceFalco, map[string]string{"app.kubernetes.io/component": "ui-redis"}}
)

// Ends of edges that are no pods of the stack. A NetworkPolicy cannot name them; Cilium, which DOKS runs, can.
var (
	// ControlPlane is the API server. DOKS runs it outside of the nodes; its calls arrive from the agents of a tunnel in
	// kube-system or from the nodes themselves.
	ControlPlane = Workload{Name: "the API server"}
	// Internet is everything outside of the cluster.
	Internet = Workload{Name: "the internet"}
	// Ingress is Cilium's proxy behind the Gateway.
	Ingress = Workload{Name: "the Gateway"}
)

// Edge is a connection the stack needs.
type Edge struct {
	From, To Workload
	Port     int // of the pod; 0 for any
	Why      string
	Only     values.Option // empty: always
}

// Edges are all connections between pods of the stack; whatever is not here is denied. kubelets reach the pods of their
// node in any case, which carries probes and kubectl port-forward.
var Edges = []Edge{
	{grafana, prometheus, 9090, "queries", ""},
	{grafana, alertmanager, 9093, "the state of alerts", ""},
	{grafana, loki, 3100, "queries", ""},
	{prometheus, alertmanager, 9093, "alerts, metrics", ""},
	{prometheus, alertmanager, 8080, "metrics of its config reloader", ""},
	{alertmanager, alertmanager, 9094, "gossip between replicas", ""},
	{prometheus, prometheus, 9090, "metrics", ""},
	{prometheus, prometheus, 8080, "metrics of its config reloader", ""},
	{prometheus, grafana, 3000, "metrics", ""},
	{prometheus, kubeStateMetrics, 8080, "metrics", ""},
	{prometheus, operator, 10250, "metrics", ""},
	{ControlPlane, operator, 10250, "validation of rules", ""},
	{ControlPlane, metricsServer, 10250, "kubectl top, autoscaling", ""},
	{prometheus, metricsServer, 10250, "metrics", ""},
	{alloy, loki, 3100, "logs", ""},
	{sidekick, loki, 3100, "Falco's events", ""},
	{prometheus, loki, 3100, "metrics", ""},
	{loki, loki, 3100, "requests between replicas", ""},
	{loki, loki, 7946, "gossip between replicas", ""},
	{loki, loki, 9095, "requests between replicas", ""},
	{loki, chunksCache, 11211, "chunks", ""},
	{loki, resultsCache, 11211, "results of queries", ""},
	{prometheus, chunksCache, 9150, "metrics", ""},
	{prometheus, resultsCache, 9150, "metrics", ""},
	{prometheus, alloy, 12345, "metrics", ""},
	{falco, sidekick, 2801, "events", ""},
	{prometheus, falco, 8765, "metrics", ""},
	{prometheus, falcoExporter, 9376, "events as metrics", ""},
	{prometheus, sidekick, 2801, "metrics", ""},
	{sidekick, sidekickUI, 2802, "events", ""},
	{sidekick, alertmanager, 9093, "events as alerts", ""},
	{sidekickUI, redis, 6379, "events", ""},
	{grafana, ControlPlane, 0, "dashboards and data sources, read by its sidecars", ""},
	{loki, Internet, 443, "Spaces", values.WithSpaces},
	{Ingress, grafana, 3000, "people", values.WithGateway},
	{grafana, Internet, 443, "the identity provider", values.WithGateway},
	{Ingress, oauth2Proxy, 4180, "people", values.WithGateway},
	{oauth2Proxy, sidekickUI, 2802, "people who are logged in", values.WithGateway},
	{oauth2Proxy, Internet, 443, "the identity provider", values.WithGateway},
	{Ingress, acmeSolver, 8089, "HTTP challenges", values.WithGateway},
	{ControlPlane, certWebhook, 10250, "validation of certificates", values.WithGateway},
	{prometheus, certManager, 9402, "metrics", values.WithGateway},
	{prometheus, cainjector, 9402, "metrics", values.WithGateway},
	{prometheus, certWebhook, 9402, "metrics", values.WithGateway},
	{prometheus, oauth2Proxy, 44180, "metrics", values.WithGateway},
}

// Held are the workloads that reach nothing but their edges and the cluster's DNS: what people log in to, and where events
// and logs are kept.
var Held = []Workload{grafana, loki, sidekickUI, redis, oauth2Proxy}

// EdgesOf are the edges of a stack with these namespaces and options.
func EdgesOf(namespaces values.Namespaces, options ...values.Option) []Edge {
	present := func(w Workload) bool { return w.Namespace == "" || namespaces[w.Namespace] != "" }
	var all []Edge
	for _, e := range Edges {
		if present(e.From) && present(e.To) && (e.Only == "" || slices.Contains(options, e.Only)) {
			e.From, e.To = e.From.In(namespaces), e.To.In(namespaces)
			all = append(all, e)
		}
	}
	return all
}

// In is the workload with its namespace's name instead of the role.
func (w Workload) In(namespaces values.Namespaces) Workload {
	w.Namespace = namespaces[w.Namespace]
	return w
}
