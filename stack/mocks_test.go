package stack

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/digitalocean/godo"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/account/accounttest"
	"doks-security/charts/chartstest"
)

// mocks replaces the engine: it records what the program registers. The account is served over HTTP.
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
	root      string                  // the project directory
	prepare   func(root string) error // what else it has; nil: nothing
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
		out["status"] = resource.NewPropertyValue(map[string]any{"addresses": []any{map[string]any{"type": "IPAddress",
			"value": "203.0.113.10"}}})
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
	if m.account.Sizes == nil {
		m.account.Sizes = []godo.Size{{Slug: "s-2vcpu-4gb"}, {Slug: "s-4vcpu-8gb"}, {Slug: "s-8vcpu-16gb"}}
	}
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
	if m.prepare != nil {
		if err := m.prepare(m.root); err != nil {
			t.Fatal(err)
		}
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

// values are those that a Helm release is installed with.
func (m *mocks) values(release string) resource.PropertyMap {
	return m.resources["kubernetes:helm.sh/v3:Release::"+release]["values"].ObjectValue()
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
