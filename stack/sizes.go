package stack

import (
	"regexp"
	"strconv"

	"doks-security/values"
)

// Sizes whose name says their CPUs and memory: s-2vcpu-4gb, so1_5-4vcpu-32gb-intel; c-4 has 2 GB a CPU.
var (
	namedSize    = regexp.MustCompile(`^[a-z0-9_]+-([0-9]+)vcpu-([0-9]+)gb(-[a-z0-9-]+)?$`)
	cpuOptimized = regexp.MustCompile(`^c-([0-9]+)(-[a-z0-9-]+)?$`)
)

// Allocatable is what pods may use of a node, by the name of its size; false for a name that does not say it, such as
// those of sizes with GPUs. A preview asks DigitalOcean's API instead; `make manifests` and tests have no account.
func Allocatable(size string) (values.Resources, bool) {
	if match := namedSize.FindStringSubmatch(size); match != nil {
		cpus, _ := strconv.Atoi(match[1]) // digits
		gb, _ := strconv.Atoi(match[2])
		return AllocatableOf(cpus, gb*1024), true
	}
	if match := cpuOptimized.FindStringSubmatch(size); match != nil {
		cpus, _ := strconv.Atoi(match[1])
		return AllocatableOf(cpus, 2*cpus*1024), true
	}
	return values.Resources{}, false
}

// AllocatableOf is what pods may use of a node with so many CPUs and MiB of memory. DigitalOcean keeps 100m CPU and, by
// size, a shrinking share of the memory:
// https://docs.digitalocean.com/products/kubernetes/details/limits/
func AllocatableOf(cpus, mib int) values.Resources {
	left := 1024
	switch gb := mib / 1024; {
	case gb >= 64:
		left = mib * 91 / 100
	case gb >= 16:
		left = mib * 83 / 100
	case gb >= 8:
		left = 6694
	case gb >= 4:
		left = 2561
	}
	return values.Resources{MilliCPU: max(0, cpus*1000-100), MiB: left}
}

// allocatable is what pods may use of a node of that size: as DigitalOcean's API reports it or, without an account, as
// its name says.
func (s Settings) allocatable(size string) (values.Resources, bool) {
	if known := s.offer.Size(size); known != nil && known.Vcpus > 0 {
		return AllocatableOf(known.Vcpus, known.Memory), true
	}
	return Allocatable(size)
}
