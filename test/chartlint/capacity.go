package chartlint

import (
	"fmt"

	"doks-security/charts/pods"
	"doks-security/stack"
	"doks-security/values"
)

// VolumesPerNode is how many block storage volumes DigitalOcean attaches to a Droplet.
const VolumesPerNode = 7

// Rendered compares what is requested with what the program counts on.
func Rendered(s stack.Settings, d pods.Demand) []error {
	perNode, shared := stack.Demand(s)
	if perNode == d.PerNode && shared == d.Shared {
		return nil
	}
	return []error{fmt.Errorf("values/rendered.yaml has %+v on every node and %+v elsewhere, pods request %+v and %+v: "+
		"`make rendered`",
		perNode, shared, d.PerNode, d.Shared)}
}

// Capacity compares what is requested with the nodes of the settings.
func Capacity(s stack.Settings, d pods.Demand) []error {
	var errs []error
	short := func(what string, has, needs values.Resources) {
		if has.MilliCPU < needs.MilliCPU || has.MiB < needs.MiB {
			errs = append(errs, fmt.Errorf("%s: %dm CPU and %d MiB, pods ask for %dm and %d MiB",
				what, has.MilliCPU, has.MiB, needs.MilliCPU, needs.MiB))
		}
	}
	nodes, room := stack.Room(s)
	left := room.Plus(d.PerNode, -nodes)
	short(fmt.Sprintf("%d nodes leave", nodes), left, d.Shared)
	if nodes > 0 {
		short("a node leaves one pod", values.Resources{MilliCPU: left.MilliCPU / nodes, MiB: left.MiB / nodes}, d.Largest)
	}
	if d.Volumes() > nodes*VolumesPerNode {
		errs = append(errs, fmt.Errorf("%d nodes take %d volumes, pods ask for %d", nodes, nodes*VolumesPerNode,
			d.Volumes()))
	}
	if nodes < d.Apart {
		errs = append(errs, fmt.Errorf("%d nodes, and %d replicas that share none", nodes, d.Apart))
	}
	return errs
}
