package digitalocean

import (
	"net/http"
	"slices"
	"testing"

	"github.com/digitalocean/godo"
)

func TestUpgrades(t *testing.T) {
	offered := []string{"1.36.0-do.0", "1.35.1-do.1", "1.34.3-do.2", "1.34.3-do.0", "1.33.7-do.0"}
	for _, c := range []struct {
		name, current string
		available     []string
	}{
		{"the newest", "1.36.0-do.0", nil},
		{"to the next minor from the newest patch", "1.35.1-do.1", []string{"1.36.0-do.0"}},
		{"to newer patches first", "1.34.3-do.0", []string{"1.34.3-do.2"}},
		{"to a newer patch by number, not by letter", "1.35.0-do.10", []string{"1.35.1-do.1"}},
		{"to the next minor only", "1.33.7-do.0", []string{"1.34.3-do.2", "1.34.3-do.0"}},
		{"from a patch that is no longer offered", "1.33.1-do.0", []string{"1.33.7-do.0"}},
		{"from a minor that is no longer offered", "1.32.9-do.1", []string{"1.33.7-do.0"}},
		{"over a minor that is no longer offered", "1.31.9-do.1", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fake{}
			s, api := open(t, f)
			s.Offer(c.current)
			cluster := running(t, f, api, func(r *godo.KubernetesClusterCreateRequest) { r.VersionSlug = c.current })
			s.Offer(offered...)
			available, _, err := api.Kubernetes.GetUpgrades(t.Context(), cluster.ID)
			if err != nil {
				t.Fatal(err)
			}
			var slugs []string
			for _, v := range available {
				slugs = append(slugs, v.Slug)
			}
			if !slices.Equal(slugs, c.available) {
				t.Errorf("available upgrades %v, want %v", slugs, c.available)
			}
			for _, wanted := range append([]string{c.current, "1.20.2-do.0"}, offered...) {
				_, err := api.Kubernetes.Upgrade(t.Context(), cluster.ID,
					&godo.KubernetesClusterUpgradeRequest{VersionSlug: wanted})
				if slices.Contains(c.available, wanted) {
					if err != nil {
						t.Errorf("upgrade to %s: %v", wanted, err)
					}
					return // the cluster has another version now
				}
				if status(err) != http.StatusUnprocessableEntity || message(err) != "invalid upgrade path" {
					t.Errorf("upgrade to %s: err = %v, want a 422", wanted, err)
				}
			}
		})
	}
}

func TestVersionsAreNoLongerOffered(t *testing.T) {
	s, c := open(t, &fake{})
	s.Offer("1.36.0-do.0")
	options, _, err := c.Kubernetes.GetOptions(t.Context())
	if err != nil || len(options.Versions) != 1 || options.Versions[0].Slug != "1.36.0-do.0" {
		t.Errorf("options %+v, %v; want the one version", options, err)
	}
	r := request(newVPC(t, c).ID)
	if _, _, err := c.Kubernetes.Create(t.Context(), r); message(err) != "validation error: invalid version slug" {
		t.Errorf("err = %v, want the version refused", err)
	}
	r.VersionSlug = "1.36.0-do.0"
	created, _, err := c.Kubernetes.Create(t.Context(), r)
	if err != nil || !created.HA {
		t.Errorf("created %+v, %v; want it highly available, as from 1.36 on", created, err)
	}
}
