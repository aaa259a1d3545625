// Package judge reads Falco's rule files the way Falco does and says what is wrong with them, with file, line and
// column: on a machine without Falco, before anything is deployed.
//
// Load parses the files in their order, resolves lists, macros and overrides, and checks every condition: its grammar,
// fields, operators, values, the names it refers to, and that the rule is restricted to event types. Ruleset.Fires
// evaluates the rules on an event made by hand; Cases are such events with the rules they must fire. Mutants shows which
// clauses no case needs. Engine asks a real Falco about the same files.
//
// It is stricter than Falco where Falco is silent: an unknown list name inside `in (...)` is a literal for Falco and a
// problem here. Accepted is what every supported engine accepts, from 0.57 (Falco 0.42) on.
package judge
