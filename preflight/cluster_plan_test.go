package preflight

import (
	"errors"
	"strings"
	"testing"

	"github.com/digitalocean/godo"

	"doks-security/account"
	"doks-security/components"
)

var offered = []string{"1.35.0-do.2", "1.34.2-do.10", "1.34.2-do.9", "1.33.7-do.1"}

// inventory is an account with the stack's cluster, two pools, and another stack's cluster.
func inventory() *account.Inventory {
	return &account.Inventory{
		Clusters: []*godo.KubernetesCluster{
			{
				ID: "dev-id", Name: "doks-security-dev", RegionSlug: "fra1", VersionSlug: "1.34.1-do.0", VPCUUID: "vpc-id",
				ClusterSubnet: "10.160.0.0/16", ServiceSubnet: "10.161.0.0/19", Tags: []string{"k8s", account.StackTag("dev")},
				NodePools: []*godo.KubernetesNodePool{
					{ID: "2", Name: "workloads", Size: "s-4vcpu-8gb"},
					{ID: "1", Name: "default", Size: "s-2vcpu-4gb", Tags: []string{defaultPoolTag}},
				},
			},
			{ID: "qa-id", Name: "doks-security-qa", RegionSlug: "fra1", Tags: []string{account.StackTag("qa")},
				ClusterSubnet: "10.162.0.0/16", ServiceSubnet: "10.163.0.0/19"},
		},
		VPCs: []*godo.VPC{
			{ID: "vpc-id", Name: "doks-security-dev", RegionSlug: "fra1", IPRange: "10.161.32.0/20"},
			{ID: "qa-vpc-id", Name: "doks-security-qa", IPRange: "10.163.32.0/20"},
			{ID: "default-id", Name: "default-ams3", RegionSlug: "ams3", IPRange: "10.110.0.0/20", Default: true},
			{ID: "other-default-id", Name: "default-fra1", RegionSlug: "fra1", IPRange: "10.114.0.0/20", Default: true},
		},
		Offer: account.Offer{
			Versions: offered, Regions: []string{"ams3", "fra1"},
			NodeSizes: []string{"c-4", "s-2vcpu-4gb", "s-4vcpu-8gb", "s-8vcpu-16gb", "gpu-h100x1-80gb"},
			Sizes: []godo.Size{
				{Slug: "c-4", Regions: []string{"ams3", "fra1"}}, {Slug: "s-2vcpu-4gb", Regions: []string{"fra1"}},
				{Slug: "s-4vcpu-8gb", Regions: []string{"fra1"}}, {Slug: "s-8vcpu-16gb", Regions: []string{"fra1"}},
				{Slug: "gpu-h100x1-80gb", Regions: []string{"ams3", "tor1"}}, {Slug: "s-1vcpu-1gb", Regions: []string{"fra1"}},
			},
		},
	}
}

func pool(name, size string) components.Pool {
	return components.Pool{Name: name, Size: size, Count: 2}
}

// wanted are the settings of the running cluster.
func wanted() Wanted {
	return Wanted{Stack: "dev", Last: Deployment{ClusterID: "dev-id", Stack: "dev"},
		Name: "doks-security-dev", Region: "fra1", Version: "1.34",
		Pools: []components.Pool{pool("default", "s-2vcpu-4gb"), pool("workloads", "s-4vcpu-8gb")}}
}

func noUpgrades(string) ([]string, error) { return nil, errors.New("no upgrade is asked for") }

func TestClusterRefusesReplacement(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Wanted)
		says   []string // of the error: key, what is allowed
	}{
		{"region", func(w *Wanted) { w.Region = "ams3" }, []string{"cluster.region: \"ams3\"", "allowed: fra1"}},
		{"VPC range", func(w *Wanted) { w.Network.VPC = "10.10.0.0/20" }, []string{"cluster.network.vpc", "10.161.32.0/20"}},
		{"pods", func(w *Wanted) { w.Network.Pods = "10.10.0.0/16" }, []string{"cluster.network.pods", "10.160.0.0/16"}},
		{"services", func(w *Wanted) { w.Network.Services = "10.10.0.0/20" },
			[]string{"cluster.network.services", "10.161.0.0/19"}},
		{"first pool resized", func(w *Wanted) { w.Pools[0].Size = "s-4vcpu-8gb" },
			[]string{"cluster.pools[0].size", "allowed: s-2vcpu-4gb"}},
		{"first pool renamed and resized", func(w *Wanted) { w.Pools[0] = pool("large", "s-4vcpu-8gb") },
			[]string{"cluster.pools[0].name: \"large\"", "default (s-2vcpu-4gb)"}},
		{"first pool dropped", func(w *Wanted) { w.Pools = w.Pools[1:] },
			[]string{"cluster.pools[0].name: \"workloads\"", "list default first"}},
		{"pools reordered", func(w *Wanted) { w.Pools[0], w.Pools[1] = w.Pools[1], w.Pools[0] },
			[]string{"cluster.pools[0].name: \"workloads\""}},
		{"a pool before the first", func(w *Wanted) {
			w.Pools = append([]components.Pool{pool("new", "s-2vcpu-4gb")},
				w.Pools...)
		}, []string{"cluster.pools[0].name: \"new\""}},
		{"another pool resized", func(w *Wanted) { w.Pools[1].Size = "s-8vcpu-16gb" },
			[]string{"cluster.pools[1].size", "allowed: s-4vcpu-8gb"}},
		{"lower version", func(w *Wanted) { w.Version = "1.33" }, []string{"cluster.version: \"1.33\"", "1.34 or later"}},
		{"two minors", func(w *Wanted) { w.Version = "1.36" }, []string{"cluster.version: \"1.36\"", "allowed: 1.35"}},
		{"name of another stack's cluster", func(w *Wanted) { w.Name = "doks-security-qa" },
			[]string{"cluster.name", "the cluster of stack qa"}},
		{"name of another VPC", func(w *Wanted) { w.Name = "default-ams3" },
			[]string{"cluster.name: \"default-ams3\"", "default-id"}},
		{"name and region together", func(w *Wanted) { w.Name, w.Region = "new", "ams3" },
			[]string{"cluster.region", "allowed: fra1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := wanted()
			c.change(&w)
			_, err := Cluster(inventory(), w, noUpgrades)
			for _, want := range c.says {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("err = %v, want it to contain %q", err, want)
				}
			}
		})
	}
}

// In-place changes are planned, with the network the cluster has.
func TestClusterInPlace(t *testing.T) {
	for _, c := range []struct {
		name     string
		change   func(*account.Inventory, *Wanted)
		upgrades []string
		version  string
		upgrade  bool
	}{
		{"nothing", func(*account.Inventory, *Wanted) {}, nil, "1.34.1-do.0", false},
		{"name", func(_ *account.Inventory, w *Wanted) { w.Name = "renamed" }, nil, "1.34.1-do.0", false},
		{"stack and name, found by the last outputs",
			func(_ *account.Inventory, w *Wanted) { w.Stack, w.Name = "test", "renamed" }, nil, "1.34.1-do.0", false},
		{"first update lost its outputs, found by the tag", func(_ *account.Inventory, w *Wanted) {
			w.Last.ClusterID, w.Name = "", "renamed"
		}, nil, "1.34.1-do.0", false},
		{"deployed before clusters had tags, found by the name", func(i *account.Inventory, w *Wanted) {
			w.Last.ClusterID, i.Clusters[0].Tags = "", nil
		}, nil, "1.34.1-do.0", false},
		{"first pool renamed", func(_ *account.Inventory, w *Wanted) { w.Pools[0].Name = "system" }, nil,
			"1.34.1-do.0", false},
		{"pool added", func(_ *account.Inventory, w *Wanted) { w.Pools = append(w.Pools, pool("new", "s-2vcpu-4gb")) }, nil,
			"1.34.1-do.0", false},
		{"a patch by DigitalOcean is no change",
			func(i *account.Inventory, _ *Wanted) { i.Clusters[0].VersionSlug = "1.34.9-do.0" }, nil, "1.34.9-do.0", false},
		{"nor with an exact version", func(i *account.Inventory, w *Wanted) {
			i.Clusters[0].VersionSlug, w.Version = "1.34.9-do.0", "1.34.1-do.0"
		}, nil, "1.34.9-do.0", false},
		{"a higher exact version", func(_ *account.Inventory, w *Wanted) { w.Version = "1.34.2-do.9" },
			[]string{"1.34.2-do.10", "1.34.2-do.9"}, "1.34.2-do.9", true},
		{"a higher minor", func(_ *account.Inventory, w *Wanted) { w.Version = "1.35" },
			[]string{"1.34.2-do.10", "1.35.0-do.2", "1.35.0-do.1"}, "1.35.0-do.2", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			i, w := inventory(), wanted()
			c.change(i, &w)
			plan, err := Cluster(i, w, func(string) ([]string, error) { return c.upgrades, nil })
			if err != nil {
				t.Fatal(err)
			}
			if plan.Running.ID != "dev-id" || plan.VPC.ID != "vpc-id" || plan.Version != c.version || plan.Upgrade != c.upgrade {
				t.Errorf("plan %+v", plan)
			}
			if want := (account.Network{VPC: "10.161.32.0/20", Pods: "10.160.0.0/16",
				Services: "10.161.0.0/19"}); plan.Network != want {
				t.Errorf("network %+v, want the cluster's", plan.Network)
			}
		})
	}
}

// A stack on a cluster of others that is to get its own would delete its releases in the other.
func TestClusterInsteadOfAnExistingOne(t *testing.T) {
	for _, c := range []struct {
		name string
		last Deployment
		own  bool
	}{
		{"a cluster of others", Deployment{ClusterID: "qa-id", Stack: "watch"}, false},
		{"its own, renamed", Deployment{ClusterID: "dev-id", Stack: "dev"}, true},
		{"its own, without its tag", Deployment{ClusterID: "dev-id", PaysNodes: true}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := wanted()
			w.Stack, w.Name, w.Last = "watch", "doks-security-watch", c.last
			_, err := Cluster(inventory(), w, noUpgrades)
			const says = "cluster.existing: not set\n      allowed: doks-security-qa: this stack is deployed there"
			if c.own {
				if err != nil {
					t.Errorf("err = %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), "(1 error)") || !strings.Contains(err.Error(), says) {
				t.Errorf("err = %v, want (1 error) and %q", err, says)
			}
		})
	}
}

func TestUpgradeThatIsNotOffered(t *testing.T) {
	for _, c := range []struct {
		name     string
		upgrades []string
		says     string
	}{
		{"the newest patch comes first", []string{"1.34.2-do.10"}, "1.34.2-do.10, pulumi up, then"},
		{"none", nil, "no upgrade of this cluster now"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := wanted()
			w.Version = "1.35"
			_, err := Cluster(inventory(), w, func(string) ([]string, error) { return c.upgrades, nil })
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("err = %v, want it to contain %q", err, c.says)
			}
		})
	}
}

func TestNewCluster(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  func(*Wanted)
		network account.Network
		says    string // of the error
	}{
		{"a free network", func(*Wanted) {}, account.Network{VPC: "10.165.32.0/20", Pods: "10.164.0.0/16",
			Services: "10.165.0.0/19"}, ""},
		{"a network that is set", func(w *Wanted) { w.Network.VPC = "10.164.0.0/20" },
			account.Network{VPC: "10.164.0.0/20", Pods: "10.166.0.0/16", Services: "10.167.0.0/19"}, ""},
		{"a default VPC's range", func(w *Wanted) { w.Network.VPC = "10.110.0.0/20" }, account.Network{},
			"the VPC default-ams3 has"},
		{"another cluster's pods", func(w *Wanted) { w.Network.Pods = "10.162.128.0/20" }, account.Network{},
			"the pods of cluster doks-security-qa has"},
		{"a reserved range", func(w *Wanted) { w.Network.Pods = "10.244.0.0/16" }, account.Network{}, "reserved"},
		{"the first VPC of its region", func(w *Wanted) { w.Region = "nyc3" }, account.Network{},
			"doctl vpcs create --name default-nyc3 --region nyc3"},
		{"a version that is not offered", func(w *Wanted) { w.Version = "1.99" }, account.Network{},
			"a version that DigitalOcean offers"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := wanted()
			w.Stack, w.Last, w.Name = "new", Deployment{}, "doks-security-new"
			c.change(&w)
			plan, err := Cluster(inventory(), w, noUpgrades)
			if c.says != "" {
				if err == nil || !strings.Contains(err.Error(), c.says) {
					t.Errorf("err = %v, want it to contain %q", err, c.says)
				}
				return
			}
			if err != nil || plan.Running != nil || plan.Network != c.network || plan.Version != "1.34.2-do.10" {
				t.Errorf("plan %+v, %v; want the network %+v", plan, err, c.network)
			}
		})
	}
}

func TestExisting(t *testing.T) {
	const own = "this stack, or another of its name, created the cluster doks-security-dev"
	for _, c := range []struct {
		name, stack, existing string
		last                  Deployment
		says                  string
	}{
		{"first time", "watch", "doks-security-qa", Deployment{}, ""},
		{"again", "watch", "doks-security-qa", Deployment{ClusterID: "qa-id", Stack: "watch"}, ""},
		{"again, after pulumi stack rename", "watch", "doks-security-qa",
			Deployment{ClusterID: "qa-id", Stack: "former"}, ""},
		{"missing", "watch", "main", Deployment{}, "doks-security-dev, doks-security-qa"},
		{"moved to another cluster", "watch", "doks-security-qa", Deployment{ClusterID: "dev-id"},
			"moving would delete its releases and volumes"},
		{"the cluster of this stack", "dev", "doks-security-dev",
			Deployment{ClusterID: "dev-id", Stack: "dev", PaysNodes: true}, own},
		{"the cluster of this stack, after pulumi stack rename", "test", "doks-security-dev",
			Deployment{ClusterID: "dev-id", Stack: "dev"}, own},
		{"the cluster of this stack, without its tag", "test", "doks-security-dev",
			Deployment{ClusterID: "dev-id", PaysNodes: true}, own},
		{"another cluster than this stack's", "dev", "doks-security-qa", Deployment{ClusterID: "dev-id", Stack: "dev"}, own},
		{"the previous one is gone", "watch", "doks-security-qa",
			Deployment{ClusterID: "gone-id", Stack: "watch", PaysNodes: true}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			cluster, err := Existing(inventory(), c.existing, c.stack, c.last)
			if c.says == "" {
				if err != nil || cluster.ID != "qa-id" {
					t.Errorf("cluster %v, err = %v", cluster, err)
				}
			} else if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("err = %v, want it to contain %q", err, c.says)
			}
		})
	}
}
