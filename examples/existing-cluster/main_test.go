package main

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
	"doks-security/charts"
	"doks-security/charts/chartstest"
)

// mocks stand in for the engine, and keep what is registered.
type mocks struct {
	mu        sync.Mutex
	resources map[string]resource.PropertyMap // by type and name
}

func (m *mocks) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.resources[args.TypeToken+"::"+args.Name] = args.Inputs
	out := args.Inputs.Copy()
	if args.TypeToken == "random:index/randomPassword:RandomPassword" {
		out["result"] = resource.MakeSecret(resource.NewProperty("generated"))
	}
	return args.Name + "-id", out, nil
}

func (*mocks) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	return nil, errors.New("no such function: " + args.Token)
}

// run runs the program in an account with a cluster "shared".
func run(t *testing.T, cluster string) (*mocks, error) {
	t.Helper()
	a := accounttest.Account{
		Clusters:   []*godo.KubernetesCluster{{ID: "shared-id", Name: "shared", VersionSlug: "1.34.1-do.0"}},
		Kubeconfig: "users: [{name: unused, user: {token: unused}}]",
	}
	api := a.Serve()
	defer api.Close()
	t.Setenv("DIGITALOCEAN_API_URL", api.URL)
	m := &mocks{resources: map[string]resource.PropertyMap{}}
	root := t.TempDir()
	if err := chartstest.Fill(root); err != nil {
		t.Fatal(err)
	}
	program := func(ctx *pulumi.Context) error { return watch(ctx, charts.Source{Unverified: true}) }
	return m, pulumi.RunErr(program, pulumi.WithMocks("watched", "test", m), func(info *pulumi.RunInfo) {
		info.Config, info.RootDirectory = map[string]string{"watched:cluster": cluster}, root
	})
}

func TestWatch(t *testing.T) {
	m, err := run(t, "shared")
	if err != nil {
		t.Fatal(err)
	}
	var releases []string
	for key := range m.resources {
		if name, ok := strings.CutPrefix(key, "kubernetes:helm.sh/v3:Release::"); ok {
			releases = append(releases, name)
		}
		if strings.HasPrefix(key, "digitalocean:") {
			t.Errorf("%s is created in addition to the existing cluster", key)
		}
	}
	slices.Sort(releases)
	if want := []string{"alloy", "falco", "kube-prometheus-stack", "loki", "metrics-server",
		"prometheus-operator-crds"}; !slices.Equal(releases, want) {
		t.Errorf("releases %q, want %q", releases, want)
	}
	loaded := m.resources["kubernetes:helm.sh/v3:Release::falco"]["values"].ObjectValue()["customRules"].ObjectValue()
	if loaded["50-own.yaml"].StringValue() != ownRule || !loaded.HasValue("20-virtual-clusters.yaml") {
		t.Errorf("Falco loads %v", loaded)
	}
}

func TestWatchNeedsTheCluster(t *testing.T) {
	m, err := run(t, "elsewhere")
	if err == nil || !strings.Contains(err.Error(), `no cluster "elsewhere"`) {
		t.Errorf("error %v, want one that names the cluster", err)
	}
	for key := range m.resources {
		if !strings.HasPrefix(key, "pulumi:pulumi:Stack") {
			t.Errorf("%s was registered", key)
		}
	}
}
