package audit

import (
	"encoding/json"
	"fmt"
	"net/http"
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

// pulumi has one stack, dev, on its own cluster, and another on a cluster that others made.
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
			"load balancer gone 24.00", "project empty 0.00", "DNS record falco.old.example.org 0.00", "Spaces key old 0.00",
			"bucket bucket-old 0.00",
		}, []string{`stack "prod", which is not in this backend`, `its tag names stack "dev", whose state does not have it`,
			"187.40"}},
		{"without states", Account{}, []string{
			"cluster shared 88.00", "cluster foreign 48.00", "VPC shared 0.00", "VPC foreign 0.00", "VPC empty 0.00",
			"node gone-node 24.00",
			"volume pvc-gone 1.00", "volume pvc-unattached 2.00", "volume pvc-foreign 0.10", "snapshot of-gone 0.30",
			"load balancer gone 24.00", "project dev 0.00", "project empty 0.00",
			"DNS record grafana.example.org 0.00", "DNS record falco.old.example.org 0.00", "Spaces key dev 0.00",
			"Spaces key old 0.00",
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
		"/v2/volumes": http.StatusForbidden, "/v2/vpcs": http.StatusUnauthorized,
		"/v2/droplets": http.StatusInternalServerError,
	})})
	if err == nil || len(result.Findings) == 0 {
		t.Fatalf("%d findings, error %v; want both", len(result.Findings), err)
	}
	for _, want := range []string{"listing the volumes", "block_storage:read", "listing the VPCs", "expired or revoked",
		"listing the Droplets", "500"} {
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
	result, err := Run(t.Context(), Account{Client: serve(t,
		map[string]int{"/v2/kubernetes/clusters": http.StatusForbidden})})
	if err == nil || !strings.Contains(err.Error(), "kubernetes:read") || len(result.Findings) != 0 {
		t.Errorf("%d findings, err = %v; want none, and the scope", len(result.Findings), err)
	}
}

func TestPages(t *testing.T) {
	client := account(t, func(w http.ResponseWriter, r *http.Request) {
		links := map[string]any{"pages": map[string]any{"next": "https://example.org/?page=2",
			"last": "https://example.org/?page=2"}}
		page := map[string]any{"volumes": []godo.Volume{{ID: "a"}}, "links": links}
		if r.URL.Query().Get("page") == "2" {
			page = map[string]any{"volumes": []godo.Volume{{ID: "b"}},
				"links": map[string]any{"pages": map[string]any{"prev": "https://example.org/?page=1"}}}
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
	if _, err := ReadStates(t.Context(), "no-such-pulumi", "."); err == nil ||
		!strings.Contains(err.Error(), "pulumi stack ls") {
		t.Errorf("err = %v, want it to name the command", err)
	}
}
