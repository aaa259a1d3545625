package digitalocean

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/digitalocean/godo"
)

// versions are those a new cluster can have, newest first.
var versions = []string{"1.35.1-do.1", "1.34.3-do.2", "1.34.3-do.0", "1.33.7-do.0"}

// Versions returns the DOKS versions a new cluster can have, newest first.
func Versions() []string { return slices.Clone(versions) }

// NewestMinor is the newest minor version of Kubernetes that a new cluster can have, such as 1.34.
func NewestMinor() string { return fmt.Sprintf("1.%d", minor(versions[0])) }

// Offer replaces the versions that DOKS offers, newest first: what is not among them is no longer offered.
func (s *Simulator) Offer(versions ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.versions = versions
}

func version(slug string) *godo.KubernetesVersion {
	return &godo.KubernetesVersion{Slug: slug, KubernetesVersion: strings.Split(slug, "-")[0], SupportedFeatures: []string{
		"cluster-autoscaler", "docr-integration", "token-authentication", "ha-control-plane",
	}}
}

// resolve finds the newest offered version of a request: a slug, a minor ("1.34") or "latest".
func (s *Simulator) resolve(wanted string) (slug string, found bool) {
	for _, v := range s.versions {
		if v == wanted || wanted == "latest" || wanted != "" && strings.HasPrefix(v, wanted+".") {
			return v, true
		}
	}
	return "", false
}

// minor is the y of a slug 1.y.z-do.n.
func minor(slug string) int {
	var y int
	_, _ = fmt.Sscanf(slug, "1.%d.", &y) // 0 of what is no version
	return y
}

// upgrades are the versions a cluster of a version can be upgraded to, newest first: newer ones of its minor, and only
// from the newest of these to the next minor. See
// https://docs.digitalocean.com/products/kubernetes/how-to/upgrade-cluster/ and
// https://github.com/digitalocean/terraform-provider-digitalocean/issues/708.
func upgrades(current string, offered []string) []string {
	var patches, minors []string
	for _, v := range offered {
		switch {
		case minor(v) == minor(current) && newer(v, current):
			patches = append(patches, v)
		case minor(v) == minor(current)+1:
			minors = append(minors, v)
		}
	}
	if len(patches) > 0 {
		return patches
	}
	return minors
}

// newer compares slugs of the same minor.
func newer(a, b string) bool {
	parts := func(slug string) (z, n int) {
		var y int
		_, _ = fmt.Sscanf(slug, "1.%d.%d-do.%d", &y, &z, &n) // 0 of what is no version
		return z, n
	}
	az, an := parts(a)
	bz, bn := parts(b)
	return az > bz || az == bz && an > bn
}

func (s *Simulator) listUpgrades(w http.ResponseWriter, _ *http.Request, c *cluster) {
	var available []*godo.KubernetesVersion // null when the cluster is up to date
	for _, v := range upgrades(c.VersionSlug, s.versions) {
		available = append(available, version(v))
	}
	reply(w, http.StatusOK, "available_upgrade_versions", available)
}

func (s *Simulator) upgradeCluster(w http.ResponseWriter, r *http.Request, c *cluster) {
	var request godo.KubernetesClusterUpgradeRequest
	if !read(w, r, &request) {
		return
	}
	if !slices.Contains(upgrades(c.VersionSlug, s.versions), request.VersionSlug) {
		invalid(w, "invalid upgrade path") // of terraform-provider-digitalocean#708
		return
	}
	c.VersionSlug, c.UpdatedAt = request.VersionSlug, now()
	w.WriteHeader(http.StatusAccepted)
}
