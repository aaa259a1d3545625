package stack

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"doks-security/components"
	"doks-security/stack/field"
	"doks-security/values"
)

// What DOKS' own pods ask for on every node (cilium, csi-do-node, do-node-agent, konnectivity, coredns, ...).
var doksPerNode = values.Resources{MilliCPU: 522, MiB: 694}

// Demand is what the stack's pods request: on every node, and in total elsewhere.
func Demand(s Settings) (perNode, shared values.Resources) {
	for _, r := range s.rendered() {
		perNode, shared = perNode.Plus(r.PerNode, 1), shared.Plus(r.Shared, 1)
	}
	return perNode, shared
}

// Room is what the minimum number of nodes leaves next to DOKS' own pods, where no taint keeps this stack off. Nodes of
// a size that is not known have none.
func Room(s Settings) (nodes int, room values.Resources) {
	for _, p := range s.Cluster.Pools {
		if size, known := s.allocatable(p.Size); known && !p.Tainted() {
			room = room.Plus(size, p.MinNodes()).Plus(doksPerNode, -p.MinNodes())
			nodes += p.MinNodes()
		}
	}
	return nodes, room
}

// sizesAreKnown reports whether the capacity can be checked: without an account the sizes of some nodes are not known.
func (s Settings) sizesAreKnown() bool {
	return !slices.ContainsFunc(s.Cluster.Pools, func(p components.Pool) bool {
		_, known := s.allocatable(p.Size)
		return !known && !p.Tainted() && p.MaxNodes() > 0
	})
}

// validateCapacity refuses pools on which the stack cannot be scheduled: pods would stay Pending, and the releases time
// out one after the other. The nodes of an existing cluster are not known.
func validateCapacity(s Settings, errs *field.Errors) {
	if s.Cluster.external() || !s.sizesAreKnown() {
		return
	}
	perNode, need := Demand(s)
	if refuseSmall(s, perNode, errs) {
		return
	}
	nodes, room := Room(s)
	have := room.Plus(perNode, -nodes)
	if replicas := replicas(s); nodes < replicas {
		errs.Add("cluster.pools", describe(s.Cluster.Pools),
			fmt.Sprintf("at least %d untainted nodes: that many replicas keep apart from each other", replicas),
			"raise the first pool's count or autoScale.min")
	}
	if have.MilliCPU < need.MilliCPU || have.MiB < need.MiB {
		errs.Add("cluster.pools", describe(s.Cluster.Pools),
			fmt.Sprintf("room for %dm CPU and %d MiB in addition to what runs on every node; "+
				"the minimum number of these nodes leaves %dm and %d MiB",
				need.MilliCPU, need.MiB, max(0, have.MilliCPU), max(0, have.MiB)),
			"add nodes to an untainted pool, or choose a larger size")
	}
}

// refuseSmall refuses untainted pools whose nodes are too small for what runs on every node.
func refuseSmall(s Settings, perNode values.Resources, errs *field.Errors) (refused bool) {
	for i, p := range s.Cluster.Pools {
		if p.Tainted() || s.holds(p, perNode) {
			continue
		}
		need := perNode.Plus(doksPerNode, 1)
		errs.Add(fmt.Sprintf("cluster.pools[%d].size", i), p.Size,
			fmt.Sprintf("a size that leaves pods %dm CPU and %d MiB, which those of every node request, DOKS' own among "+
				"them: s-2vcpu-4gb or larger", need.MilliCPU, need.MiB),
			"choose a larger size, or give the pool a taint with the effect NoSchedule for pods that tolerate it")
		refused = true
	}
	return refused
}

// holds reports whether a node of the pool has room for the pods that run on every node; true where it is not known.
func (s Settings) holds(p components.Pool, perNode values.Resources) bool {
	size, known := s.allocatable(p.Size)
	left := size.Plus(doksPerNode, -1).Plus(perNode, -1)
	return !known || left.MilliCPU >= 0 && left.MiB >= 0
}

// smallPools is a warning about tainted pools whose nodes are too small for what runs on every node; empty without one.
func (s Settings) smallPools() string {
	perNode, _ := Demand(s)
	var names []string
	for _, p := range s.Cluster.Pools {
		if p.Tainted() && !s.holds(p, perNode) {
			names = append(names, fmt.Sprintf("%s (%s)", p.Name, p.Size))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf("Nodes of %s may be too small for the pods that run on every node, which request %dm CPU and "+
		"%d MiB in addition to DOKS' own: where Falco and Alloy stay Pending, nothing is detected and no logs are "+
		"collected; `kubectl get pods -A --field-selector status.phase=Pending` lists them",
		strings.Join(names, ", "), perNode.MilliCPU, perNode.MiB)
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
