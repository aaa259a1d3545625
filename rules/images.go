package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"gopkg.in/yaml.v3"

	"doks-security/rules/lint"
)

// imageMacros name the images of control planes. They are the only list: the admission policy and Prometheus' inventory
// are made of it.
var imageMacros = []string{"virtual_cluster_image", "nested_control_plane_image"}

var imageSuffix = regexp.MustCompile(`container\.image\.repository endswith "/?([^"]+)"`)

// processList names the programs of control planes.
const processList = "nested_control_plane_processes"

// entry is an element of a file of Falco rules.
type entry struct {
	Macro, Condition string
	List             string
	Items            []string
}

// entries are those of all our files, read once.
var entries = sync.OnceValues(func() ([]entry, error) {
	contents, err := Files(lint.Stable, nil)
	if err != nil {
		return nil, err
	}
	var all []entry
	for name, content := range contents {
		var some []entry
		if err := yaml.Unmarshal([]byte(content), &some); err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		all = append(all, some...)
	}
	return all, nil
})

// ControlPlaneImages returns how the repositories of control planes' images end, as Falco's rules have them:
// "vcluster-pro", "kindest/node". A leading slash is left out.
func ControlPlaneImages() ([]string, error) {
	all, err := entries()
	if err != nil {
		return nil, err
	}
	var images []string
	for _, e := range all {
		if !slices.Contains(imageMacros, e.Macro) {
			continue
		}
		for _, match := range imageSuffix.FindAllStringSubmatch(e.Condition, -1) {
			images = append(images, match[1])
		}
	}
	slices.Sort(images)
	return images, nil
}

// ControlPlaneProcesses returns the names of the programs of control planes, as Falco's rules have them.
func ControlPlaneProcesses() ([]string, error) {
	all, err := entries()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(e entry) bool { return e.List == processList })
	if i < 0 {
		return nil, fmt.Errorf("the rules have no list %s", processList)
	}
	return slices.Clone(all[i].Items), nil
}

// ControlPlaneImageEnds returns the alternatives of a regular expression in RE2's syntax, as CEL and Prometheus read
// it, for how the repositories of control planes' images end.
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
