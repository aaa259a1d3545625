package audit

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/digitalocean/godo"
)

// The test binary is also the Pulumi CLI.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "pulumi" {
		os.Exit(pulumi(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// pulumi has one stack, dev, on a cluster of its own, and another on a cluster that others made.
func pulumi(args []string) int {
	switch line := strings.Join(args, " "); line {
	case "stack ls --json --non-interactive":
		fmt.Println(`[{"name": "dev"}, {"name": "organization/doks-security/guest"}]`)
	case "stack export --stack dev --non-interactive":
		fmt.Printf(`{"version": 3, "deployment": {"resources": [
			{"type": "pulumi:pulumi:Stack"},
			{"type": "digitalocean:index/kubernetesCluster:KubernetesCluster", "id": %q},
			{"type": "digitalocean:index/vpc:Vpc", "id": "vpc-dev"},
			{"type": "digitalocean:index/project:Project", "id": "project-dev"},
			{"type": "digitalocean:index/spacesBucket:SpacesBucket", "id": "bucket-dev"},
			{"type": "digitalocean:index/spacesKey:SpacesKey", "id": "DO00DEV"},
			{"type": "digitalocean:index/dnsRecord:DnsRecord", "id": "1"}]}}`, dev)
	case "stack export --stack organization/doks-security/guest --non-interactive":
		fmt.Printf(`{"version": 3, "deployment": {"resources": [
			{"type": "pulumi:providers:kubernetes", "id": "x", "inputs": {"clusterIdentifier": %q}}]}}`, shared)
	default:
		fmt.Fprintln(os.Stderr, "error: no such command:", line)
		return 255
	}
	return 0
}

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
			Tags: append([]string{"k8s", "k8s:" + id}, tags...), NodePools: []*godo.KubernetesNodePool{{Size: "s-2vcpu-4gb", Count: 2}}}
	}
	tag := func(id string) []string { return []string{"k8s", "k8s:worker", "k8s:" + id} }
	return map[string]any{
		"/v2/kubernetes/clusters": map[string]any{"kubernetes_clusters": []*godo.KubernetesCluster{
			cluster(dev, "dev", false, "doks-security:dev"), cluster(shared, "shared", true),
			cluster(forgotten, "forgotten", true, "doks-security:dev"), cluster(foreign, "foreign", false),
			cluster(elsewhere, "elsewhere", false, "doks-security:prod"),
		}},
		"/v2/sizes": map[string]any{"sizes": []godo.Size{{Slug: "s-2vcpu-4gb", PriceMonthly: 24}}},
		"/v2/vpcs": map[string]any{"vpcs": []*godo.VPC{{ID: "vpc-default", Name: "default-fra1", Default: true}, {ID: "vpc-dev", Name: "dev"},
			{ID: "vpc-shared", Name: "shared"}, {ID: "vpc-foreign", Name: "foreign"}, {ID: "vpc-elsewhere", Name: "elsewhere"},
			{ID: "vpc-empty", Name: "empty", IPRange: "10.9.0.0/16"}}},
		"/v2/droplets": map[string]any{"droplets": []godo.Droplet{{ID: 1, Name: "dev-node", SizeSlug: "s-2vcpu-4gb", Tags: tag(dev)},
			{ID: 2, Name: "gone-node", SizeSlug: "s-2vcpu-4gb", Tags: tag(gone)}, {ID: 3, Name: "of-others", SizeSlug: "s-2vcpu-4gb"}}},
		"/v2/volumes": map[string]any{"volumes": []godo.Volume{
			{ID: "v1", Name: "pvc-dev", SizeGigaBytes: 10, Tags: tag(dev)}, {ID: "v2", Name: "pvc-gone", SizeGigaBytes: 10, Tags: tag(gone)},
			{ID: "v3", Name: "pvc-unattached", SizeGigaBytes: 20}, {ID: "v4", Name: "pvc-attached", SizeGigaBytes: 20, DropletIDs: []int{3}},
			{ID: "v5", Name: "of-others", SizeGigaBytes: 99}, {ID: "v6", Name: "pvc-foreign", SizeGigaBytes: 1, Tags: tag(foreign)},
		}},
		"/v2/snapshots": map[string]any{"snapshots": []godo.Snapshot{
			{ID: "s1", Name: "of-dev", ResourceID: "v1", ResourceType: "volume", SizeGigaBytes: 5},
			{ID: "s2", Name: "of-gone", ResourceID: "v9", ResourceType: "volume", SizeGigaBytes: 5},
		}},
		"/v2/load_balancers": map[string]any{"load_balancers": []godo.LoadBalancer{
			{ID: "l1", Name: "dev", IP: "203.0.113.1", Tags: tag(dev)}, {ID: "l2", Name: "gone", IP: "203.0.113.2", SizeUnit: 2, Tags: tag(gone)}}},
		"/v2/projects": map[string]any{"projects": []godo.Project{{ID: "project-default", Name: "first", IsDefault: true},
			{ID: "project-dev", Name: "dev"}, {ID: "project-elsewhere", Name: "elsewhere"}, {ID: "project-empty", Name: "empty"}}},
		"/v2/projects/project-elsewhere/resources": map[string]any{"resources": []godo.ProjectResource{{URN: "do:kubernetes:" + elsewhere}}},
		"/v2/domains": map[string]any{"domains": []godo.Domain{{Name: "example.org"}}},
		"/v2/domains/example.org/records": map[string]any{"domain_records": []godo.DomainRecord{
			{ID: 1, Type: "A", Name: "grafana", Data: "203.0.113.9"}, {ID: 2, Type: "A", Name: "grafana.dev", Data: "203.0.113.1"},
			{ID: 3, Type: "A", Name: "falco.old", Data: "203.0.113.8"}, {ID: 4, Type: "A", Name: "www", Data: "203.0.113.8"}}},
		"/v2/spaces/keys": map[string]any{"keys": []godo.SpacesKey{{Name: "dev", AccessKey: "DO00DEV"}, {Name: "old", AccessKey: "DO00OLD"}}},
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
		fmt.Fprint(w, `<ListAllMyBucketsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Owner><ID>1</ID></Owner><Buckets>`+
			`<Bucket><Name>bucket-old</Name></Bucket><Bucket><Name>bucket-dev</Name></Bucket></Buckets></ListAllMyBucketsResult>`)
	}))
	t.Cleanup(server.Close)
	return Spaces{AccessKey: "key", SecretKey: "secret", Endpoints: map[string]string{"fra1": server.URL}}
}

func TestRun(t *testing.T) {
	for _, c := range []struct {
		name    string
		account Account
		want    []string
		prints  []string
	}{
		{"with states", Account{States: states(t), Buckets: spaces(t).Buckets}, []string{
			"cluster forgotten 88.00", "cluster foreign 48.00", "VPC foreign 0.00", "VPC empty 0.00", "node gone-node 24.00",
			"volume pvc-gone 1.00", "volume pvc-unattached 2.00", "volume pvc-foreign 0.10", "snapshot of-gone 0.30",
			"load balancer gone 24.00", "project empty 0.00", "DNS record falco.old.example.org 0.00", "Spaces key old 0.00", "bucket bucket-old 0.00",
		}, []string{`stack "prod", which is not in this backend`, `its tag names stack "dev", whose state does not have it`, "187.40"}},
		{"without states", Account{}, []string{
			"cluster shared 88.00", "cluster foreign 48.00", "VPC shared 0.00", "VPC foreign 0.00", "VPC empty 0.00", "node gone-node 24.00",
			"volume pvc-gone 1.00", "volume pvc-unattached 2.00", "volume pvc-foreign 0.10", "snapshot of-gone 0.30",
			"load balancer gone 24.00", "project dev 0.00", "project empty 0.00",
			"DNS record grafana.example.org 0.00", "DNS record falco.old.example.org 0.00", "Spaces key dev 0.00", "Spaces key old 0.00",
		}, []string{"no state was read", "buckets were not listed", "187.40"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.account.Client = serve(t, nil)
			result, err := Run(t.Context(), c.account)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range result.Findings {
				got = append(got, fmt.Sprintf("%s %s %.2f", f.Kind, f.Name, f.USD))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
			out := &strings.Builder{}
			result.Print(out)
			for _, want := range append(c.prints, fmt.Sprintf("%d objects belong to no stack", len(c.want))) {
				if !strings.Contains(strings.Join(strings.Fields(out.String()), " "), want) {
					t.Errorf("output does not contain %q:\n%s", want, out)
				}
			}
			for line := range strings.Lines(out.String()) {
				if len(line) > 81 {
					t.Errorf("wider than 80 columns: %s", line)
				}
			}
		})
	}
}

// The subscription to Spaces is one price, due while there is a bucket.
func TestBucketsOfNoStack(t *testing.T) {
	result, err := Run(t.Context(), Account{Client: serve(t, nil), States: &States{}, Buckets: spaces(t).Buckets})
	if err != nil {
		t.Fatal(err)
	}
	count, usd := 0, 0.0
	for _, f := range result.Findings {
		if f.Kind == "bucket" {
			count, usd = count+1, usd+f.USD
		}
	}
	if count != 2 || usd != 5 {
		t.Errorf("%d buckets for %v USD, want 2 for one subscription", count, usd)
	}
}

// What cannot be read is said, with what a token needs; the rest is listed.
func TestRunWithoutPermission(t *testing.T) {
	result, err := Run(t.Context(), Account{Client: serve(t, map[string]int{
		"/v2/volumes": http.StatusForbidden, "/v2/vpcs": http.StatusUnauthorized, "/v2/droplets": http.StatusInternalServerError,
	})})
	if err == nil || len(result.Findings) == 0 {
		t.Fatalf("%d findings, error %v; want both", len(result.Findings), err)
	}
	for _, want := range []string{"listing the volumes", "block_storage:read", "listing the VPCs", "expired or revoked", "listing the Droplets", "500"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("err = %v, want it to contain %q", err, want)
		}
	}
	limited := spaces(t)
	limited.AccessKey = "limited"
	if _, err := limited.Buckets(t.Context()); err == nil || !strings.Contains(err.Error(), "full access") {
		t.Errorf("err = %v, want it to name the permission", err)
	}
}

// Of resources that could not be listed nothing is said: without the clusters everything would seem to be without one.
func TestRunWithoutClusters(t *testing.T) {
	result, err := Run(t.Context(), Account{Client: serve(t, map[string]int{"/v2/kubernetes/clusters": http.StatusForbidden})})
	if err == nil || !strings.Contains(err.Error(), "kubernetes:read") || len(result.Findings) != 0 {
		t.Errorf("%d findings, err = %v; want none, and the scope", len(result.Findings), err)
	}
}

func TestPages(t *testing.T) {
	client := account(t, func(w http.ResponseWriter, r *http.Request) {
		links := map[string]any{"pages": map[string]any{"next": "https://example.org/?page=2", "last": "https://example.org/?page=2"}}
		page := map[string]any{"volumes": []godo.Volume{{ID: "a"}}, "links": links}
		if r.URL.Query().Get("page") == "2" {
			page = map[string]any{"volumes": []godo.Volume{{ID: "b"}}, "links": map[string]any{"pages": map[string]any{"prev": "https://example.org/?page=1"}}}
		}
		if r.URL.Path != "/v2/volumes" {
			page = map[string]any{}
		}
		_ = json.NewEncoder(w).Encode(page)
	})
	i, err := list(t.Context(), client)
	if err != nil || len(i.Volumes) != 2 || i.Volumes[1].ID != "b" {
		t.Errorf("volumes %v, error %v; want both pages", i.Volumes, err)
	}
}

func TestReadStatesWithoutPulumi(t *testing.T) {
	if _, err := ReadStates(t.Context(), "no-such-pulumi", "."); err == nil || !strings.Contains(err.Error(), "pulumi stack ls") {
		t.Errorf("err = %v, want it to name the command", err)
	}
}
