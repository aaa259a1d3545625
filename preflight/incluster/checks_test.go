package incluster

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"doks-security/stack/field"
)

// expect compares errors with what each must contain; no want: no error.
func expect(t *testing.T, errs field.Errors, want ...string) {
	t.Helper()
	text := ""
	if len(errs) > 0 {
		text = errs.Error()
	}
	if (len(errs) == 0) != (len(want) == 0) {
		t.Errorf("errors:\n%s\nwant %q", text, want)
	}
	for _, part := range want {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in\n%s", part, text)
		}
	}
}

func claim(t *testing.T, namespace, name, size string) Claim {
	return parse[Claim](t,
		fmt.Sprintf(`{"metadata":{"namespace":%q,"name":%q},"spec":{"resources":{"requests":{"storage":%q}}}}`, namespace,
			name, size))
}

func TestVolumes(t *testing.T) {
	loki := Volume{"logging.volumeGiB", 20, "loki", "storage", "loki", ByHand}
	prometheus := Volume{"observability.prometheusVolumeGiB", 20, "monitoring", "db", "prometheus", ByOperator}
	grafana := Volume{"observability.grafanaVolumeGiB", 10, "monitoring", "grafana", "", ByHelm}
	set := func(size string) []StatefulSet {
		return []StatefulSet{parse[StatefulSet](t,
			`{"metadata":{"namespace":"loki","name":"loki"},"spec":{"volumeClaimTemplates":[
			{"metadata":{"name":"storage"},"spec":{"resources":{"requests":{"storage":"`+size+`"}}}}]}}`)}
	}
	for _, c := range []struct {
		name    string
		cluster Cluster
		volume  Volume
		want    []string
	}{
		{"no volume yet", Cluster{}, loki, nil},
		{"the same size", Cluster{Claims: []Claim{claim(t, "loki", "storage-loki-0", "20Gi")}, StatefulSets: set("20Gi")},
			loki, nil},
		{"the same size in bytes", Cluster{Claims: []Claim{claim(t, "loki", "storage-loki-0", "21474836480")}}, loki, nil},
		{"larger", Cluster{Claims: []Claim{claim(t, "loki", "storage-loki-0", "10Gi"),
			claim(t, "loki", "storage-loki-1", "20Gi")}, StatefulSets: set("10Gi")}, loki,
			[]string{"1 error)", "logging.volumeGiB: 20",
				`kubectl --namespace loki patch pvc storage-loki-0 --patch ` +
					`'{"spec":{"resources":{"requests":{"storage":"20Gi"}}}}'`,
				"kubectl --namespace loki delete statefulset loki --cascade=orphan"}},
		{"larger, claims grown already", Cluster{Claims: []Claim{claim(t, "loki", "storage-loki-0", "20Gi")},
			StatefulSets: set("10Gi")}, loki,
			[]string{"delete statefulset loki --cascade=orphan"}},
		{"larger, all commands run", Cluster{Claims: []Claim{claim(t, "loki", "storage-loki-0", "20Gi")}}, loki, nil},
		{"smaller", Cluster{Claims: []Claim{claim(t, "loki", "storage-loki-1", "50Gi")}}, loki,
			[]string{"no volume can shrink", "loki/storage-loki-1 exists with 50 GiB", "'logging.volumeGiB' 50"}},
		{"of the operator, larger", Cluster{Claims: []Claim{claim(t, "monitoring", "db-prometheus-0", "10Gi"),
			claim(t, "monitoring", "db-prometheus-1", "10Gi")}}, prometheus,
			[]string{"patch pvc db-prometheus-0", "patch pvc db-prometheus-1", "'observability.prometheusVolumeGiB' 10"}},
		{"of the operator, grown", Cluster{Claims: []Claim{claim(t, "monitoring", "db-prometheus-0", "20Gi")}},
			prometheus, nil},
		{"of Helm, larger", Cluster{Claims: []Claim{claim(t, "monitoring", "grafana", "5Gi")}}, grafana, nil},
		{"of Helm, smaller", Cluster{Claims: []Claim{claim(t, "monitoring", "grafana", "15Gi")}}, grafana,
			[]string{"'observability.grafanaVolumeGiB' 15"}},
		{"claims of others", Cluster{Claims: []Claim{claim(t, "loki", "storage-loki-backup", "1Gi"),
			claim(t, "team", "storage-loki-0", "1Gi")}}, loki, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var errs field.Errors
			Volumes(&c.cluster, []Volume{c.volume}, &errs)
			expect(t, errs, c.want...)
		})
	}
}

func revision(t *testing.T, name, version, status string) Object {
	return parse[Object](t,
		fmt.Sprintf(`{"metadata":{"namespace":"loki","name":"sh.helm.release.v1.%[1]s.v%[2]s","labels":{"name":%[1]q,`+
			`"version":%[2]q,"status":%[3]q}}}`, name, version, status))
}

func TestReleases(t *testing.T) {
	for _, c := range []struct {
		name      string
		revisions []Object
		want      []string
	}{
		{"none", nil, nil},
		{"deployed", []Object{revision(t, "loki", "10", "deployed"), revision(t, "loki", "9", "failed")}, nil},
		{"interrupted installation", []Object{revision(t, "loki", "1", "pending-install")},
			[]string{"releases.loki", "pending-install", "helm uninstall loki --namespace loki"}},
		{"interrupted upgrade", []Object{revision(t, "loki", "10", "pending-upgrade"), revision(t, "loki", "8", "superseded"),
			revision(t, "loki", "9", "deployed")},
			[]string{"helm rollback loki 9 --namespace loki"}},
		{"interrupted rollback", []Object{revision(t, "loki", "3", "pending-rollback"), revision(t, "loki", "2", "failed"),
			revision(t, "loki", "1", "superseded")},
			[]string{"helm rollback loki 1 --namespace loki"}},
		{"failed", []Object{revision(t, "loki", "1", "failed")}, []string{"helm uninstall loki"}},
		{"failed after one that worked", []Object{revision(t, "loki", "2", "failed"),
			revision(t, "loki", "1", "superseded")}, nil},
		{"of others", []Object{revision(t, "other", "1", "failed")}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var errs field.Errors
			Releases(&Cluster{Releases: c.revisions}, []Release{{"loki", "loki"}}, &errs)
			expect(t, errs, c.want...)
		})
	}
}

func TestLogs(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	bucket := LogStore{Region: "fra1", Bucket: "logs"}
	from := func(day string) LogStore { return LogStore{"fra1", "logs", day} }
	marked := func(store LogStore) string { return fmt.Sprintf(`"annotations":{"doks-security/logs":%q}`, store) }
	const unmarked = `"labels":{}`
	for _, c := range []struct {
		name, running string // metadata
		spaces        bool   // has the Secret with the key
		want          LogStore
		errors        []string
	}{
		{"no Loki yet", "", false, bucket, nil},
		{"on the volume", marked(LogStore{}), false, LogStore{}, nil},
		{"of an older version, on the volume", unmarked, false, LogStore{}, nil},
		{"to a bucket without a date", marked(LogStore{}), false, bucket,
			[]string{"logging.spaces.from: not set", "'logging.spaces.from' 2026-11-26"}},
		{"of an older version, to a bucket without a date", unmarked, false, bucket,
			[]string{"logging.spaces.from: not set"}},
		{"to a bucket from today on", marked(LogStore{}), false, from("2026-11-25"),
			[]string{`logging.spaces.from: "2026-11-25"`}},
		{"to a bucket from tomorrow on", marked(LogStore{}), false, from("2026-11-26"), nil},
		{"in a bucket", marked(bucket), true, bucket, nil},
		{"of an older version, in a bucket", unmarked, true, bucket, nil},
		{"back to the volume", marked(bucket), true, LogStore{}, []string{"logging.storage", "'logging.storage' spaces"}},
		{"of an older version, back to the volume", unmarked, true, LogStore{}, []string{"logging.storage"}},
		{"to another bucket", marked(bucket), true, LogStore{Region: "fra1", Bucket: "other"},
			[]string{"logging.spaces.bucket", "'logging.spaces.bucket' logs"}},
		{"to another region", marked(bucket), true, LogStore{Region: "ams3", Bucket: "logs"},
			[]string{"'logging.spaces.region' fra1"}},
		{"a date that was not there", marked(bucket), true, from("2026-12-01"),
			[]string{"config rm --path 'logging.spaces.from'"}},
		{"the same date, passed", marked(from("2026-11-01")), true, from("2026-11-01"), nil},
		{"another date, after it passed", marked(from("2026-11-01")), true, from("2026-12-01"),
			[]string{"'logging.spaces.from' 2026-11-01"}},
		{"another date, before it", marked(from("2026-12-01")), true, from("2026-12-05"), nil},
		{"the date removed too early", marked(from("2026-11-20")), true, bucket,
			[]string{"'logging.spaces.from' 2026-11-20", "2026-11-28"}},
		{"the date removed once it does not matter", marked(from("2026-11-01")), true, bucket, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			cluster := &Cluster{}
			if c.running != "" {
				envFrom := ""
				if c.spaces {
					envFrom = `{"secretRef":{"name":"loki-spaces"}}`
				}
				cluster.StatefulSets = []StatefulSet{parse[StatefulSet](t,
					`{"metadata":{"namespace":"loki","name":"loki",`+c.running+
						`},"spec":{"template":{"spec":{"containers":[{"envFrom":[`+envFrom+`]}]}}}}`)}
			}
			var errs field.Errors
			Logs(cluster, "loki", c.want, 7*24*time.Hour, now, &errs)
			expect(t, errs, c.errors...)
		})
	}
}

func TestOwnership(t *testing.T) {
	object := func(kind, metadata string) Object {
		o := parse[Object](t, `{"metadata":`+metadata+`}`)
		o.Kind = kind
		return o
	}
	namespace := func(annotations string) []Object {
		return []Object{object("Namespace",
			`{"name":"monitoring","labels":{"app.kubernetes.io/part-of":"doks-security"},"annotations":{`+annotations+`}}`)}
	}
	helm := func(kind, name, release, namespace string) Object {
		return object(kind,
			fmt.Sprintf(`{"name":%q,"annotations":{"meta.helm.sh/release-name":%q,"meta.helm.sh/release-namespace":%q}}`, name,
				release, namespace))
	}
	const api = "v1beta1.metrics.k8s.io"
	for _, c := range []struct {
		name     string
		cluster  Cluster
		provides []string
		want     []string
	}{
		{"an empty cluster", Cluster{}, nil, nil},
		{"a namespace of others", Cluster{Namespaces: []Object{object("Namespace", `{"name":"monitoring"}`)}}, nil,
			[]string{`namespaces: "monitoring"`, "pulumi config set --path 'namespaces.names.monitoring' <another name>",
				"kubectl delete namespace monitoring"}},
		{"a namespace that is not used", Cluster{Namespaces: []Object{object("Namespace", `{"name":"team"}`)}}, nil, nil},
		{"a namespace of an older version", Cluster{Namespaces: namespace("")}, nil, nil},
		{"a namespace of the stack", Cluster{Namespaces: namespace(`"doks-security/stack":"doks-security/dev"`)}, nil, nil},
		{"a namespace of the stack, before pulumi stack rename",
			Cluster{Namespaces: namespace(`"doks-security/stack":"doks-security/former"`)}, nil, nil},
		{"a namespace of another stack", Cluster{Namespaces: namespace(`"doks-security/stack":"doks-security/prod"`)}, nil,
			[]string{"belongs to the stack doks-security/prod",
				"kubectl annotate --overwrite namespace monitoring doks-security/stack=doks-security/dev"}},
		{"a namespace of the stack, after another name was set", Cluster{Namespaces: []Object{
			object("Namespace",
				`{"name":"loki","labels":{"app.kubernetes.io/part-of":"doks-security"},`+
					`"annotations":{"doks-security/stack":"doks-security/dev"}}`)},
			ClusterWide: []Object{helm("ClusterRole", "falco", "falco", "loki"),
				helm("APIService", api, "metrics-server", "loki")}},
			nil, []string{"(1 error)", "namespaces: not set", "its namespaces loki would be deleted with their volumes",
				"restore namespaces.prefix"}},
		{"a namespace of the stack, after its name was given to another role",
			Cluster{Namespaces: namespace(`"doks-security/stack":"doks-security/dev"`),
				Releases: []Object{object("Secret", `{"namespace":"monitoring","labels":{"name":"falco"}}`)}},
			nil, []string{"(1 error)", "namespaces: not set", "its namespaces monitoring would be deleted with their volumes"}},
		{"a namespace of another stack with a release of the same name", Cluster{Namespaces: []Object{
			object("Namespace",
				`{"name":"team","labels":{"app.kubernetes.io/part-of":"doks-security"},`+
					`"annotations":{"doks-security/stack":"doks-security/prod"}}`)},
			Releases:    []Object{object("Secret", `{"namespace":"team","labels":{"name":"falco"}}`)},
			ClusterWide: []Object{helm("ClusterRole", "falco", "falco", "team")}}, nil,
			[]string{"(1 error)", "the stack doks-security/prod has the namespaces team, and each stack"}},
		{"a namespace of an addon that is removed", Cluster{
			Namespaces: []Object{object("Namespace", `{"name":"velero","labels":{"app.kubernetes.io/part-of":"doks-security"},`+
				`"annotations":{"doks-security/stack":"doks-security/dev","doks-security/addon":"velero"}}`)},
			ClusterWide: []Object{helm("ClusterRole", "velero", "velero", "velero")}}, nil, nil},
		{"a namespace of an addon, after chart.yaml got another", Cluster{
			Namespaces: []Object{object("Namespace", `{"name":"velero","labels":{"app.kubernetes.io/part-of":"doks-security"},`+
				`"annotations":{"doks-security/stack":"doks-security/dev","doks-security/addon":"velero"}}`)},
			Releases: []Object{object("Secret", `{"namespace":"velero","labels":{"name":"falco"}}`)}}, nil,
			[]string{"its namespaces velero would be deleted with their volumes"}},
		{"a namespace of a part that is off", Cluster{Namespaces: []Object{
			object("Namespace", `{"name":"obs-loki","labels":{"app.kubernetes.io/part-of":"doks-security"}}`)}}, nil, nil},
		{"another stack's namespace, of another name", Cluster{Namespaces: []Object{
			object("Namespace",
				`{"name":"loki","labels":{"app.kubernetes.io/part-of":"doks-security"},`+
					`"annotations":{"doks-security/stack":"doks-security/prod"}}`)}},
			nil, []string{"(1 error)", "where doks-security/prod no longer exists: kubectl delete namespace loki; " +
				"after pulumi stack rename: kubectl annotate --overwrite namespace loki doks-security/stack=doks-security/dev"}},
		{"the stack's releases", Cluster{ClusterWide: []Object{helm("ClusterRole", "falco", "falco", "falco"),
			helm("APIService", api, "metrics-server", "metrics-server"),
			helm("CustomResourceDefinition", "prometheuses.monitoring.coreos.com", "prometheus-operator-crds",
				"monitoring")}}, nil, nil},
		{"a release of others with the same name",
			Cluster{ClusterWide: []Object{helm("ClusterRole", "falco", "falco", "security")}}, nil,
			[]string{"ClusterRole falco belongs to the Helm release security/falco",
				"helm uninstall falco --namespace security"}},
		{"metrics-server of others", Cluster{ClusterWide: []Object{object("APIService", `{"name":"`+api+`"}`)}}, nil,
			[]string{"cluster.provides: not set", api, "'cluster.provides[0]' metrics-server"}},
		{"metrics-server of others, by Helm", Cluster{ClusterWide: []Object{helm("APIService", api, "metrics-server",
			"kube-system")}}, nil,
			[]string{"the Helm release kube-system/metrics-server"}},
		{"metrics-server of others, used", Cluster{ClusterWide: []Object{object("APIService", `{"name":"`+api+`"}`)}},
			[]string{MetricsServer}, nil},
		{"metrics-server that is not there, used", Cluster{}, []string{MetricsServer},
			[]string{`cluster.provides: "metrics-server"`, "it has no APIService"}},
		{"metrics-server of the stack, used", Cluster{
			Namespaces: []Object{object("Namespace",
				`{"name":"metrics-server","labels":{"app.kubernetes.io/part-of":"doks-security"}}`)},
			Releases:    []Object{object("Secret", `{"namespace":"metrics-server","labels":{"name":"metrics-server"}}`)},
			ClusterWide: []Object{helm("APIService", api, "metrics-server", "metrics-server")}},
			[]string{MetricsServer}, []string{"the stack's own release"}},
		{"CRDs of others", Cluster{ClusterWide: []Object{object("CustomResourceDefinition",
			`{"name":"prometheuses.monitoring.coreos.com"}`)}}, []string{"cert-manager"},
			[]string{"'cluster.provides[1]' prometheus-operator-crds", "no CustomResourceDefinition cert-manager.io"}},
		{"metrics-server and CRDs of others", Cluster{ClusterWide: []Object{object("APIService", `{"name":"`+api+`"}`),
			object("CustomResourceDefinition", `{"name":"prometheuses.monitoring.coreos.com"}`)}}, nil,
			[]string{"'cluster.provides[0]' metrics-server", "'cluster.provides[1]' prometheus-operator-crds"}},
		{"cert-manager that is not needed", Cluster{ClusterWide: []Object{object("CustomResourceDefinition",
			`{"name":"issuers.cert-manager.io"}`)}}, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			names := map[string]string{"monitoring": "monitoring", "metrics-server": "metrics-server"}
			all := map[string]string{"monitoring": "monitoring", "metrics-server": "metrics-server", "loki": "obs-loki"}
			owner := Owner{Stack: "doks-security/dev", Former: "doks-security/former", Namespaces: names, Names: all,
				Provides: c.provides}
			for _, r := range []Release{{"falco", "falco"}, {MetricsServer, "metrics-server"}, {OperatorCRDs, "monitoring"}} {
				if len(c.provides) == 0 || c.provides[0] != r.Name {
					owner.Releases = append(owner.Releases, r)
				}
			}
			var errs field.Errors
			Ownership(&c.cluster, owner, &errs)
			expect(t, errs, c.want...)
		})
	}
}
