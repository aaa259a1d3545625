package stack

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/digitalocean/godo"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/account/accounttest"
	"doks-security/charts/chartstest"
	"doks-security/values"
)

// mocks stands in for the engine: it records what the program registers. The account is served over HTTP.
type mocks struct {
	mu        sync.Mutex
	resources map[string]resource.PropertyMap // by type and name
	providers map[string]string               // of each resource, as <URN>::<id>; empty: the package's default
	protected []string                        // by type and name
	account   accounttest.Account
	bucket    string // the name of the bucket that exists; empty: as the settings have it
	// previous and previousStack are the ids of the cluster and of the stack in the stack's last outputs.
	previous, previousStack string
	previousLogs            string  // where Loki stored logs, in those outputs
	previousNodes           float64 // what the nodes cost in those outputs
	previousErr             error   // of reading those outputs
	preview                 bool
	unknown                 []string // types of resources that the preview plans to create; with preview only

	encrypted []string // keys that hold encrypted values, as pulumi config set --secret leaves them; nil: the exposure
	exports   map[string]pulumi.Input
	root      string // the project directory
}

func (m *mocks) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.resources == nil {
		m.resources, m.providers = map[string]resource.PropertyMap{}, map[string]string{}
	}
	m.resources[args.TypeToken+"::"+args.Name] = args.Inputs
	m.providers[args.TypeToken+"::"+args.Name] = args.Provider
	if args.RegisterRPC.GetProtect() {
		m.protected = append(m.protected, args.TypeToken+"::"+args.Name)
	}
	out, id := args.Inputs.Copy(), args.Name+"-id"
	switch args.TypeToken {
	case recordType:
		id = map[string]string{"doks-security-grafana": "2", "doks-security-falcosidekick-ui": "3"}[args.Name]
	case "random:index/randomPassword:RandomPassword":
		out["result"] = resource.MakeSecret(resource.NewProperty("generated-" + args.Name))
	case "digitalocean:index/spacesBucket:SpacesBucket":
		if m.bucket != "" {
			out["name"] = resource.NewProperty(m.bucket)
		}
	case "digitalocean:index/spacesKey:SpacesKey":
		out["accessKey"], out["secretKey"] = resource.NewProperty("key"), resource.NewProperty("secret")
	case "digitalocean:index/kubernetesCluster:KubernetesCluster":
		out["clusterUrn"] = resource.NewProperty("do:kubernetes:" + args.Name)
	case "kubernetes:gateway.networking.k8s.io/v1:Gateway":
		out["status"] = resource.NewPropertyValue(map[string]any{"addresses": []any{map[string]any{"type": "IPAddress", "value": "203.0.113.10"}}})
	}
	if slices.Contains(m.unknown, args.TypeToken) {
		return "", out, nil
	}
	return id, out, nil
}

// running is a cluster as the account lists it.
func running(name string) *godo.KubernetesCluster {
	return &godo.KubernetesCluster{ID: name + "-id", Name: name, VersionSlug: "1.34.1-do.0",
		Status: &godo.KubernetesClusterStatus{State: godo.KubernetesClusterStatusRunning}}
}

func (m *mocks) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	if args.Token != "pulumi:pulumi:readStackOutputs" {
		return nil, errors.New("no such function: " + args.Token)
	}
	if m.previousErr != nil {
		return nil, m.previousErr
	}
	outputs := map[string]any{}
	if m.previous != "" {
		outputs["clusterId"], outputs["stackId"] = m.previous, m.previousStack
		outputs["logs"] = m.previousLogs
		outputs["monthlyCostUSD"] = map[string]any{"nodes": m.previousNodes}
	}
	return resource.NewPropertyMapFromMap(map[string]any{"outputs": outputs}), nil
}

// deploy runs the program of one stack file under mocks, in an empty project directory.
func deploy(t *testing.T, m *mocks, stack string, raw map[string]string) error {
	t.Helper()
	m.resources, m.providers, m.protected = nil, nil, nil
	if m.encrypted == nil {
		m.encrypted = []string{Project + ":exposure"}
	}
	m.account.Versions = []string{"1.35.0-do.2", "1.34.2-do.10", "1.34.2-do.9", "1.33.7-do.1"}
	m.account.Domains = []string{"example.org"}
	m.account.Sizes = []string{"s-2vcpu-4gb", "s-4vcpu-8gb", "s-8vcpu-16gb"}
	if m.account.Kubeconfig == "" {
		m.account.Kubeconfig = emptyCluster()
	}
	api := m.account.Serve()
	defer api.Close()
	for _, key := range []string{"DIGITALOCEAN_TOKEN", "SPACES_ACCESS_KEY_ID", "SPACES_SECRET_ACCESS_KEY"} {
		t.Setenv(key, "set")
	}
	t.Setenv("DIGITALOCEAN_API_URL", api.URL)
	t.Setenv("SPACES_ENDPOINT_URL", api.URL+"/spaces")
	config := map[string]string{Project + ":charts": `{"unverified":true}`}
	for key, value := range raw {
		config[Project+":"+key] = value
	}
	m.root = t.TempDir()
	if err := chartstest.Fill(m.root); err != nil {
		t.Fatal(err)
	}
	return pulumi.RunErr(func(ctx *pulumi.Context) error {
		err := Deploy(ctx)
		m.exports = ctx.GetCurrentExportMap()
		return err
	}, pulumi.WithMocks(Project, stack, m), func(info *pulumi.RunInfo) {
		info.Config = config
		info.ConfigSecretKeys = m.encrypted
		info.RootDirectory = m.root
		info.DryRun = m.preview
	})
}

// releases are the names of the Helm releases the program registered.
func (m *mocks) releases() []string {
	var names []string
	for key := range m.resources {
		if name, ok := strings.CutPrefix(key, "kubernetes:helm.sh/v3:Release::"); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// always is one thing of each release that every stack installs, sorted.
func always(t *testing.T, of func(values.Release) string) []string {
	t.Helper()
	all, err := values.Releases()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range all {
		if r.With == "" {
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
		{"dev", base, []string{"digitalocean:index/vpc:Vpc::doks-security", "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy::virtual-clusters.doks-security", "digitalocean:index/project:Project::doks-security"}},
		{"staging", append([]string{"demo"}, base...), []string{"digitalocean:index/spacesBucket:SpacesBucket::doks-security-loki", "digitalocean:index/spacesKey:SpacesKey::doks-security-loki"}},
		{"prod", base, []string{"digitalocean:index/kubernetesNodePool:KubernetesNodePool::doks-security-workloads", "digitalocean:index/spacesKey:SpacesKey::doks-security-loki"}},
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
	loaded := m.resources["kubernetes:helm.sh/v3:Release::falco"]["values"].ObjectValue()["customRules"].ObjectValue()
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
	if approved := loaded["30-approved-virtual-clusters.yaml"].StringValue(); !strings.Contains(approved, `k8s.ns.name in ("team-a")`) {
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
			t.Errorf("%s: an existing cluster is looked up, nothing is created beside it", key)
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
		{"an invalid setting", accounttest.Account{}, map[string]string{"cluster": `{"region":"mars1"}`}, "cluster.region"},
		{"an invalid rule", accounttest.Account{}, map[string]string{"cluster": onePool, "runtimeSecurity": `{"rules":"testdata/rules/bad"}`},
			"testdata/rules/bad/shadow.yaml:7:9"},
		{"an existing cluster that is missing", accounttest.Account{}, map[string]string{"cluster": `{"existing":"shared"}`}, "cluster.existing: \"shared\""},
		{"a domain of another account", accounttest.Account{},
			map[string]string{"cluster": onePool, "exposure": strings.Replace(byGateway(t), `"example.org"`, `"example.net"`, 1)}, "exposure.domain: example.net"},
		{"a version that is not offered", accounttest.Account{}, map[string]string{"cluster": strings.Replace(onePool, "{", `{"version":"1.99",`, 1)}, "cluster.version"},
		{"a size that is not offered", accounttest.Account{}, map[string]string{"cluster": strings.Replace(onePool, "s-4vcpu-8gb", "s-999vcpu-999gb", 1)},
			`cluster.pools[0].size: "s-999vcpu-999gb"`},
		{"another region", accounttest.Account{Clusters: []*godo.KubernetesCluster{inRegion}}, map[string]string{"cluster": onePool}, "cluster.region"},
		{"a token that is refused", accounttest.Account{Status: 401}, map[string]string{"cluster": onePool}, "digitalocean:token: refused by DigitalOcean (401)"},
		{"a token without the scope", accounttest.Account{Status: 403}, map[string]string{"cluster": onePool}, "a token with the scope kubernetes:read"},
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
		if strings.HasPrefix(key, "kubernetes:helm.sh") && (inputs.ContainsSecrets() || strings.Contains(fmt.Sprint(inputs.Mappable()), "generated-")) {
			t.Errorf("%s holds a secret", key)
		}
	}
}
