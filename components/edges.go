package components

// Workload is a group of pods that edges begin or end at.
type Workload struct {
	Name      string // of its policy
	Namespace string
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
	metricsServer    = Workload{"metrics-server", NamespaceMetricsServer, map[string]string{"app.kubernetes.io/name": "metrics-server"}}
	falco            = Workload{"falco", NamespaceFalco, map[string]string{"app.kubernetes.io/name": "falco"}}
	falcoExporter    = Workload{"falco-exporter", NamespaceFalco, map[string]string{"app.kubernetes.io/name": "falco-exporter"}}
	sidekick         = Workload{"falcosidekick", NamespaceFalco, map[string]string{"app.kubernetes.io/name": "falcosidekick", "app.kubernetes.io/component": "core"}}
	sidekickUI       = Workload{"falcosidekick-ui", NamespaceFalco, map[string]string{"app.kubernetes.io/name": "falcosidekick", "app.kubernetes.io/component": "ui"}}
	redis            = Workload{"falcosidekick-ui-redis", NamespaceFalco, map[string]string{"app.kubernetes.io/component": "ui-redis"}}
)

// ControlPlane is where the API server's calls come from: DOKS runs it outside of the nodes, and its calls arrive through
// tunnels that have no identity a NetworkPolicy could name. An edge from it opens the port to all.
var ControlPlane = Workload{Name: "the API server"}

// Edge is a connection the stack needs.
type Edge struct {
	From, To Workload
	Port     int // of the pod
	Why      string
}

// Edges are all connections between pods of the stack; whatever is not here is denied. kubelets reach the pods of their
// node in any case, which carries probes and kubectl port-forward.
var Edges = []Edge{
	{grafana, prometheus, 9090, "queries"},
	{grafana, alertmanager, 9093, "the state of alerts"},
	{grafana, loki, 3100, "queries"},
	{prometheus, alertmanager, 9093, "alerts, metrics"},
	{prometheus, alertmanager, 8080, "metrics of its config reloader"},
	{alertmanager, alertmanager, 9094, "gossip between replicas"},
	{prometheus, prometheus, 9090, "metrics"},
	{prometheus, prometheus, 8080, "metrics of its config reloader"},
	{prometheus, grafana, 3000, "metrics"},
	{prometheus, kubeStateMetrics, 8080, "metrics"},
	{prometheus, operator, 10250, "metrics"},
	{ControlPlane, operator, 10250, "validation of rules"},
	{ControlPlane, metricsServer, 10250, "kubectl top, autoscaling"},
	{prometheus, metricsServer, 10250, "metrics"},
	{alloy, loki, 3100, "logs"},
	{sidekick, loki, 3100, "Falco's events"},
	{prometheus, loki, 3100, "metrics"},
	{loki, loki, 3100, "requests between replicas"},
	{loki, loki, 7946, "gossip between replicas"},
	{loki, loki, 9095, "requests between replicas"},
	{loki, chunksCache, 11211, "chunks"},
	{loki, resultsCache, 11211, "results of queries"},
	{prometheus, chunksCache, 9150, "metrics"},
	{prometheus, resultsCache, 9150, "metrics"},
	{prometheus, alloy, 12345, "metrics"},
	{falco, sidekick, 2801, "events"},
	{prometheus, falco, 8765, "metrics"},
	{prometheus, falcoExporter, 9376, "events as metrics"},
	{prometheus, sidekick, 2801, "metrics"},
	{sidekick, sidekickUI, 2802, "events"},
	{sidekick, alertmanager, 9093, "events as alerts"},
	{sidekickUI, redis, 6379, "events"},
}

// Held are the workloads that reach nothing but their edges, the cluster's DNS and the ports here: what people log in to,
// and where events and logs are kept.
var Held = []struct {
	Workload Workload
	Outside  []int // ports anywhere, beside the edges
	Why      string
}{
	{grafana, []int{443}, "the API server, for the sidecars that read dashboards; a NetworkPolicy cannot name it"},
	{loki, []int{443}, "Spaces"},
	{sidekickUI, nil, ""},
	{redis, nil, ""},
}
