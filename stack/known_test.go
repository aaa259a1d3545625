package stack

import (
	"strings"
	"testing"

	"github.com/digitalocean/godo"

	"doks-security/account"
	"doks-security/account/accounttest"
)

const (
	vpcType     = "digitalocean:index/vpc:Vpc"
	clusterType = "digitalocean:index/kubernetesCluster:KubernetesCluster"
	poolType    = "digitalocean:index/kubernetesNodePool:KubernetesNodePool"
	projectType = "digitalocean:index/project:Project"
	bucketType  = "digitalocean:index/spacesBucket:SpacesBucket"
	recordType  = "digitalocean:index/dnsRecord:DnsRecord"
	releaseType = "kubernetes:helm.sh/v3:Release"
)

// ours is the account of a stack whose cluster and project are in its state.
func ours() accounttest.Account {
	own := running("doks-security-dev")
	own.ID, own.VPCUUID, own.RegionSlug = "doks-security-id", "doks-security-id", "fra1"
	own.Tags = []string{account.StackTag("dev")}
	own.NodePools = []*godo.KubernetesNodePool{
		{ID: "default-id", Name: "a", Size: "s-4vcpu-8gb", Tags: []string{"terraform:default-node-pool"}},
		{ID: "doks-security-b-id", Name: "b", Size: "s-2vcpu-4gb"},
	}
	return accounttest.Account{
		Clusters: []*godo.KubernetesCluster{own},
		VPCs: []*godo.VPC{
			{ID: "doks-security-id", Name: "doks-security-dev", RegionSlug: "fra1", IPRange: "10.161.32.0/20"},
		},
		Projects: []godo.Project{{ID: "doks-security-id", Name: "doks-security-dev"}},
		Buckets:  []string{"doks-security-dev-loki"},
		Records: []godo.DomainRecord{
			{ID: 1, Type: "TXT", Name: "grafana"}, {ID: 2, Type: "A", Name: "grafana"}, {ID: 3, Type: "CNAME", Name: "falco"},
			{ID: 4, Type: "A", Name: "theirs"},
		},
	}
}

// A preview that plans to create what is there already is refused, with all of it and the commands.
func TestPreviewOfWhatTheStateDoesNotHave(t *testing.T) {
	const twoPools = `{"pools":[{"name":"a","size":"s-4vcpu-8gb","count":3},{"name":"b","size":"s-2vcpu-4gb","count":1}]}`
	const release = `{"metadata":{"namespace":"falco","labels":{"name":"falco","version":"1","status":"deployed"}}}`
	const namespace = `{"metadata":{"name":"falco","labels":{"app.kubernetes.io/part-of":"doks-security"},
		"annotations":{"doks-security/stack":"doks-security/dev"}}}`
	for _, c := range []struct {
		name    string
		unknown []string
		first   bool // the stack has no outputs
		config  map[string]string
		want    []string // empty: no error
	}{
		{"all is known", nil, false, nil, nil},
		{"the cluster and its VPC", []string{vpcType, clusterType}, false, nil, []string{
			`VPC "doks-security-dev" (doks-security-id) that is not in this stack's state`,
			`cluster "doks-security-dev" (doks-security-id, running)`, "pulumi stack rename <another name>"}},
		{"after a destroy that failed", []string{poolType, projectType, releaseType}, false, nil, []string{
			`node pool "b" (doks-security-b-id)`, "pulumi config set --path 'cluster.pools[1].name' <another name>",
			`project "doks-security-dev" (doks-security-id)`,
			"pulumi import digitalocean:index/project:Project doks-security doks-security-id --protect=false",
			"pulumi config set --path 'project.name' <another name>", "not in its state: falco;"}},
		{"a bucket", []string{bucketType}, false, map[string]string{"logging": `{"storage":"spaces"}`}, []string{
			`bucket "doks-security-dev-loki"`, "SpacesBucket doks-security-loki fra1,doks-security-dev-loki --protect=false",
			"'logging.spaces.bucket' <another name>"}},
		{"a bucket that does not exist", []string{bucketType}, false, map[string]string{
			"logging": `{"storage":"spaces","spaces":{"bucket":"new"}}`}, nil},
		{"records", []string{recordType}, false, map[string]string{"exposure": "gateway"}, []string{
			`DNS record "grafana.example.org" (2)`, `DNS record "falco.example.org" (3)`,
			"DnsRecord doks-security-grafana example.org,2 --protect=false",
			"pulumi config set --path 'exposure.hostnames.falcosidekickUi' <another name>"}},
		{"records of other names", []string{recordType}, false, map[string]string{
			"exposure": `gateway "hostnames":{"grafana":"g.example.org","falcosidekickUi":"f.example.org"},`}, nil},
		{"records that are known", nil, false, map[string]string{"exposure": "gateway"}, nil},
		{"records whose names are exchanged", nil, false, map[string]string{
			"exposure": `gateway "hostnames":{"grafana":"falco.example.org","falcosidekickUi":"grafana.example.org"},`}, nil},
		{"a record that takes the other's name", nil, false, map[string]string{
			"exposure": `gateway "hostnames":{"grafana":"g.example.org","falcosidekickUi":"grafana.example.org"},`}, nil},
		{"a record that takes the name of a foreign one", nil, false, map[string]string{
			"exposure": `gateway "hostnames":{"grafana":"theirs.example.org"},`},
			[]string{`the account has another DNS record "theirs.example.org" (4)`}},
		{"releases", []string{releaseType}, false, nil, []string{
			"not in its state: falco;", "To finish a destroy: pulumi destroy",
			"helm uninstall falco --namespace falco && PULUMI_K8S_UPSERT_EXISTING_OBJECTS=true pulumi up"}},
		{"releases, after a first update that was interrupted", []string{releaseType}, true, nil,
			[]string{"helm uninstall falco"}},
		{"a cluster of others on the first preview", []string{clusterType}, true, nil,
			[]string{`cluster "doks-security-dev"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			server, kubeconfig := serveCluster(map[string]string{"/api/v1/secrets": release, "/api/v1/namespaces": namespace})
			defer server.Close()
			m := &mocks{account: ours(), preview: true, unknown: c.unknown,
				previous: "doks-security-id", previousStack: Project + "/dev"}
			m.account.Kubeconfig = kubeconfig
			if c.first {
				m.previous, m.previousStack = "", ""
			}
			config := map[string]string{"cluster": twoPools}
			for key, value := range c.config {
				if hostnames, ok := strings.CutPrefix(value, "gateway"); ok {
					value = strings.Replace(byGateway(t), `"domain"`, hostnames+`"domain"`, 1)
				}
				config[key] = value
			}
			err := deploy(t, m, "dev", config)
			if len(c.want) == 0 && err != nil {
				t.Errorf("err = %v", err)
			}
			for _, want := range c.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("err = %v, want it to contain %q", err, want)
				}
			}
		})
	}
}
