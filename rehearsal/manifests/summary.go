package manifests

import (
	"doks-security/rehearsal/program"
	"doks-security/rehearsal/review"
	"doks-security/stack"
)

// summarise counts what a stack asks for and costs.
func summarise(o Options, i *program.Installation) review.Summary {
	s := review.Summary{Stack: o.Stack, Kubernetes: kubernetes(i), StandIns: o.Archives == nil}
	if o.Archives != nil {
		s.Notes = o.Archives.Notes
	}
	nodes, room := stack.Room(i.Settings)
	perNode, shared := stack.Demand(i.Settings)
	s.Nodes, s.Room = nodes, review.Resources(room)
	if nodes > 0 {
		s.Free = review.Resources{
			MilliCPU: room.MilliCPU - nodes*perNode.MilliCPU - shared.MilliCPU,
			MiB:      room.MiB - nodes*perNode.MiB - shared.MiB,
		}
	}
	return s
}
