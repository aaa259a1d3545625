package stack

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"doks-security/components"
	"doks-security/stack/field"
	"doks-security/values"
)

// What DOKS' own pods ask for on every node (cilium, csi-do-node, do-node-agent, konnectivity, coredns, ...).
var doksPerNode = values.Resources{MilliCPU: 522, MiB: 694}

var (
	droplet      = regexp.MustCompile(`^(s|g|gd|m|m3|m6|so|so1_5|gpu)-([0-9]+)vcpu-([0-9]+)gb(-[a-z0-9-]+)?$`)
	cpuOptimized = regexp.MustCompile(`^c(2)?-([0-9]+)(vcpu-([0-9]+)gb)?(-[a-z0-9-]+)?$`)
)

// Allocatable is what pods may use of a node, by its size's slug; false for a size too small or unknown. DigitalOcean
// keeps 100m CPU and, by size, a growing share of the memory (docs.digitalocean.com, Kubernetes limits).
func Allocatable(size string) (values.Resources, bool) {
	var cpus, gb int
	if match := droplet.FindStringSubmatch(size); match != nil {
		cpus, _ = strconv.Atoi(match[2])
		gb, _ = strconv.Atoi(match[3])
	} else if match := cpuOptimized.FindStringSubmatch(size); match != nil {
		cpus, _ = strconv.Atoi(match[2])
		if gb, _ = strconv.Atoi(match[4]); gb == 0 {
			gb = 2 * cpus
		}
	}
	if cpus < 2 || gb < 4 {
		return values.Resources{}, false
	}
	mib := 2561
	switch {
	case gb >= 64:
		mib = gb * 1024 * 91 / 100
	case gb >= 16:
		mib = gb * 1024 * 83 / 100
	case gb >= 8:
		mib = 6694
	}
	return values.Resources{MilliCPU: cpus*1000 - 100, MiB: mib}, true
}

// Demand is what the stack's pods request: on every node, and in total elsewhere.
func Demand(s Settings) (perNode, shared values.Resources) {
	for _, r := range s.rendered() {
		perNode, shared = perNode.Plus(r.PerNode, 1), shared.Plus(r.Shared, 1)
	}
	return perNode, shared
}

// Room is what the minimum number of nodes leaves next to DOKS' own pods, where no taint keeps this stack off.
func Room(s Settings) (nodes int, room values.Resources) {
	for _, p := range s.Cluster.Pools {
		if slices.ContainsFunc(p.Taints, func(t components.Taint) bool { return t.Effect != "PreferNoSchedule" }) {
			continue
		}
		size, _ := Allocatable(p.Size)
		room = room.Plus(size, p.MinNodes()).Plus(doksPerNode, -p.MinNodes())
		nodes += p.MinNodes()
	}
	return nodes, room
}

// validateCapacity refuses pools on which the stack cannot be scheduled: pods would stay Pending, and the releases time
// out one after the other. The nodes of an existing cluster are not known.
func validateCapacity(s Settings, faults *field.Errors) {
	if s.Cluster.external() {
		return
	}
	perNode, need := Demand(s)
	nodes, room := Room(s)
	have := room.Plus(perNode, -nodes)
	if replicas := replicas(s); nodes < replicas {
		faults.Add("cluster.pools", describe(s.Cluster.Pools),
			fmt.Sprintf("at least %d untainted nodes: that many replicas keep apart from each other", replicas),
			"raise the first pool's count or autoScale.min")
	}
	if have.MilliCPU < need.MilliCPU || have.MiB < need.MiB {
		faults.Add("cluster.pools", describe(s.Cluster.Pools),
			fmt.Sprintf("room for %dm CPU and %d MiB in addition to what runs on every node; "+
				"the minimum number of these nodes leaves %dm and %d MiB",
				need.MilliCPU, need.MiB, max(0, have.MilliCPU), max(0, have.MiB)),
			"add nodes to an untainted pool, or choose a larger size")
	}
}

// replicas is how many nodes required anti-affinity takes.
func replicas(s Settings) int {
	most := 1
	for _, r := range s.rendered() {
		most = max(most, r.Apart)
	}
	return most
}

// describe prints pools the way a person sees them.
func describe(pools []components.Pool) string {
	text := ""
	for i, p := range pools {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%d x %s", p.MinNodes(), p.Size)
	}
	return text
}

// nodes is the minimum number of nodes of all pools; three are assumed of a cluster that is managed elsewhere.
func (s Settings) nodes() int {
	if s.Cluster.external() {
		return 3
	}
	total := 0
	for _, p := range s.Cluster.Pools {
		total += p.MinNodes()
	}
	return total
}

// Estimates, rounded up to a GiB: what a quiet cluster of this size writes. A sample takes about 1.5 bytes; a cluster
// of this stack holds about 35,000 series and 6,000 more a node; a node logs about 200 MB a day, a tenth of it
// compressed.
const (
	bytesPerSample = 1.5
	seriesShared   = 35_000
	seriesPerNode  = 6_000
	logMBPerNode   = 20 // a day, compressed
)

var scrapeInterval = map[Profile]time.Duration{Dev: time.Minute, Prod: 30 * time.Second}

func prometheusGiB(s Settings, kept time.Duration) int {
	samples := float64(seriesShared+seriesPerNode*s.nodes()) * kept.Seconds() / scrapeInterval[s.Profile].Seconds()
	return int(samples*bytesPerSample/(1<<30)/0.8) + 1 // a fifth of the volume is the write-ahead log's
}

func lokiGiB(s Settings, kept time.Duration) int {
	return int(float64(logMBPerNode*s.nodes())*kept.Hours()/24/1024) + 1
}
