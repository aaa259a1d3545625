package manifests

import (
	"doks-security/stack"
	"doks-security/test/digitalocean"
	"doks-security/test/prcomment"
	"doks-security/test/program"
)

// summarize counts what a stack asks for and costs.
func summarize(o Options, i *program.Installation) prcomment.Summary {
	s := prcomment.Summary{Stack: o.Stack, Kubernetes: kubernetes(i), StandIns: o.Archives == nil}
	if o.Archives != nil {
		s.Notes = o.Archives.Notes
	}
	prices := map[string]float64{} // those of the simulated API
	for _, size := range digitalocean.Sizes() {
		prices[size.Slug] = size.PriceMonthly
	}
	if cost, err := stack.MonthlyCost(i.Settings, prices); err == nil { // a size without a price: not known
		s.MonthlyCostUSD = &cost.Total
	}
	nodes, room := stack.Room(i.Settings)
	perNode, shared := stack.Demand(i.Settings)
	s.Nodes, s.Room = nodes, prcomment.Resources(room)
	if nodes > 0 {
		s.Free = prcomment.Resources{
			MilliCPU: room.MilliCPU - nodes*perNode.MilliCPU - shared.MilliCPU,
			MiB:      room.MiB - nodes*perNode.MiB - shared.MiB,
		}
	}
	return s
}
