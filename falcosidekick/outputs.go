// Package falcosidekick knows the outputs of the falcosidekick that the stack installs: their keys and types, which are
// secrets, and what each needs to be used. outputs.json has them, generated from falcosidekick's source.
//
// A stack file sets outputs with the keys of falcosidekick's documentation, in lower case:
//
//	runtimeSecurity:
//	  outputs:
//	    splunk: {host: "https://splunk.example.org:8088/services/collector/event", token: {secure: ...}}
//
// falcosidekick reads them from its environment (https://github.com/falcosecurity/falcosidekick#configuration), which a
// Secret provides: none is in Helm values. The package knows nothing of Pulumi.
package falcosidekick

import (
	_ "embed"
	"encoding/json"
	"slices"
	"strings"

	"doks-security/stack/field"
)

// Output is the configuration of an output as it is written in a stack file, such as {host: ..., s3: {bucket: ...}}.
type Output map[string]any

// Outputs are configurations by output.
type Outputs map[string]Output

// declaration is an output in outputs.json.
type declaration struct {
	// Keys are those that falcosidekick reads from its environment, each with its type; nested ones as s3.bucket.
	Keys map[string]string `json:"keys"`
	// Parts are what the output delivers to: most have one.
	Parts []part `json:"parts"`
}

// part is a destination of an output.
type part struct {
	Needs []string `json:"needs"` // keys without which falcosidekick does not use it
	// Destination is its label in the metric falcosecurity_falcosidekick_outputs_total; empty: it has none.
	Destination string `json:"destination,omitempty"`
	// Priority is the key of the lowest priority that is delivered; empty: there is none.
	Priority string `json:"priority,omitempty"`
}

// The types of keys.
const (
	secret  = "secret" // a string
	boolean = "boolean"
	integer = "integer"
	list    = "list"     // of strings
	headers = "headers"  // names and secret values, which falcosidekick separates by commas and colons
	jsonMap = "jsonMap"  // the same, as JSON
	pairs   = "pairs"    // names and values
	period  = "duration" // 5s
)

// source is outputs.json.
type source struct {
	Comment string                 `json:"comment"`
	Version string                 `json:"version"`
	Outputs map[string]declaration `json:"outputs"`
}

//go:embed outputs.json
var outputsFile []byte

var original = func() source {
	var s source
	if err := json.Unmarshal(outputsFile, &s); err != nil {
		panic(err) // a test of this package reads it first
	}
	return s
}()

// taken are outputs that a stack file may not set, with the reason and what to use.
var taken = map[string][2]string{
	"alertmanager": {"the stack sets it",
		"use alerting.receivers; runtimeSecurity.alertmanagerFrom is the lowest priority"},
	"webui":        {"the stack sets it", "remove it: falcosidekick-ui is installed"},
	"kubeless":     {"it calls the Kubernetes API, which falcosidekick's pod may not", "use webhook"},
	"openfaas":     {"it calls the Kubernetes API, which falcosidekick's pod may not", "use webhook"},
	"fission":      {"it calls the Kubernetes API, which falcosidekick's pod may not", "use webhook"},
	"policyreport": {"it writes objects of the whole cluster, which falcosidekick's pod may not", "use webhook"},
}

// names are the outputs that a stack file may set.
func names() []string {
	var all []string
	for name := range original.Outputs {
		if _, is := taken[name]; !is {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// flat returns the values of an output by key, nested ones as s3.bucket. A key that is declared is not descended into.
func (d declaration) flat(output Output) map[string]any {
	all := map[string]any{}
	var add func(prefix string, object map[string]any)
	add = func(prefix string, object map[string]any) {
		for key, value := range object {
			path := prefix + key
			inner, nested := value.(map[string]any)
			if _, known := d.Keys[path]; nested && !known && !field.Encrypted(inner) && d.hasBelow(path) {
				add(path+".", inner)
				continue
			}
			all[path] = value
		}
	}
	add("", output)
	return all
}

// hasBelow reports whether there are keys such as s3.bucket below s3.
func (d declaration) hasBelow(path string) bool {
	for key := range d.Keys {
		if strings.HasPrefix(key, path+".") {
			return true
		}
	}
	return false
}
