package lint

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Falco is a release of Falco with what its image brings.
type Falco struct {
	Version string
	// Engine is the version that required_engine_version is compared with.
	Engine string
	// ContainerPlugin is the version that required_plugin_versions is compared with. It provides the fields container.*
	// and k8s.*; no other plugin is loaded.
	ContainerPlugin string
}

// Supported are the releases that rules are checked for, the oldest first: userspace/engine/falco_engine_version.h and
// the falcoctl.yaml of each release say what they bring.
var Supported = []Falco{
	{Version: "0.43.1", Engine: "0.58.0", ContainerPlugin: "0.6.4"},
	{Version: "0.44.1", Engine: "0.62.0", ContainerPlugin: "0.7.1"},
}

// FindFalco returns a supported release by its version, in full or as major and minor version.
func FindFalco(version string) (Falco, error) {
	i := slices.IndexFunc(Supported, func(f Falco) bool {
		return f.Version == version ||
			strings.HasPrefix(f.Version, version+".")
	})
	if i < 0 {
		return Falco{}, fmt.Errorf("Falco %s is not known to the linter: add its engine and container plugin to "+
			"rules/lint/falco.go", version)
	}
	return Supported[i], nil
}

// since is true of a release that is not older than the given major and minor version.
func (f Falco) since(version string) bool {
	return slices.Compare(minor(f.Version), minor(version)) >= 0
}

// minor are the first two numbers of a version.
func minor(version string) []int {
	numbers := make([]int, 2)
	for i, text := range strings.SplitN(version, ".", 3)[:2] {
		numbers[i], _ = strconv.Atoi(text)
	}
	return numbers
}

// compatible is true when what is there satisfies a requirement: the same major version, and not older.
func compatible(have, required string) bool {
	h, err := parseVersion(have)
	if err != nil {
		return false
	}
	r, err := parseVersion(required)
	return err == nil && h[0] == r[0] && slices.Compare(h[:], r[:]) >= 0
}

// releases names versions for messages: "0.43.1 and 0.44.1".
func releases(versions []string) string { return strings.Join(versions, " and ") }
