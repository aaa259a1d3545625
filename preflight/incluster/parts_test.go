package incluster

import (
	"testing"

	"doks-security/stack/field"
)

// A volume is lost with its namespace, or with the chart that has the claim; one of a StatefulSet stays.
func TestParts(t *testing.T) {
	namespace := func(name string) []Object {
		return []Object{parse[Object](t,
			`{"metadata":{"name":"`+name+`","labels":{"app.kubernetes.io/part-of":"doks-security"}}}`)}
	}
	loki := Part{Setting: "logging.enabled", Logs: true, NamespaceDeleted: true,
		Volume: Volume{Namespace: "loki", Claim: "storage", StatefulSet: "loki"}}
	grafana := Part{Setting: "observability.grafana", Workload: "deployment grafana",
		Volume: Volume{Namespace: "monitoring", Claim: "grafana"}}
	ui := Part{Setting: "runtimeSecurity.ui", Volume: Volume{Namespace: "falco", Claim: "data", StatefulSet: "redis"}}
	for _, c := range []struct {
		name    string
		cluster Cluster
		part    Part
		lost    []string // what the error contains; none: nothing is lost
		left    int
	}{
		{"never ran", Cluster{}, loki, nil, 0},
		{"a namespace of others", Cluster{Claims: []Claim{claim(t, "loki", "storage-loki-0", "1Gi")}}, loki, nil, 0},
		{"with its namespace", Cluster{Namespaces: namespace("loki"),
			Claims: []Claim{claim(t, "loki", "storage-loki-0", "1Gi"), claim(t, "team", "storage-loki-0", "1Gi")}}, loki,
			[]string{"logging.enabled: false", "true: the volume of loki/storage-loki-0 would be deleted",
				"kubectl --namespace loki delete pvc storage-loki-0, then pulumi up again"}, 0},
		{"of a chart", Cluster{Namespaces: namespace("monitoring"), Claims: []Claim{claim(t, "monitoring", "grafana", "1Gi"),
			claim(t, "monitoring", "prometheus-0", "1Gi")}}, grafana,
			[]string{"true: the volume of monitoring/grafana would be deleted", "kubectl --namespace monitoring delete " +
				"deployment grafana && kubectl --namespace monitoring delete pvc grafana"}, 0},
		{"of a StatefulSet", Cluster{Namespaces: namespace("falco"),
			Claims: []Claim{claim(t, "falco", "data-redis-0", "1Gi")}}, ui, nil, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := Owner{Stack: "doks-security/dev"}
			var errs field.Errors
			Parts(&c.cluster, o, []Part{c.part}, &errs)
			expect(t, errs, c.lost...)
			if left := Left(&c.cluster, o, []Part{c.part}); len(left) != c.left {
				t.Errorf("left are %q, want %d", left, c.left)
			}
		})
	}
}
