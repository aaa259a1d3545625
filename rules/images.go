package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"doks-security/rules/judge"
)

// imageMacros name the images of control planes. They are the only list: the admission policy and Prometheus' inventory
// are made of it.
var imageMacros = []string{"virtual_cluster_image", "nested_control_plane_image"}

var imageSuffix = regexp.MustCompile(`container\.image\.repository endswith "/?([^"]+)"`)

// ControlPlaneImages returns how the repositories of control planes' images end, as Falco's rules have them:
// "vcluster-pro", "kindest/node". A leading slash is left out.
func ControlPlaneImages() ([]string, error) {
	contents, err := Files(judge.Stable, nil)
	if err != nil {
		return nil, err
	}
	var images []string
	for name, content := range contents {
		var entries []struct{ Macro, Condition string }
		if err := yaml.Unmarshal([]byte(content), &entries); err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		for _, entry := range entries {
			if !slices.Contains(imageMacros, entry.Macro) {
				continue
			}
			for _, match := range imageSuffix.FindAllStringSubmatch(entry.Condition, -1) {
				images = append(images, match[1])
			}
		}
	}
	slices.Sort(images)
	return images, nil
}

// ControlPlaneImageEnds returns the alternatives of a regular expression in RE2's syntax, as CEL and Prometheus read it,
// for how the repositories of control planes' images end.
func ControlPlaneImageEnds() (string, error) {
	images, err := ControlPlaneImages()
	for i, image := range images {
		images[i] = regexp.QuoteMeta(image)
	}
	return strings.Join(images, "|"), err
}

// ControlPlaneImagePattern returns a regular expression in RE2's syntax that matches the whole name of a control
// plane's image as a pod has it, with its tag and digest and whatever registry is in front.
func ControlPlaneImagePattern() (string, error) {
	ends, err := ControlPlaneImageEnds()
	return "(.*/)?(" + ends + ")([:@].*)?", err
}
