package stack

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/digitalocean/godo"

	"doks-security/account/accounttest"
)

// partOff is a stack file that turns a part off, and what must not be left of it.
type partOff struct {
	name, raw string   // raw: section and its JSON, lines of "section {...}"
	releases  []string // that are gone
	namespace string   // that is gone
	words     []string // in the type, name or inputs of no resource
}

func partsOffCases(t *testing.T) []partOff {
	t.Helper()
	without := func(site string) string {
		var exposure map[string]any
		if err := json.Unmarshal([]byte(byGateway(t)), &exposure); err != nil {
			t.Fatal(err)
		}
		delete(exposure["clients"].(map[string]any), site)
		text, err := json.Marshal(exposure)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	return []partOff{
		{"logging", `logging {"enabled":false}`, []string{"alloy", "loki"}, "loki",
			[]string{"::loki-", "node-agents-alloy", "LogShippingFailing", "http://loki.loki.svc"}},
		{"Falco", `runtimeSecurity {"enabled":false}`, []string{"falco"}, "falco",
			[]string{"::falco-", "FalcoBlind", "monitoring-dashboard-", "falcosidekick:deliveries", "/d/runtime-security"}},
		{"the UI", `runtimeSecurity {"ui":false}`, nil, "",
			[]string{"falco-falcosidekick-ui", "FalcosidekickUIDown", "destination:webui", "LoginProxyDown"}},
		{"Grafana", `observability {"grafana":false}`, nil, "",
			[]string{"monitoring-grafana", "monitoring-dashboard-", "dashboard_url"}},
		{"the UI, exposed", "runtimeSecurity {\"ui\":false}\nexposure " + without("falcosidekickUi"),
			[]string{"oauth2-proxy"}, "", []string{"gateway-falcosidekick-ui", "gateway-oauth2-proxy", "LoginProxyDown",
				"falco.example.org"}},
		{"Grafana, exposed", "observability {\"grafana\":false}\nexposure " + without("grafana"), nil, "",
			[]string{"gateway-grafana", "grafana-oidc", "grafana.example.org"}},
		{"all of them", "logging {\"enabled\":false}\nruntimeSecurity {\"enabled\":false}\nobservability {\"grafana\":false}",
			[]string{"alloy", "falco", "loki"}, "falco", []string{"Secret::monitoring-grafana-admin",
				"PrometheusRule::monitoring-falco"}},
	}
}

func sectionsOf(t *testing.T, raw string) map[string]string {
	t.Helper()
	config := map[string]string{"cluster": onePool}
	for _, line := range strings.Split(raw, "\n") {
		section, object, _ := strings.Cut(line, " ")
		config[section] = object
	}
	return config
}

// A part that is off leaves nothing: no release, namespace, policy, alert, dashboard or Secret that is about it.
func TestDeployWithoutAPart(t *testing.T) {
	for _, c := range partsOffCases(t) {
		t.Run(c.name, func(t *testing.T) {
			config := sectionsOf(t, c.raw)
			whole := &mocks{}
			if err := deploy(t, whole, "dev", map[string]string{"cluster": onePool, "exposure": byGateway(t)}); err != nil {
				t.Fatal(err)
			}
			m := &mocks{}
			if err := deploy(t, m, "dev", config); err != nil {
				t.Fatal(err)
			}
			for _, release := range c.releases {
				if slices.Contains(m.releases(), release) {
					t.Errorf("the release %s is installed", release)
				}
			}
			if _, found := m.resources["kubernetes:core/v1:Namespace::doks-security-"+c.namespace]; found {
				t.Errorf("the namespace %s is created", c.namespace)
			}
			for _, role := range []string{"monitoring", "node-agents"} {
				if _, found := m.resources["kubernetes:core/v1:Namespace::doks-security-"+role]; !found {
					t.Errorf("the namespace %s is missing", role)
				}
			}
			for _, word := range c.words {
				if mentioned(m, word) != "" {
					t.Errorf("%q is still in %s", word, mentioned(m, word))
				}
				if mentioned(whole, word) == "" {
					t.Errorf("%q is nowhere with all parts: the test looks for nothing", word)
				}
			}
		})
	}
}

// mentioned is the first resource that has a word in its type, name or inputs.
func mentioned(m *mocks, word string) string {
	for _, key := range slices.Sorted(maps.Keys(m.resources)) {
		if strings.Contains(key+fmt.Sprint(m.resources[key].MapRepl(nil, revealed)), word) {
			return key
		}
	}
	return ""
}

func TestExportsWithoutAPart(t *testing.T) {
	for raw, absent := range map[string][]string{
		`observability {"grafana":false}`:   {"grafanaUrl", "grafanaPortForward", "grafanaLogin", "grafanaPassword"},
		`runtimeSecurity {"ui":false}`:      {"falcosidekickUiUrl", "falcosidekickUiPassword"},
		`runtimeSecurity {"enabled":false}`: {"falcosidekickUiUrl", "falcosidekickUiLogin"},
		`logging {"enabled":false}`:         {"logs"},
	} {
		t.Run(raw, func(t *testing.T) {
			m := &mocks{}
			if err := deploy(t, m, "dev", sectionsOf(t, raw)); err != nil {
				t.Fatal(err)
			}
			for _, name := range absent {
				if _, found := m.exports[name]; found {
					t.Errorf("the export %s is there", name)
				}
			}
			if len(m.exports) < 10 {
				t.Errorf("%d exports", len(m.exports))
			}
		})
	}
}

// What a part requests and stores is no longer counted.
func TestCapacityAndCostWithoutAPart(t *testing.T) {
	measure := func(raw string) (int, float64) {
		config := sectionsOf(t, raw)
		s, err := Parse("dev", config)
		if err != nil {
			t.Fatal(err)
		}
		perNode, shared := Demand(s)
		cost, err := MonthlyCost(s, map[string]float64{"s-4vcpu-8gb": 48})
		if err != nil {
			t.Fatal(err)
		}
		return perNode.MiB*3 + shared.MiB, cost.Volumes
	}
	memory, volumes := measure("profile dev")
	for raw, free := range map[string]bool{ // whether volumes go too
		`logging {"enabled":false}`: true, `observability {"grafana":false}`: true,
		`runtimeSecurity {"enabled":false}`: true, `runtimeSecurity {"ui":false}`: true,
	} {
		m, v := measure(raw)
		if m >= memory || free && v >= volumes {
			t.Errorf("%s: %d MiB and %.2f USD, with the part %d MiB and %.2f USD", raw, m, v, memory, volumes)
		}
	}
}

// Turning a part off deletes no data implicitly; a warning names what stays.
func TestTurningOffKeepsData(t *testing.T) {
	const claims, namespaces, sets = "/api/v1/persistentvolumeclaims", "/api/v1/namespaces", "/apis/apps/v1/statefulsets"
	own := func(name string) string {
		return fmt.Sprintf(`{"metadata":{"name":%q,"labels":{"app.kubernetes.io/part-of":"doks-security"},`+
			`"annotations":{"doks-security/stack":"doks-security/dev"}}}`, name)
	}
	object := func(namespace, name string) string {
		return fmt.Sprintf(`{"metadata":{"namespace":%q,"name":%q},"spec":{"resources":{"requests":{"storage":"1Gi"}}}}`,
			namespace, name)
	}
	const redis = "falco-falcosidekick-ui-redis-data-falco-falcosidekick-ui-redis-0"
	for _, c := range []struct {
		name, raw string
		lists     map[string]string
		want      []string // none: it is deployed
	}{
		{"logging, with a volume", `logging {"enabled":false}`, map[string]string{namespaces: own("loki"),
			claims: object("loki", "storage-loki-0"), sets: object("loki", "loki")}, []string{
			"logging.enabled: false", "the volume of loki/storage-loki-0 would be deleted",
			"kubectl --namespace loki delete statefulset loki && kubectl --namespace loki delete pvc storage-loki-0"}},
		{"logging, with a bucket", `logging {"enabled":false}`, map[string]string{namespaces: own("loki"),
			sets: `{"metadata":{"namespace":"loki","name":"loki","annotations":{"doks-security/logs":"spaces:fra1/logs"}}}`},
			[]string{"the bucket with the logs would be deleted", "which deletes the bucket unless it is protected"}},
		{"logging, with a volume of others in its namespace", `logging {"enabled":false}`,
			map[string]string{namespaces: own("loki"), claims: object("loki", "backup")},
			[]string{"the volume of loki/backup would be deleted"}},
		{"logging, after its data was deleted", `logging {"enabled":false}`, map[string]string{namespaces: own("loki")}, nil},
		{"Grafana", `observability {"grafana":false}`, map[string]string{namespaces: own("monitoring"),
			claims: object("monitoring", "kube-prometheus-stack-grafana")}, []string{
			"observability.grafana: false", "kubectl --namespace monitoring delete deployment kube-prometheus-stack-grafana"}},
		{"Falco", `runtimeSecurity {"enabled":false}`, map[string]string{namespaces: own("falco"),
			claims: object("falco", redis)}, []string{"runtimeSecurity.enabled: false", "falco/" + redis}},
		{"an addon, with a volume", `addons {}`, map[string]string{claims: object("velero", "data"),
			namespaces: strings.Replace(own("velero"), `"annotations":{`, `"annotations":{"doks-security/addon":"velero",`, 1)},
			[]string{"addons.enabled: without the addon of the namespace velero",
				"the volume of velero/data would be deleted", "kubectl --namespace velero delete pvc data"}},
		{"the UI, whose volume stays", `runtimeSecurity {"ui":false}`, map[string]string{namespaces: own("falco"),
			claims: object("falco", redis)}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			server, kubeconfig := serveCluster(c.lists)
			defer server.Close()
			m := &mocks{account: accounttest.Account{Clusters: []*godo.KubernetesCluster{running("doks-security-dev")},
				Kubeconfig: kubeconfig}}
			err := deploy(t, m, "dev", sectionsOf(t, c.raw))
			if (err == nil) != (len(c.want) == 0) {
				t.Fatalf("err = %v, want %q", err, c.want)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("err = %v, want it to contain %q", err, want)
				}
			}
		})
	}
}

// The bucket of a cluster that is gone is kept as well.
func TestLoggingOffKeepsTheBucketOfAClusterThatIsGone(t *testing.T) {
	m := &mocks{previous: "gone-id", previousStack: "doks-security/dev", previousLogs: "spaces:fra1/logs"}
	err := deploy(t, m, "dev", sectionsOf(t, `logging {"enabled":false}`))
	if err == nil || !strings.Contains(err.Error(), "logging.enabled: false") ||
		!strings.Contains(err.Error(), "in the bucket logs, which would be deleted with them") {
		t.Errorf("err = %v", err)
	}
}
