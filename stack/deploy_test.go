package stack

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// mocks stands in for the engine: it records what the program registers.
type mocks struct {
	mu        sync.Mutex
	resources map[string]resource.PropertyMap // by type and name
	live      resource.PropertyMap            // the cluster, if it exists
	noPrices  bool                            // fails the lookup of what nodes cost
}

func (m *mocks) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.resources[args.TypeToken+"::"+args.Name] = args.Inputs
	out := args.Inputs.Copy()
	switch args.TypeToken {
	case "random:index/randomPassword:RandomPassword":
		out["result"] = resource.MakeSecret(resource.NewProperty("generated-" + args.Name))
	case "digitalocean:index/spacesKey:SpacesKey":
		out["accessKey"], out["secretKey"] = resource.NewProperty("key"), resource.NewProperty("secret")
	case "digitalocean:index/kubernetesCluster:KubernetesCluster":
		out["clusterUrn"] = resource.NewProperty("do:kubernetes:" + args.Name)
		m.live = cluster(args.Inputs["name"].StringValue(), args.Name+"-id")
		m.live["version"] = args.Inputs["version"]
	case "kubernetes:gateway.networking.k8s.io/v1:Gateway":
		out["status"] = resource.NewPropertyValue(map[string]any{"addresses": []any{map[string]any{"type": "IPAddress", "value": "203.0.113.10"}}})
	}
	return args.Name + "-id", out, nil
}

func cluster(name, id string) resource.PropertyMap {
	return resource.NewPropertyMapFromMap(map[string]any{
		"id": id, "name": name, "version": "1.34.1-do.0", "endpoint": "https://cluster.example.org", "kubeConfigs": []any{
			map[string]any{"rawConfig": emptyCluster(), "clusterCaCertificate": "Y2E=", "token": "short-lived"},
		},
	})
}

func (m *mocks) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch args.Token {
	case "digitalocean:index/getKubernetesCluster:getKubernetesCluster":
		if m.live == nil || m.live["name"].StringValue() != args.Args["name"].StringValue() {
			return nil, errors.New("unable to find cluster with name: " + args.Args["name"].StringValue())
		}
		return m.live, nil
	case "digitalocean:index/getDomain:getDomain":
		if name := args.Args["name"].StringValue(); name != "example.org" {
			return nil, errors.New("domain not found: " + name)
		}
		return args.Args, nil
	case "digitalocean:index/getKubernetesVersions:getKubernetesVersions":
		return resource.NewPropertyMapFromMap(map[string]any{
			"latestVersion": "1.35.0-do.2", "validVersions": []any{"1.35.0-do.2", "1.34.2-do.10", "1.34.2-do.9", "1.33.7-do.1"},
		}), nil
	case "digitalocean:index/getSizes:getSizes":
		if m.noPrices {
			return nil, errors.New("503 Service Unavailable")
		}
		return resource.NewPropertyMapFromMap(map[string]any{"id": "sizes", "sizes": []any{
			map[string]any{"slug": "s-2vcpu-4gb", "priceMonthly": 24.0}, map[string]any{"slug": "s-4vcpu-8gb", "priceMonthly": 48.0},
		}}), nil
	}
	return nil, errors.New("no such function: " + args.Token)
}

// deploy runs the program of one stack file under mocks, in an empty project directory.
func deploy(t *testing.T, m *mocks, stack string, raw map[string]string) error {
	t.Helper()
	if m.resources == nil {
		m.resources = map[string]resource.PropertyMap{}
	}
	for _, key := range []string{"DIGITALOCEAN_TOKEN", "SPACES_ACCESS_KEY_ID", "SPACES_SECRET_ACCESS_KEY"} {
		t.Setenv(key, "set")
	}
	config := map[string]string{}
	for key, value := range raw {
		config[Project+":"+key] = value
	}
	root := t.TempDir()
	return pulumi.RunErr(Deploy, pulumi.WithMocks(Project, stack, m), func(info *pulumi.RunInfo) {
		info.Config = config
		info.ConfigSecretKeys = []string{Project + ":exposure"} // as pulumi config set --secret leaves it
		info.RootDirectory = root
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

func TestDeployEveryStackFile(t *testing.T) {
	base := []string{"alloy", "falco", "kube-prometheus-stack", "loki", "metrics-server", "prometheus-operator-crds"}
	for _, c := range []struct {
		stack    string
		releases []string
		has      []string
	}{
		{"dev", base, []string{"digitalocean:index/vpc:Vpc::dev", "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy::virtual-clusters.doks-security", "digitalocean:index/project:Project::dev"}},
		{"staging", append([]string{"demo"}, base...), []string{"digitalocean:index/spacesBucket:SpacesBucket::staging-loki", "digitalocean:index/spacesKey:SpacesKey::staging-loki"}},
		{"prod", base, []string{"digitalocean:index/kubernetesNodePool:KubernetesNodePool::prod-workloads", "digitalocean:index/spacesKey:SpacesKey::prod-loki"}},
	} {
		t.Run(c.stack, func(t *testing.T) {
			m := &mocks{}
			if err := deploy(t, m, c.stack, rawConfig(t, filepath.Join("..", "Pulumi."+c.stack+".yaml"))); err != nil {
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
	if got := falco["version"].StringValue(); got != "8.0.5" {
		t.Errorf("Falco chart %s: falco-exporter needs the gRPC output of 8.0.5", got)
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
	want := []string{"10-doks-tuning.yaml", "20-virtual-clusters.yaml", "30-approved-virtual-clusters.yaml", "50-user-shells.yaml"}
	if !slices.Equal(names, want) {
		t.Errorf("files %v, want %v", names, want)
	}
	if approved := loaded["30-approved-virtual-clusters.yaml"].StringValue(); !strings.Contains(approved, `k8s.ns.name in ("team-a")`) {
		t.Errorf("team-a is not approved in\n%s", approved)
	}
}

func TestDeployIntoExistingCluster(t *testing.T) {
	m := &mocks{live: cluster("shared", "shared-id")}
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
	for _, c := range []struct {
		name    string
		live    resource.PropertyMap
		raw     map[string]string
		message string
	}{
		{"a faulty setting", nil, map[string]string{"cluster": `{"region":"mars1"}`}, "cluster.region"},
		{"a faulty rule", nil, map[string]string{"cluster": onePool, "runtimeSecurity": `{"rules":"testdata/rules/bad"}`}, "testdata/rules/bad/shadow.yaml:7:9"},
		{"an existing cluster that is not there", nil, map[string]string{"cluster": `{"existing":"shared"}`}, `no cluster "shared"`},
		{"a domain of somebody else", nil, map[string]string{"cluster": onePool, "exposure": strings.Replace(byGateway(t), `"example.org"`, `"example.net"`, 1)},
			`no domain "example.net"`},
		{"a version nobody offers", nil, map[string]string{"cluster": strings.Replace(onePool, "{", `{"version":"1.99",`, 1)}, "cluster.version"},
		{"a downgrade", with(cluster("doks-security-dev", "id"), "version", "1.35.0-do.2"), map[string]string{"cluster": onePool}, "would be a downgrade"},
		{"another region", with(cluster("doks-security-dev", "id"), "region", "ams3"), map[string]string{"cluster": onePool}, "cluster.region"},
		{"another subnet", with(cluster("doks-security-dev", "id"), "clusterSubnet", "10.1.0.0/16"), map[string]string{"cluster": onePool}, "cluster.network.pods"},
		{"another size of the first pool", with(cluster("doks-security-dev", "id"), "nodePools", []any{map[string]any{"name": "a", "size": "s-2vcpu-4gb"}}),
			map[string]string{"cluster": onePool}, "cluster.pools[0].size"},
		{"high availability switched off", with(cluster("doks-security-dev", "id"), "ha", true), map[string]string{"cluster": onePool}, "cluster.ha"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &mocks{live: c.live}
			err := deploy(t, m, "dev", c.raw)
			if err == nil || !strings.Contains(err.Error(), c.message) {
				t.Errorf("error %v, want one about %q", err, c.message)
			}
			for key := range m.resources {
				if !strings.HasPrefix(key, "pulumi:pulumi:Stack") {
					t.Errorf("%s was registered", key)
				}
			}
		})
	}
}

func with(live resource.PropertyMap, key string, value any) resource.PropertyMap {
	live[resource.PropertyKey(key)] = resource.NewPropertyValue(value)
	return live
}

func TestVersionOfLivingCluster(t *testing.T) {
	for _, c := range []struct {
		name, live, prefix, want string
	}{
		{"newest of the prefix", "", "1.34", "1.34.2-do.10"},
		{"an older patch is left to DigitalOcean", "1.34.1-do.0", "1.34", "1.34.1-do.0"},
		{"a newer patch is no diff", "1.34.9-do.0", "1.34", "1.34.9-do.0"},
		{"a higher minor is an upgrade", "1.33.7-do.1", "1.34", "1.34.2-do.10"},
		{"an exact slug", "", "1.33.7-do.1", "1.33.7-do.1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &mocks{}
			if c.live != "" {
				m.live = with(cluster("doks-security-dev", "id"), "version", c.live)
			}
			err := deploy(t, m, "dev", map[string]string{"cluster": strings.Replace(onePool, "{", `{"version":"`+c.prefix+`",`, 1)})
			if err != nil {
				t.Fatal(err)
			}
			if got := m.resources["digitalocean:index/kubernetesCluster:KubernetesCluster::dev"]["version"].StringValue(); got != c.want {
				t.Errorf("version %s, want %s", got, c.want)
			}
		})
	}
}

// No password reaches a chart's values: they would stand in the state and in the cluster in plain text.
func TestNoSecretInValues(t *testing.T) {
	m := &mocks{}
	if err := deploy(t, m, "staging", rawConfig(t, "../Pulumi.staging.yaml")); err != nil {
		t.Fatal(err)
	}
	for key, inputs := range m.resources {
		if strings.HasPrefix(key, "kubernetes:helm.sh") && (inputs.ContainsSecrets() || strings.Contains(fmt.Sprint(inputs.Mappable()), "generated-")) {
			t.Errorf("%s holds a secret", key)
		}
	}
}

func TestMissingAccountIsAnError(t *testing.T) {
	for _, key := range []string{"DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN", "SPACES_ACCESS_KEY_ID", "SPACES_SECRET_ACCESS_KEY"} {
		t.Setenv(key, "")
	}
	err := pulumi.RunErr(Deploy, pulumi.WithMocks(Project, "dev", &mocks{resources: map[string]resource.PropertyMap{}}), func(info *pulumi.RunInfo) {
		info.Config = map[string]string{Project + ":cluster": onePool, Project + ":logging": `{"storage":"spaces"}`}
		info.RootDirectory = t.TempDir()
	})
	for _, want := range []string{"3 errors", "digitalocean:token: not set", "digitalocean:spacesAccessId", "digitalocean:spacesSecretKey"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no word about %q in %v", want, err)
		}
	}
}
