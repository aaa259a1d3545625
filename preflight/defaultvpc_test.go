package preflight

import (
	"strings"
	"testing"

	"github.com/digitalocean/godo"
)

func TestDefaultVPC(t *testing.T) {
	for _, c := range []struct {
		name string
		vpc  *godo.VPC
		want string
	}{
		{"none yet", nil, ""},
		{"another is the default", &godo.VPC{Name: "doks-security-dev", RegionSlug: "fra1"}, ""},
		{"the cluster's", &godo.VPC{Name: "doks-security-dev", RegionSlug: "fra1", Default: true},
			"doctl vpcs create --name default-fra1 --region fra1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := DefaultVPC(c.vpc); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
				t.Errorf("warning %q, want %q", got, c.want)
			}
		})
	}
}
