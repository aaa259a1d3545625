package rules

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Prometheus' inventory finds the images that Falco's has cases for, and no others.
func TestControlPlaneImagePatternAgreesWithTheInventory(t *testing.T) {
	pattern, err := ControlPlaneImagePattern()
	if err != nil {
		t.Fatal(err)
	}
	whole := regexp.MustCompile(`\A(?:` + pattern + `)\z`)
	const seen = "Virtual Cluster Image Seen"
	compared := 0
	for _, s := range suites(t, declared) {
		for _, event := range s.Cases.Events() {
			image, approved := event["container.image.repository"], slices.Contains(event["k8s.ns.name"], "team-b")
			if !slices.Contains(event["evt.type"], "container") || image == nil || approved {
				continue
			}
			fired, err := s.Rules.Fires(event)
			if err != nil {
				t.Fatal(err)
			}
			for _, suffix := range []string{"", ":1.2.3", "@sha256:00", ":1.2.3@sha256:00", "-tools:1.2.3"} {
				want := slices.Contains(fired, seen) && !strings.HasPrefix(suffix, "-")
				if got := whole.MatchString(image[0] + suffix); got != want {
					t.Errorf("%s%s: %v by the pattern, %v by %s", image[0], suffix, got, want, seen)
				}
			}
			compared++
		}
	}
	images, err := ControlPlaneImages()
	if err != nil || compared < len(images) {
		t.Errorf("%d images compared of %v (%v)", compared, images, err)
	}
}

func TestControlPlaneImagePattern(t *testing.T) {
	pattern, err := ControlPlaneImagePattern()
	if err != nil {
		t.Fatal(err)
	}
	whole := regexp.MustCompile(`\A(?:` + pattern + `)\z`)
	for image, want := range map[string]bool{
		"k3s": true, "rancher/k3s:v1.35.1-k3s1": true, "mirror.example.org:5000/rancher/k3s@sha256:00": true,
		"kindest/node:v1.35.0": true, "ghcr.io/loft-sh/vcluster-pro:0.30.0": true, "loftsh/vcluster": true,
		"vectors/vcluster:1": false, "rancher/k3s-upgrade:v1": false, "example.org/my-k3s:1": false,
		"kindest/haproxy:v1": false,
	} {
		if got := whole.MatchString(image); got != want {
			t.Errorf("%s: %v, want %v", image, got, want)
		}
	}
}
