// Package lint reads Falco's rule files the way Falco does and says what is wrong with them, with file, line and
// column: on a machine without Falco, before anything is deployed.
//
// Load parses the files in their order, resolves lists, macros and overrides, and checks every condition and output:
// its grammar, fields, operators, values, the names it refers to, and that the rule is restricted to event types.
// Ruleset.Fires evaluates the rules on an event made by hand; Cases are such events with the rules they must fire.
// ReadSuites reads a directory of rules with its cases, Clauses shows which clauses no case needs. Engine asks a real
// Falco about the same files. The command falcotest (rules/cmd/falcotest) is all of this for a directory of rules.
//
// It follows the sources of the releases in Supported: Falco's rule loader
// (https://github.com/falcosecurity/falco/tree/0.44.1/userspace/engine) and the filters of libsinsp
// (https://github.com/falcosecurity/libs/tree/0.25.4/userspace/libsinsp), with the container plugin's fields. What
// these say of 309 files is in testdata/verdicts, and a test holds the package against it.
//
// An error is what Falco refuses. A warning is what Falco warns of, under Falco's name, or what Falco silently takes
// for something else, under a name in lower case; a comment `# lint:accept <name>` accepts it. A notice is a warning
// that needs no action.
package lint
