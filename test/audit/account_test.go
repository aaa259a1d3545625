package audit

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/digitalocean/godo"
)

const (
	dev       = "11111111-1111-4111-8111-111111111111"
	shared    = "22222222-2222-4222-8222-222222222222"
	forgotten = "33333333-3333-4333-8333-333333333333"
	foreign   = "44444444-4444-4444-8444-444444444444"
	elsewhere = "55555555-5555-4555-8555-555555555555"
	gone      = "66666666-6666-4666-8666-666666666666"
)

// lists are the account's, by the path of the request.
func lists() map[string]any {
	cluster := func(id, name string, ha bool, tags ...string) *godo.KubernetesCluster {
		return &godo.KubernetesCluster{ID: id, Name: name, VPCUUID: "vpc-" + name, HA: ha, RegionSlug: "fra1",
			Tags:      append([]string{"k8s", "k8s:" + id}, tags...),
			NodePools: []*godo.KubernetesNodePool{{Size: "s-2vcpu-4gb", Count: 2}}}
	}
	tag := func(id string) []string { return []string{"k8s", "k8s:worker", "k8s:" + id} }
	return map[string]any{
		"/v2/kubernetes/clusters": map[string]any{"kubernetes_clusters": []*godo.KubernetesCluster{
			cluster(dev, "dev", false, "doks-security:dev"), cluster(shared, "shared", true),
			cluster(forgotten, "forgotten", true, "doks-security:dev"), cluster(foreign, "foreign", false),
			cluster(elsewhere, "elsewhere", false, "doks-security:prod"),
		}},
		"/v2/sizes": map[string]any{"sizes": []godo.Size{{Slug: "s-2vcpu-4gb", PriceMonthly: 24}}},
		"/v2/vpcs": map[string]any{"vpcs": []*godo.VPC{{ID: "vpc-default", Name: "default-fra1", Default: true},
			{ID: "vpc-dev", Name: "dev"},
			{ID: "vpc-shared", Name: "shared"}, {ID: "vpc-foreign", Name: "foreign"}, {ID: "vpc-elsewhere", Name: "elsewhere"},
			{ID: "vpc-empty", Name: "empty", IPRange: "10.9.0.0/16"}}},
		"/v2/droplets": map[string]any{"droplets": []godo.Droplet{{ID: 1, Name: "dev-node", SizeSlug: "s-2vcpu-4gb",
			Tags: tag(dev)},
			{ID: 2, Name: "gone-node", SizeSlug: "s-2vcpu-4gb", Tags: tag(gone)},
			{ID: 3, Name: "of-others", SizeSlug: "s-2vcpu-4gb"}}},
		"/v2/volumes": map[string]any{"volumes": []godo.Volume{
			{ID: "v1", Name: "pvc-dev", SizeGigaBytes: 10, Tags: tag(dev)},
			{ID: "v2", Name: "pvc-gone", SizeGigaBytes: 10, Tags: tag(gone)},
			{ID: "v3", Name: "pvc-unattached", SizeGigaBytes: 20},
			{ID: "v4", Name: "pvc-attached", SizeGigaBytes: 20, DropletIDs: []int{3}},
			{ID: "v5", Name: "of-others", SizeGigaBytes: 99},
			{ID: "v6", Name: "pvc-foreign", SizeGigaBytes: 1, Tags: tag(foreign)},
		}},
		"/v2/snapshots": map[string]any{"snapshots": []godo.Snapshot{
			{ID: "s1", Name: "of-dev", ResourceID: "v1", ResourceType: "volume", SizeGigaBytes: 5},
			{ID: "s2", Name: "of-gone", ResourceID: "v9", ResourceType: "volume", SizeGigaBytes: 5},
		}},
		"/v2/load_balancers": map[string]any{"load_balancers": []godo.LoadBalancer{
			{ID: "l1", Name: "dev", IP: "203.0.113.1", Tags: tag(dev)},
			{ID: "l2", Name: "gone", IP: "203.0.113.2", SizeUnit: 2, Tags: tag(gone)}}},
		"/v2/projects": map[string]any{"projects": []godo.Project{{ID: "project-default", Name: "first", IsDefault: true},
			{ID: "project-dev", Name: "dev"}, {ID: "project-elsewhere", Name: "elsewhere"},
			{ID: "project-empty", Name: "empty"}}},
		"/v2/projects/project-elsewhere/resources": map[string]any{
			"resources": []godo.ProjectResource{{URN: "do:kubernetes:" + elsewhere}},
		},
		"/v2/domains": map[string]any{"domains": []godo.Domain{{Name: "example.org"}}},
		"/v2/domains/example.org/records": map[string]any{"domain_records": []godo.DomainRecord{
			{ID: 1, Type: "A", Name: "grafana", Data: "203.0.113.9"},
			{ID: 2, Type: "A", Name: "grafana.dev", Data: "203.0.113.1"},
			{ID: 3, Type: "A", Name: "falco.old", Data: "203.0.113.8"}, {ID: 4, Type: "A", Name: "www", Data: "203.0.113.8"}}},
		"/v2/spaces/keys": map[string]any{"keys": []godo.SpacesKey{{Name: "dev", AccessKey: "DO00DEV"},
			{Name: "old", AccessKey: "DO00OLD"}}},
	}
}

// account opens an API that answers as handle does.
func account(t *testing.T, handle http.HandlerFunc) *godo.Client {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	client := godo.NewFromToken("token")
	if err := godo.SetBaseURL(server.URL)(client); err != nil {
		t.Fatal(err)
	}
	return client
}

// serve answers with the account's lists; status is that of paths that are refused.
func serve(t *testing.T, status map[string]int) *godo.Client {
	content := lists()
	return account(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			t.Errorf("%s %s: an audit only reads", r.Method, r.URL)
		}
		if code := status[r.URL.Path]; code != 0 {
			w.WriteHeader(code)
			return
		}
		body, ok := content[r.URL.Path]
		if !ok {
			body = map[string]any{}
		}
		_ = json.NewEncoder(w).Encode(body)
	})
}

func states(t *testing.T) *States {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "pulumi")
	if err := os.Symlink(self, link); err != nil {
		t.Fatal(err)
	}
	s, err := ReadStates(t.Context(), link, ".")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// spaces lists two buckets to requests that are signed.
func spaces(t *testing.T) Spaces {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=key/") || r.URL.Path != "/" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		fmt.Fprint(w, `<ListAllMyBucketsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`+
			`<Owner><ID>1</ID></Owner><Buckets>`+
			`<Bucket><Name>bucket-old</Name></Bucket><Bucket><Name>bucket-dev</Name></Bucket></Buckets>`+
			`</ListAllMyBucketsResult>`)
	}))
	t.Cleanup(server.Close)
	return Spaces{AccessKey: "key", SecretKey: "secret", Endpoints: map[string]string{"fra1": server.URL}}
}
