package stack

import (
	"fmt"
	"strings"
	"testing"

	"github.com/digitalocean/godo"

	"doks-security/account"
	"doks-security/account/accounttest"
	"doks-security/values"
)

func TestAllocatable(t *testing.T) {
	for size, want := range map[string]values.Resources{
		"s-1vcpu-2gb":              {MilliCPU: 900, MiB: 1024},
		"s-2vcpu-4gb":              {MilliCPU: 1900, MiB: 2561},
		"s-2vcpu-4gb-120gb-intel":  {MilliCPU: 1900, MiB: 2561},
		"c-4":                      {MilliCPU: 3900, MiB: 6694},
		"c-4-intel":                {MilliCPU: 3900, MiB: 6694},
		"c2-4vcpu-8gb":             {MilliCPU: 3900, MiB: 6694},
		"g-4vcpu-16gb-intel":       {MilliCPU: 3900, MiB: 13598},
		"m6-2vcpu-16gb":            {MilliCPU: 1900, MiB: 13598},
		"so1_5-32vcpu-256gb":       {MilliCPU: 31900, MiB: 238551},
		"gd-40vcpu-160gb-intel-xl": {MilliCPU: 39900, MiB: 149094},
	} {
		if got, known := Allocatable(size); !known || got != want {
			t.Errorf("%s: %+v, %v; want %+v", size, got, known, want)
		}
	}
	for _, size := range []string{"gpu-h100x1-80gb", "gpu-mi300x8-1536gb", "large"} {
		if got, known := Allocatable(size); known {
			t.Errorf("%s: %+v, which its name does not say", size, got)
		}
	}
}

// What the API says of a size counts, not its name.
func TestRoomIsThatOfTheAPI(t *testing.T) {
	s, err := Parse("dev", map[string]string{
		"cluster": `{"pools":[{"name":"default","size":"gpu-h100x1-80gb","count":1}]}`,
	})
	if err != nil {
		t.Fatal(err)
	}
	if nodes, room := Room(s); nodes != 0 || room != (values.Resources{}) {
		t.Errorf("%d nodes, %+v, without an account", nodes, room)
	}
	s.offer = account.Offer{Sizes: []godo.Size{{Slug: "gpu-h100x1-80gb", Vcpus: 20, Memory: 240 * 1024}}}
	want := values.Resources{MilliCPU: 19900 - doksPerNode.MilliCPU, MiB: 223641 - doksPerNode.MiB}
	if nodes, room := Room(s); nodes != 1 || room != want {
		t.Errorf("%d nodes, %+v; want %+v", nodes, room, want)
	}
}

func TestSizesOfAllFamilies(t *testing.T) {
	sizes := []godo.Size{
		{Slug: "s-2vcpu-4gb", Vcpus: 2, Memory: 4096}, {Slug: "s-2vcpu-4gb-120gb-intel", Vcpus: 2, Memory: 4096},
		{Slug: "c-4-intel", Vcpus: 4, Memory: 8192}, {Slug: "gd-2vcpu-8gb", Vcpus: 2, Memory: 8192},
		{Slug: "m6-2vcpu-16gb", Vcpus: 2, Memory: 16384}, {Slug: "so1_5-2vcpu-16gb", Vcpus: 2, Memory: 16384},
		{Slug: "gpu-h100x1-80gb", Vcpus: 20, Memory: 245760}, {Slug: "gpu-mi300x8-1536gb", Vcpus: 160, Memory: 1966080},
		{Slug: "s-1vcpu-2gb", Vcpus: 1, Memory: 2048}, {Slug: "tiny-1", Vcpus: 1, Memory: 2048},
	}
	cluster := func(pools string) map[string]string {
		return map[string]string{"cluster": `{"region":"tor1","pools":[{"name":"default","size":"s-2vcpu-4gb","count":3}` +
			pools + `]}`}
	}
	for _, c := range []struct{ name, pools, says string }{
		{"premium", `,{"name":"a","size":"s-2vcpu-4gb-120gb-intel","count":1},{"name":"b","size":"c-4-intel","count":1}`, ""},
		{"storage and memory", `,{"name":"a","size":"so1_5-2vcpu-16gb","count":1},{"name":"b","size":"m6-2vcpu-16gb",` +
			`"count":1},{"name":"c","size":"gd-2vcpu-8gb","count":1}`, ""},
		{"GPU, scaled to zero", `,{"name":"gpu","size":"gpu-h100x1-80gb","autoScale":{"min":0,"max":2},` +
			`"taints":[{"key":"nvidia.com/gpu","effect":"NoSchedule"}]}`, ""},
		{"small and tainted", `,{"name":"jobs","size":"s-1vcpu-2gb","count":1,` +
			`"taints":[{"key":"dedicated","value":"jobs","effect":"NoSchedule"}]}`, ""},
		{"small", `,{"name":"jobs","size":"tiny-1","count":1}`, `cluster.pools[1].size: "tiny-1"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := deploy(t, &mocks{account: accounttest.Account{Sizes: sizes}}, "dev", cluster(c.pools))
			if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("err = %v, want it to contain %q", err, c.says)
			}
		})
	}
}

// A pool that is tainted or may have no node is no room for the stack.
func TestPoolsWithoutRoom(t *testing.T) {
	for _, c := range []struct{ name, second string }{
		{"scaled to zero", `"autoScale":{"min":0,"max":9}`},
		{"tainted", `"count":9,"taints":[{"key":"dedicated","effect":"NoExecute"}]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse("dev", map[string]string{"cluster": `{"pools":[{"name":"default","size":"s-2vcpu-4gb","count":1},` +
				`{"name":"more","size":"s-8vcpu-16gb",` + c.second + `}]}`})
			if err == nil || !strings.Contains(err.Error(), "cluster.pools: \"1 x s-2vcpu-4gb") {
				t.Errorf("err = %v, want one of the capacity", err)
			}
		})
	}
}

func TestPoolTags(t *testing.T) {
	m := &mocks{}
	err := deploy(t, m, "dev", map[string]string{"cluster": `{"tags":["team"],"pools":[{"name":"default",` +
		`"size":"s-4vcpu-8gb","count":3,"tags":["a"]},` +
		`{"name":"more","size":"s-4vcpu-8gb","count":1,"tags":["b","cost:c"]}]}`})
	if err != nil {
		t.Fatal(err)
	}
	created := m.resources["digitalocean:index/kubernetesCluster:KubernetesCluster::doks-security"]
	if got := created["nodePool"].ObjectValue()["tags"].ArrayValue(); len(got) != 1 || got[0].StringValue() != "a" {
		t.Errorf("tags of the first pool %v", got)
	}
	added := m.resources["digitalocean:index/kubernetesNodePool:KubernetesNodePool::doks-security-more"]
	if got := added["tags"].ArrayValue(); len(got) != 2 || got[1].StringValue() != "cost:c" {
		t.Errorf("tags of the second pool %v", got)
	}
}

// An existing VPC is used, and no resource of the stack: pulumi destroy would delete it.
func TestExistingVPC(t *testing.T) {
	m := &mocks{}
	err := deploy(t, m, "dev", map[string]string{
		"cluster": `{"vpc":"default","pools":[{"name":"default","size":"s-4vcpu-8gb","count":3}]}`,
	})
	if err != nil {
		t.Fatal(err)
	}
	for key := range m.resources {
		if strings.HasPrefix(key, vpcType) {
			t.Errorf("%s is created", key)
		}
	}
	cluster := m.resources[clusterType+"::doks-security"]
	if got := cluster["vpcUuid"]; !got.IsString() || got.StringValue() != "default-fra1" {
		t.Errorf("the cluster is in the VPC %v, want default-fra1", got)
	}
}

// Every volume of the stack has the class of the setting.
func TestStorageClassOfVolumes(t *testing.T) {
	m := &mocks{}
	err := deploy(t, m, "dev", map[string]string{"virtualClusters": `{"demo":true}`,
		"cluster": `{"storageClass":"do-block-storage-xfs","pools":[{"name":"a","size":"s-4vcpu-8gb","count":3}]}`,
	})
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, release := range m.releases() {
		text := fmt.Sprint(m.values(release).Mappable())
		found += strings.Count(text, "do-block-storage-xfs")
		if strings.Count(text, "do-block-storage") != strings.Count(text, "do-block-storage-xfs") {
			t.Errorf("%s has volumes of another class: %s", release, text)
		}
	}
	if found != 6 {
		t.Errorf("%d volumes with the class, want 6", found)
	}
}
