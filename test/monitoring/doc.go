// Package monitoring tests what an operator sees with the engines that will run it: Prometheus' parser and rules,
// Alertmanager's loader and routes, Alloy's syntax. It is a separate module, for these engines are large; all of it
// is tests, but for the command that runs the pipeline (cmd/pipeline).
package monitoring
