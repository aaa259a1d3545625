// Package pipeline runs the programs that carry an event to people, on loopback and with the configuration that the
// stack renders: Falco's JSON goes to falcosidekick, from there to Alertmanager and the UI, Prometheus scrapes and
// evaluates the stack's rules, and Alertmanager notifies a Sink, which keeps what people would get.
//
//	stack, err := pipeline.Render("dev", "runtimeSecurity: {alertmanagerFrom: error}")
//	l := pipeline.New(dir, true)
//	sink, err := pipeline.NewSink()
//	alertmanager, err := l.StartAlertmanager(ctx, sink, pipeline.AlertmanagerArgs{Stack: stack})
//	falcosidekick, err := l.StartFalcosidekick(ctx, pipeline.FalcosidekickArgs{Stack: stack, Alertmanagers: ...})
//	err = falcosidekick.Send(ctx, pipeline.Event{Rule: "Terminal shell in container", Priority: "Notice"})
//
// The configuration is that of the releases and objects that the program makes of a stack file (Render). Adapted is:
//
//   - Alertmanager: every receiver's address is the Sink's, email is without login and TLS (Sink.address). Durations of
//     routes are divided, where a test asks for it (AlertmanagerArgs.Speed).
//   - falcosidekick: the addresses of Alertmanager and the UI; outputs without one are off. Its chart's template, which
//     makes environment variables of values, is done again (FalcosidekickArgs.env).
//   - Loki: the sections of its configuration that the values have, on this machine's disk (Lab.StartLoki).
//   - Prometheus: static targets instead of the discovery that prometheus-operator makes of ServiceMonitors, with their
//     job and metricRelabelings; the interval, where a test asks for it (PrometheusArgs.files).
//   - Alloy: files instead of the discovery of pods, Loki's address, and the node's name (AlloyArgs.config).
//
// Paths and listening addresses are those of the Lab. A program is the file that its variable names, the one on PATH,
// or built from its Go module (Program.Find); tests build none. One that cannot be had is an *Unavailable, with the
// reason: tests skip then. Programs under the AGPL (Loki) are run, and nothing of theirs is linked.
package pipeline
