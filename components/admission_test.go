package components

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"doks-security/rules"
)

// The admission policy and Prometheus' inventory know the same images: those of Falco's rules.
func TestAdmissionKnowsTheImagesOfTheInventory(t *testing.T) {
	objects, err := AdmissionObjects(&AdmissionArgs{Mode: AdmissionWarn})
	if err != nil {
		t.Fatal(err)
	}
	expression := ""
	for _, v := range objects[0]["spec"].(map[string]any)["variables"].([]any) {
		if variable := v.(map[string]any); variable["name"] == "byImage" {
			expression = fmt.Sprint(variable["expression"])
		}
	}
	_, rest, _ := strings.Cut(expression, "p.image.matches('")
	text, _, found := strings.Cut(rest, "')")
	if !found {
		t.Fatalf("no pattern in %s", expression)
	}
	inventory, err := rules.ControlPlaneImagePattern()
	if err != nil {
		t.Fatal(err)
	}
	policy, whole := regexp.MustCompile(text), regexp.MustCompile(`\A(?:`+inventory+`)\z`)
	images, err := rules.ControlPlaneImages()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"k3s", "k0s", "kindest/node", "kamaji", "kcp-dev/kcp", "vcluster-pro"} {
		if !strings.Contains(" "+strings.Join(images, " ")+" ", " "+want+" ") {
			t.Errorf("Falco's rules do not name %s", want)
		}
	}
	for _, image := range append(images, "library/nginx", "vcluster", "node") {
		for _, registry := range []string{"", "ghcr.io/", "registry.example.org:5000/proxy/", "my-"} {
			for _, tag := range []string{"", ":1.2.3", "@sha256:00", ":1.2.3@sha256:00", "-tools:1"} {
				name := registry + image + tag
				if got, want := policy.MatchString(name), whole.MatchString(name); got != want {
					t.Errorf("%s: %v at admission, %v in the inventory", name, got, want)
				}
			}
		}
	}
}
