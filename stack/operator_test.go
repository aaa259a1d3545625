package stack

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// customResource prefixes the rules among the registered resources.
const customResource = "kubernetes:monitoring.coreos.com/v1:PrometheusRule::monitoring-"

func TestDeployAlerts(t *testing.T) {
	for _, c := range []struct {
		name, runtimeSecurity, virtualClusters string
		file, want                             string
	}{
		{"native metrics", `{}`, `{}`, "events", "falcosecurity_falcosidekick_falco_events_total"},
		{"falco-exporter's metrics", `{"metrics":"falco-exporter"}`, `{}`, "events", "falco_events"},
		{"an approved namespace", `{}`, `{"approved":[{"namespace":"team-a"}]}`, "approved-virtual-clusters",
			`namespace="team-a"`},
		{"falcosidekick's outputs", `{"alertmanagerFrom":"alert"}`, `{}`, "falcosidekick-outputs",
			`1 * sum by (pod) (falcosecurity_falcosidekick_falco_events_total{priority_raw=~"emergency|alert"})`},
		{"a runbook", `{}`, `{}`, "falco", "docs/runbooks/falco.md#falcomissingonnode"},
		{"a dashboard", `{}`, `{}`, "falco", "http://localhost:3000/d/runtime-security"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &mocks{}
			err := deploy(t, m, "dev", map[string]string{
				"cluster": onePool, "runtimeSecurity": c.runtimeSecurity, "virtualClusters": c.virtualClusters,
			})
			if err != nil {
				t.Fatal(err)
			}
			rules, ok := m.resources[customResource+c.file]
			if !ok {
				t.Fatalf("no %s", customResource+c.file)
			}
			if got := fmt.Sprint(rules["spec"].Mappable()); !strings.Contains(got, c.want) {
				t.Errorf("no %q in %s", c.want, got)
			}
		})
	}
}

func TestDeployDashboards(t *testing.T) {
	m := &mocks{}
	if err := deploy(t, m, "dev", map[string]string{"cluster": onePool}); err != nil {
		t.Fatal(err)
	}
	for _, uid := range []string{"runtime-security", "virtual-clusters"} {
		dashboard := m.resources["kubernetes:core/v1:ConfigMap::monitoring-dashboard-"+uid]
		metadata := fmt.Sprint(dashboard["metadata"].Mappable())
		for _, want := range []string{"namespace:monitoring", "grafana_dashboard:1", "grafana_dashboard_folder:Security"} {
			if !strings.Contains(metadata, want) {
				t.Errorf("%s: no %q in %s: Grafana's sidecar would not load it", uid, want, metadata)
			}
		}
		if _, ok := dashboard["data"].Mappable().(map[string]any)[uid+".json"]; !ok {
			t.Errorf("%s has no %s.json", uid, uid)
		}
	}
}

// A key reaches one place, the Secret of who needs it, and is one there.
func TestKeysAreSecret(t *testing.T) {
	for _, c := range []struct{ section, config, secret string }{
		{"alerting", `{"receivers":[{"name":"team","webhook":{"url":"https://example.org/hidden-key"}}]}`,
			"monitoring-alertmanager-config"},
		{"forward", `{"events":{"url":"https://example.org/hidden-key"}}`, "falco-falcosidekick-outputs"},
		{"forward", `{"metrics":{"url":"https://example.org","username":"a","password":"hidden-key"}}`,
			"monitoring-remote-write"},
		{"forward", `{"metrics":{"url":"https://example.org","bearerToken":"hidden-key"}}`, "monitoring-remote-write"},
		{"forward", `{"logs":{"url":"https://example.org","username":"a","password":"hidden-key"}}`,
			"node-agents-alloy-forward"},
		{"forward", `{"logs":{"url":"https://example.org","bearerToken":"hidden-key"}}`, "node-agents-alloy-forward"},
		{"runtimeSecurity", `{"outputs":{"splunk":{"host":"https://example.org","token":"hidden-key"}}}`,
			"falco-falcosidekick-outputs"},
		{"runtimeSecurity", `{"outputs":{"loki":{"hostport":"https://example.org","customheaders":{"X-A":"hidden-key"}}}}`,
			"falco-falcosidekick-outputs"},
		{"exposure", strings.Replace(byGateway(t), `"dnsToken":"token"`, `"dnsToken":"hidden-key"`, 1),
			"gateway-digitalocean-dns"},
		{"exposure", strings.Replace(byGateway(t), `"clientSecret":"a"`, `"clientSecret":"hidden-key"`, 1),
			"monitoring-grafana-oidc"},
		{"exposure", strings.Replace(byGateway(t), `"clientSecret":"b"`, `"clientSecret":"hidden-key"`, 1),
			"gateway-oauth2-proxy"},
	} {
		t.Run(c.secret, func(t *testing.T) {
			run := func(m *mocks) error {
				return deploy(t, m, "dev", map[string]string{"cluster": onePool, c.section: c.config})
			}
			err := run(&mocks{encrypted: []string{}})
			if err == nil || !strings.Contains(err.Error(), "config set --secret") ||
				strings.Contains(err.Error(), "hidden-key") {
				t.Errorf("a key in plain text: %v", err)
			}
			m := &mocks{encrypted: []string{Project + ":" + c.section}}
			if err := run(m); err != nil {
				t.Fatal(err)
			}
			for key, inputs := range m.resources {
				holds := strings.Contains(fmt.Sprint(inputs.MapRepl(nil, revealed)), "hidden-key")
				if wanted := key == "kubernetes:core/v1:Secret::"+c.secret; holds != wanted {
					t.Errorf("%s holds the key: %v, want %v", key, holds, wanted)
				} else if wanted && !inputs["stringData"].ContainsSecrets() {
					t.Errorf("%s is no secret in the state", key)
				}
			}
		})
	}
}

func TestDeployForward(t *testing.T) {
	m := &mocks{}
	settings, err := Parse("dev", map[string]string{"cluster": onePool,
		"forward": `{"metrics":{"url":"https://example.org"},"events":{"url":"https://example.org/siem"}}`})
	if err != nil {
		t.Fatal(err)
	}
	if got := settings.Forward.events().MinimumPriority; got != "notice" {
		t.Errorf("events from %q, want notice", got)
	}
	if err := deploy(t, m, "dev", map[string]string{"cluster": onePool,
		"forward": `{"metrics":{"url":"https://example.org/write"}}`}); err != nil {
		t.Fatal(err)
	}
	spec := m.values("kube-prometheus-stack")["prometheus"].ObjectValue()["prometheusSpec"].ObjectValue()
	if got := fmt.Sprint(spec["remoteWrite"].Mappable()); got != "[map[url:https://example.org/write]]" {
		t.Errorf("remoteWrite is %s", got)
	}
}

// What leaves the cluster says where it is from: metrics and alerts, logs, Falco's events.
func TestEverythingNamesItsCluster(t *testing.T) {
	m := &mocks{}
	if err := deploy(t, m, "dev",
		map[string]string{"cluster": `{"name":"here","pools":[{"name":"a","size":"s-4vcpu-8gb","count":3}]}`}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ release, path, want string }{
		{"kube-prometheus-stack", "prometheus.prometheusSpec.externalLabels", "map[cluster:here]"},
		{"alloy", "alloy.extraEnv", "map[name:CLUSTER_NAME value:here]"},
		{"falco", "falcosidekick.config.customfields", "cluster:here"},
	} {
		found := m.resources["kubernetes:helm.sh/v3:Release::"+c.release]["values"]
		for _, key := range strings.Split(c.path, ".") {
			found = found.ObjectValue()[resource.PropertyKey(key)]
		}
		if got := fmt.Sprint(found.Mappable()); !strings.Contains(got, c.want) {
			t.Errorf("%s: %s is %s, want %s", c.release, c.path, got, c.want)
		}
	}
}

// falcosidekick sends an output without a minimum priority every event. Its UI has no such key, and shows all.
func TestEveryOutputHasAMinimumPriority(t *testing.T) {
	m := &mocks{}
	if err := deploy(t, m, "dev", map[string]string{"cluster": onePool}); err != nil {
		t.Fatal(err)
	}
	config := m.values("falco")["falcosidekick"].ObjectValue()["config"].ObjectValue()
	outputs := 0
	for name, output := range config {
		if !output.IsObject() || !output.ObjectValue()["hostport"].IsString() {
			continue
		}
		outputs++
		if priority := output.ObjectValue()["minimumpriority"]; !priority.IsString() || priority.StringValue() == "" {
			t.Errorf("%s is sent every event", name)
		}
	}
	if outputs != 1 {
		t.Errorf("%d outputs, want Alertmanager", outputs)
	}
}

// revealed prints what a secret hides.
func revealed(v resource.PropertyValue) (any, bool) {
	if v.IsSecret() {
		return fmt.Sprint(v.SecretValue().Element.MapRepl(nil, revealed)), true
	}
	return nil, false
}

// A change of the bucket's name is ignored: Loki and its key keep to the bucket there is.
func TestLokiUsesTheExistingBucket(t *testing.T) {
	m := &mocks{bucket: "former"}
	logging := `{"storage":"spaces","spaces":{"region":"fra1","bucket":"renamed"}}`
	if err := deploy(t, m, "dev", map[string]string{"cluster": onePool, "logging": logging}); err != nil {
		t.Fatal(err)
	}
	values := m.values("loki").Mappable()
	storage := values["loki"].(map[string]any)["storage"].(map[string]any)
	if got := fmt.Sprint(storage["bucketNames"]); got != "map[chunks:former ruler:former]" {
		t.Errorf("buckets %s, want former", got)
	}
	annotations := values["singleBinary"].(map[string]any)["annotations"].(map[string]any)
	if got := annotations["doks-security/logs"]; got != "spaces:fra1/former" {
		t.Errorf("the logs are marked as in %v, want former", got)
	}
}

// What Loki forgets must not stay in the bucket forever, and what it still serves must not go.
func TestBucketOutlivesTheRetention(t *testing.T) {
	for retention, want := range map[string]float64{"30d": 37, "14d": 21, "36h": 9} {
		m := &mocks{}
		err := deploy(t, m, "prod", map[string]string{"cluster": onePool, "logging": `{"storage":"spaces","retention":"` +
			retention + `"}`})
		if err != nil {
			t.Fatal(err)
		}
		rules := m.bucketRules()
		if len(rules) == 0 {
			t.Error("no rules")
		}
		for _, rule := range rules {
			if got := rule["expiration"].ObjectValue()["days"].NumberValue(); got != want || !rule["enabled"].BoolValue() {
				t.Errorf("retention %s: objects expire after %v days, want %v", retention, got, want)
			}
		}
	}
}

// bucketRules are the rules by which objects of Loki's bucket expire.
func (m *mocks) bucketRules() []resource.PropertyMap {
	var rules []resource.PropertyMap
	bucket := m.resources["digitalocean:index/spacesBucket:SpacesBucket::doks-security-loki"]
	for _, rule := range bucket["lifecycleRules"].ArrayValue() {
		rules = append(rules, rule.ObjectValue())
	}
	return rules
}

// Only what Loki writes expires: the keys of its chunks begin with the tenant, those of its index as the schema says.
// Of others in the bucket nothing does.
func TestOnlyLokisObjectsExpire(t *testing.T) {
	for _, spaces := range []string{"{}", `{"from":"2027-01-01"}`} {
		m := &mocks{}
		err := deploy(t, m, "dev", map[string]string{"cluster": onePool, "logging": `{"storage":"spaces","spaces":` +
			spaces + `}`})
		if err != nil {
			t.Fatal(err)
		}
		loki := m.values("loki")["loki"].ObjectValue()
		if loki["auth_enabled"].BoolValue() {
			t.Error("with auth_enabled tenants have names of their own")
		}
		want := []string{"fake/"}
		for _, period := range loki["schemaConfig"].ObjectValue()["configs"].ArrayValue() {
			index := period.ObjectValue()["index"].ObjectValue()
			want = append(want, "index/"+index["prefix"].StringValue())
		}
		var got []string
		for _, rule := range m.bucketRules() {
			got = append(got, rule["prefix"].StringValue())
			if rule["abortIncompleteMultipartUploadDays"].NumberValue() != 1 {
				t.Errorf("uploads below %s are not aborted", rule["prefix"].StringValue())
			}
		}
		if want = slices.Compact(want); !slices.Equal(got, want) {
			t.Errorf("objects below %q expire, want %q", got, want)
		}
	}
}
