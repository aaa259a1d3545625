package stack

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
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
		{"an approved namespace", `{}`, `{"approved":[{"namespace":"team-a"}]}`, "approved-virtual-clusters", `namespace="team-a"`},
		{"a runbook", `{}`, `{}`, "falco", "docs/runbooks/FalcoMissingOnNode.md"},
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

// A receiver's key reaches one place, Alertmanager's Secret, and is one there.
func TestReceiversAreSecret(t *testing.T) {
	for _, key := range []string{"DIGITALOCEAN_TOKEN", "SPACES_ACCESS_KEY_ID", "SPACES_SECRET_ACCESS_KEY"} {
		t.Setenv(key, "set")
	}
	run := func(m *mocks, encrypted []string) error {
		return pulumi.RunErr(Deploy, pulumi.WithMocks(Project, "dev", m), func(info *pulumi.RunInfo) {
			info.Config = map[string]string{
				Project + ":cluster":  onePool,
				Project + ":alerting": `{"receivers":[{"name":"team","webhook":{"url":"https://example.org/hidden-key"}}]}`,
			}
			info.ConfigSecretKeys = encrypted
			info.RootDirectory = t.TempDir()
		})
	}
	err := run(&mocks{resources: map[string]resource.PropertyMap{}}, nil)
	if err == nil || !strings.Contains(err.Error(), "config set --secret") || strings.Contains(err.Error(), "hidden-key") {
		t.Errorf("a key in plain text: %v", err)
	}
	m := &mocks{resources: map[string]resource.PropertyMap{}}
	if err := run(m, []string{Project + ":alerting"}); err != nil {
		t.Fatal(err)
	}
	for key, inputs := range m.resources {
		holds := strings.Contains(fmt.Sprint(inputs.MapRepl(nil, revealed)), "hidden-key")
		if wanted := key == "kubernetes:core/v1:Secret::monitoring-alertmanager-config"; holds != wanted {
			t.Errorf("%s holds the key: %v, want %v", key, holds, wanted)
		} else if wanted && !inputs["stringData"].ContainsSecrets() {
			t.Error("Alertmanager's configuration is no secret in the state")
		}
	}
}

// revealed prints what a secret hides.
func revealed(v resource.PropertyValue) (any, bool) {
	if v.IsSecret() {
		return fmt.Sprint(v.SecretValue().Element.MapRepl(nil, revealed)), true
	}
	return nil, false
}

// What Loki forgets must not lie in the bucket for ever, and what it still serves must not go.
func TestBucketOutlivesTheRetention(t *testing.T) {
	for retention, want := range map[string]float64{"30d": 37, "14d": 21, "36h": 9} {
		m := &mocks{}
		err := deploy(t, m, "prod", map[string]string{"cluster": onePool, "logging": `{"storage":"spaces","retention":"` + retention + `"}`})
		if err != nil {
			t.Fatal(err)
		}
		rule := m.resources["digitalocean:index/spacesBucket:SpacesBucket::prod-loki"]["lifecycleRules"].ArrayValue()[0].ObjectValue()
		if got := rule["expiration"].ObjectValue()["days"].NumberValue(); got != want || !rule["enabled"].BoolValue() {
			t.Errorf("retention %s: objects expire after %v days, want %v", retention, got, want)
		}
	}
}
