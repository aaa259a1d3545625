package stack

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/digitalocean/godo"

	"doks-security/account/accounttest"
	"doks-security/stack/field"
	"doks-security/values"
)

func TestNamespacesByRole(t *testing.T) {
	for _, c := range []struct {
		name     string
		settings NamespaceSettings
		prefix   string
		want     map[string]string // what differs from the role with the prefix
	}{
		{"nothing set", NamespaceSettings{}, "", nil},
		{"one name", NamespaceSettings{Names: map[string]string{"loki": "logs"}}, "", map[string]string{"loki": "logs"}},
		{"a name wins over the prefix", NamespaceSettings{Prefix: "obs-",
			Names: map[string]string{"monitoring": "monitoring", "loki": "logs"}},
			"obs-", map[string]string{"monitoring": "monitoring", "loki": "logs"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := values.DefaultNamespaces()
			for role := range want {
				want[role] = c.prefix + role
			}
			maps.Copy(want, c.want)
			if got := c.settings.ByRole(); !maps.Equal(got, want) {
				t.Errorf("names %v, want %v", got, want)
			}
		})
	}
}

// Logical names have the role: other names neither add nor remove a resource.
func TestDeployNamespaces(t *testing.T) {
	raw := map[string]string{"cluster": onePool, "exposure": byGateway(t), "virtualClusters": `{"demo":true}`}
	usual, prefixed := &mocks{}, &mocks{}
	if err := deploy(t, usual, "dev", raw); err != nil {
		t.Fatal(err)
	}
	raw["namespaces"] = `{"prefix":"obs-","names":{"falco":"team-falco"}}`
	if err := deploy(t, prefixed, "dev", raw); err != nil {
		t.Fatal(err)
	}
	keys := slices.Sorted(maps.Keys(prefixed.resources))
	if want := slices.Sorted(maps.Keys(usual.resources)); !slices.Equal(keys, want) {
		t.Errorf("resources\n%s\nwith the default names\n%s", strings.Join(keys, "\n"), strings.Join(want, "\n"))
	}
	for role, want := range map[string]string{"monitoring": "obs-monitoring", "falco": "team-falco",
		"gateway": "obs-gateway", "vcluster": "obs-vcluster"} {
		meta := prefixed.resources["kubernetes:core/v1:Namespace::doks-security-"+role]["metadata"].ObjectValue()
		if got := meta["name"].StringValue(); got != want {
			t.Errorf("the namespace of %s is %s, want %s", role, got, want)
		}
	}
	for release, want := range map[string]string{"falco": "team-falco", "loki": "obs-loki", "demo": "obs-vcluster",
		"oauth2-proxy": "obs-gateway"} {
		if got := prefixed.resources["kubernetes:helm.sh/v3:Release::"+release]["namespace"].StringValue(); got != want {
			t.Errorf("release %s is in %s, want %s", release, got, want)
		}
	}
}

// An addon's namespace is in its chart.yaml: no error proposes a setting of it.
func TestErrorsOfNamespacesOfAddons(t *testing.T) {
	long := strings.Repeat("a", 62)
	for _, c := range []struct {
		name     string
		settings NamespaceSettings
		want     field.Error // none: it is accepted
	}{
		{"other names", NamespaceSettings{addons: []string{"dns"}}, field.Error{}},
		{"a name of an addon's", NamespaceSettings{addons: []string{"dns"}, Names: map[string]string{"loki": "dns"}},
			field.Error{Key: "namespaces.names.loki", Fix: "pulumi config set --path 'namespaces.names.loki' <name>"}},
		{"with a prefix", NamespaceSettings{Prefix: "obs-", addons: []string{"zone"},
			Names: map[string]string{"falco": "obs-zone"}},
			field.Error{Key: "namespaces.names.falco", Fix: "pulumi config set --path 'namespaces.names.falco' <name>"}},
		{"a name that is refused for itself", NamespaceSettings{addons: []string{"dns"},
			Names: map[string]string{"dns": "loki"}}, field.Error{}},
		{"a long one with a prefix", NamespaceSettings{Prefix: "obs-", addons: []string{long}},
			field.Error{Key: "namespaces.prefix", Fix: "shorten it, or the namespace in chart.yaml of the addon"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var errs field.Errors
			validateNamespaces(c.settings, &errs)
			if c.want.Key == "" && len(errs) > 0 || c.want.Key != "" &&
				(len(errs) != 1 || errs[0].Key != c.want.Key || errs[0].Fix != c.want.Fix) {
				t.Errorf("errs = %v, want %+v", errs, c.want)
			}
		})
	}
}

// Prometheus and Alertmanager read the namespaces that exist, but for that of the demo.
func TestWatchedNamespacesExist(t *testing.T) {
	for _, c := range []struct {
		name string
		raw  map[string]string
	}{
		{"all parts", map[string]string{"exposure": byGateway(t)}},
		{"without Falco and logs", map[string]string{"runtimeSecurity": `{"enabled":false}`, "logging": `{"enabled":false}`}},
		{"with the demo", map[string]string{"virtualClusters": `{"demo":true}`}},
		{"with applications", map[string]string{"observability": `{"applications":["shop"]}`}},
		{"next to another operator", map[string]string{
			"cluster": `{"existing":"doks-security-dev","provides":["prometheus-operator-crds"]}`}},
		{"next to another operator, with applications", map[string]string{
			"cluster":       `{"existing":"doks-security-dev","provides":["prometheus-operator-crds"]}`,
			"observability": `{"applications":["shop"]}`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			raw := map[string]string{"cluster": onePool, "namespaces": `{"names":{"loki":"logs"}}`}
			maps.Copy(raw, c.raw)
			server, kubeconfig := serveCluster(map[string]string{
				"/apis/apiextensions.k8s.io/v1/customresourcedefinitions": `{"metadata":{"name":"a.monitoring.coreos.com"}}`,
			})
			defer server.Close()
			m := &mocks{}
			if strings.Contains(raw["cluster"], "existing") {
				m.account = accounttest.Account{Clusters: []*godo.KubernetesCluster{running("doks-security-dev")},
					Kubeconfig: kubeconfig}
			}
			if err := deploy(t, m, "dev", raw); err != nil {
				t.Fatal(err)
			}
			var ours []any
			for key, inputs := range m.resources {
				if !strings.HasPrefix(key, "kubernetes:core/v1:Namespace::") || strings.HasSuffix(key, "-vcluster") {
					continue
				}
				ours = append(ours, inputs["metadata"].ObjectValue()["name"].StringValue())
			}
			all := ours
			if strings.HasSuffix(c.name, "with applications") {
				all = append(slices.Clone(ours), "shop")
			}
			given := m.values("kube-prometheus-stack").Mappable()
			check := func(want []any, keys ...string) {
				t.Helper()
				got, _ := values.At(given, keys...).([]any)
				if selector, ok := values.At(given, keys...).(map[string]any); ok {
					got, _ = selector["matchExpressions"].([]any)[0].(map[string]any)["values"].([]any)
				}
				if !sameElements(got, want) {
					t.Errorf("%s: %q, want %q", keys[len(keys)-1], got, want)
				}
			}
			for _, kind := range []string{"serviceMonitor", "podMonitor", "rule"} {
				check(all, "prometheus", "prometheusSpec", kind+"NamespaceSelector")
			}
			for _, kind := range []string{"probe", "scrapeConfig"} {
				check(ours, "prometheus", "prometheusSpec", kind+"NamespaceSelector")
			}
			check(all, "alertmanager", "alertmanagerSpec", "alertmanagerConfigNamespaceSelector")
			if strings.Contains(raw["cluster"], "provides") {
				check(all, "prometheusOperator", "namespaces", "additional")
				check([]any{"monitoring"}, "prometheusOperator", "prometheusInstanceNamespaces")
			}
		})
	}
}

// sameElements compares lists of strings without their order.
func sameElements(a, b []any) bool {
	sorted := func(list []any) []string {
		var texts []string
		for _, element := range list {
			texts = append(texts, fmt.Sprint(element))
		}
		slices.Sort(texts)
		return texts
	}
	return slices.Equal(sorted(a), sorted(b))
}

func TestPortForwardFollowsNames(t *testing.T) {
	names := NamespaceSettings{Prefix: "obs-"}.ByRole()
	want := "kubectl --kubeconfig a.yaml --namespace obs-monitoring port-forward " +
		"service/kube-prometheus-stack-grafana 3000:80"
	if got := grafana.portForward(names, "a.yaml"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
