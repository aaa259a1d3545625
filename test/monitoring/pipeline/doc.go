// Package pipeline runs the programs that carry an event to people, on loopback and with the configuration that the
// stack renders: Falco's JSON goes to falcosidekick, from there to Alertmanager and the UI, Prometheus scrapes and
// evaluates the stack's rules, and Alertmanager notifies a Sink, which keeps what people would get.
//
//	l := pipeline.New(dir, true)
//	sink, err := pipeline.NewSink()
//	alertmanager, err := l.StartAlertmanager(ctx, sink, pipeline.AlertmanagerArgs{Profile: "dev", Settings: settings})
//	falcosidekick, err := l.StartFalcosidekick(ctx, pipeline.FalcosidekickArgs{Profile: "dev", Alertmanagers: ...})
//	err = falcosidekick.Send(ctx, pipeline.Event{Rule: "Terminal shell in container", Priority: "Notice"})
//
// Only addresses, ports, paths and credentials are adapted; durations are, where a test asks for it. A program is the
// file that its variable names, the one on PATH, or built from its Go module (Program.Find); tests build none. One that
// cannot be had is an *Unavailable, with the reason: tests skip then. Programs under the AGPL (Loki) are run, and
// nothing of theirs is linked.
package pipeline
