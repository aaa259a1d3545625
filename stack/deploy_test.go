package stack

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/digitalocean/godo"

	"doks-security/account/accounttest"
	"doks-security/values"
)

// always is one thing of each release that every stack installs, sorted.
func always(t *testing.T, of func(values.Release) string) []string {
	t.Helper()
	all, err := values.Releases()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range all {
		if r.IsInstalled(nil) {
			names = append(names, of(r))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func TestDeployEnvironments(t *testing.T) {
	base := always(t, func(r values.Release) string { return r.Release })
	for _, c := range []struct {
		stack    string
		releases []string
		has      []string
	}{
		{"dev", base, []string{"digitalocean:index/vpc:Vpc::doks-security",
			"kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy::virtual-clusters.doks-security",
			"digitalocean:index/project:Project::doks-security"}},
		{"staging", append([]string{"demo"}, base...),
			[]string{"digitalocean:index/spacesBucket:SpacesBucket::doks-security-loki",
				"digitalocean:index/spacesKey:SpacesKey::doks-security-loki"}},
		{"prod", base, []string{"digitalocean:index/kubernetesNodePool:KubernetesNodePool::doks-security-workloads",
			"digitalocean:index/spacesKey:SpacesKey::doks-security-loki"}},
	} {
		t.Run(c.stack, func(t *testing.T) {
			m := &mocks{}
			if err := deploy(t, m, c.stack, environment(t, c.stack)); err != nil {
				t.Fatal(err)
			}
			want := slices.Sorted(slices.Values(c.releases))
			if got := m.releases(); !slices.Equal(got, want) {
				t.Errorf("releases %v, want %v", got, want)
			}
			for _, key := range c.has {
				if _, ok := m.resources[key]; !ok {
					t.Errorf("no %s", key)
				}
			}
		})
	}
}

const onePool = `{"pools":[{"name":"a","size":"s-4vcpu-8gb","count":3}]}`

func TestDeployFalcoExporter(t *testing.T) {
	m := &mocks{}
	err := deploy(t, m, "dev", map[string]string{"cluster": onePool, "runtimeSecurity": `{"metrics":"falco-exporter"}`})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(m.releases(), "falco-exporter") {
		t.Errorf("no falco-exporter among %v", m.releases())
	}
	falco := m.resources["kubernetes:helm.sh/v3:Release::falco"]
	pins, err := values.Charts()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := falco["version"].StringValue(), pins["falco-8"].Version; got != want {
		t.Errorf("Falco chart %s: falco-exporter needs the gRPC output of %s", got, want)
	}
	grpc := falco["values"].ObjectValue()["falco"].ObjectValue()["grpc_output"]
	if !grpc.IsObject() || !grpc.ObjectValue()["enabled"].BoolValue() {
		t.Error("the gRPC output is off")
	}
}

// What Falco loads: our rules, then what is approved, then the user's.
func TestDeployRules(t *testing.T) {
	m := &mocks{}
	err := deploy(t, m, "dev", map[string]string{"cluster": onePool, "runtimeSecurity": `{"rules":"testdata/rules/good"}`,
		"virtualClusters": `{"approved":[{"namespace":"team-a"}]}`})
	if err != nil {
		t.Fatal(err)
	}
	loaded := m.values("falco")["customRules"].ObjectValue()
	var names []string
	for name := range loaded {
		names = append(names, string(name))
	}
	slices.Sort(names)
	want := []string{"10-doks-tuning.yaml", "20-virtual-clusters.yaml", "21-nested-control-planes.yaml",
		"22-control-plane-images.yaml", "30-approved-virtual-clusters.yaml", "50-user-shells.yaml"}
	if !slices.Equal(names, want) {
		t.Errorf("files %v, want %v", names, want)
	}
	if approved := loaded["30-approved-virtual-clusters.yaml"].StringValue(); !strings.Contains(approved,
		`k8s.ns.name in ("team-a")`) {
		t.Errorf("team-a is not approved in\n%s", approved)
	}
}

func TestDeployIntoExistingCluster(t *testing.T) {
	m := &mocks{account: accounttest.Account{Clusters: []*godo.KubernetesCluster{running("shared")}}}
	if err := deploy(t, m, "dev", map[string]string{"cluster": `{"existing":"shared"}`}); err != nil {
		t.Fatal(err)
	}
	for key := range m.resources {
		if strings.HasPrefix(key, "digitalocean:") {
			t.Errorf("%s: an existing cluster is looked up, nothing else is created", key)
		}
	}
}

func TestDeployRefusesBeforeAnythingIsCreated(t *testing.T) {
	inRegion := running("doks-security-dev")
	inRegion.RegionSlug = "ams3"
	for _, c := range []struct {
		name    string
		account accounttest.Account
		raw     map[string]string
		message string
	}{
		{"an invalid setting", accounttest.Account{}, map[string]string{"cluster": `{"region":"mars"}`}, "cluster.region"},
		{"a region without Kubernetes", accounttest.Account{},
			map[string]string{"cluster": strings.Replace(onePool, "{", `{"region":"sfo1",`, 1)},
			`cluster.region: "sfo1"`},
		{"an invalid rule", accounttest.Account{},
			map[string]string{"cluster": onePool, "runtimeSecurity": `{"rules":"testdata/rules/bad"}`},
			"testdata/rules/bad/shadow.yaml:7:9"},
		{"an existing cluster that is missing", accounttest.Account{}, map[string]string{"cluster": `{"existing":"shared"}`},
			"cluster.existing: \"shared\""},
		{"a domain of another account", accounttest.Account{},
			map[string]string{"cluster": onePool, "exposure": strings.Replace(byGateway(t), `"example.org"`, `"example.net"`,
				1)}, "exposure.domain: example.net"},
		{"a version that is not offered", accounttest.Account{},
			map[string]string{"cluster": strings.Replace(onePool, "{", `{"version":"1.99",`, 1)}, "cluster.version"},
		{"a size that is not offered", accounttest.Account{},
			map[string]string{"cluster": strings.Replace(onePool, "s-4vcpu-8gb", "s-999vcpu-999gb", 1)},
			`cluster.pools[0].size: "s-999vcpu-999gb"`},
		{"a size that the region does not have", accounttest.Account{
			Sizes: []godo.Size{{Slug: "s-4vcpu-8gb", Regions: []string{"tor1"}}}},
			map[string]string{"cluster": onePool}, "s-4vcpu-8gb is offered in tor1"},
		{"a VPC that is missing", accounttest.Account{},
			map[string]string{"cluster": strings.Replace(onePool, "{", `{"vpc":"5a4981aa-9653-4bd1-bef5-d6bff52042e4",`, 1)},
			"cluster.vpc"},
		{"another region", accounttest.Account{Clusters: []*godo.KubernetesCluster{inRegion}},
			map[string]string{"cluster": onePool}, "cluster.region"},
		{"a token that is refused", accounttest.Account{Status: 401}, map[string]string{"cluster": onePool},
			"digitalocean:token: refused by DigitalOcean (401)"},
		{"a token without the scope", accounttest.Account{Status: 403}, map[string]string{"cluster": onePool},
			"a token with the scope kubernetes:read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &mocks{account: c.account}
			err := deploy(t, m, "dev", c.raw)
			if err == nil || !strings.Contains(err.Error(), c.message) {
				t.Errorf("err = %v, want it to contain %q", err, c.message)
			}
			for key := range m.resources {
				if !strings.HasPrefix(key, "pulumi:pulumi:Stack") {
					t.Errorf("%s was registered", key)
				}
			}
		})
	}
}

// No password reaches a chart's values: they would stand in the state and in the cluster in plain text.
func TestNoSecretInValues(t *testing.T) {
	m := &mocks{}
	if err := deploy(t, m, "staging", environment(t, "staging")); err != nil {
		t.Fatal(err)
	}
	for key, inputs := range m.resources {
		if strings.HasPrefix(key, "kubernetes:helm.sh") &&
			(inputs.ContainsSecrets() || strings.Contains(fmt.Sprint(inputs.Mappable()), "generated-")) {
			t.Errorf("%s holds a secret", key)
		}
	}
}
