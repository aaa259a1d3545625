package falcosidekick

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// concurrency is how many requests an output of HTTP has at a time, unless a stack file sets it: with one, which is
// falcosidekick's default, it delivers 100 events a second where an answer takes 10 ms.
const concurrency = "10"

// Environment is what falcosidekick reads outputs from; Validate has checked them.
func (o Outputs) Environment() map[string]string {
	environment := map[string]string{}
	for name, output := range o {
		declared := original.Outputs[name]
		values := declared.flat(output)
		if _, known := declared.Keys["maxconcurrentrequests"]; known {
			environment[variable(name, "maxconcurrentrequests")] = concurrency
		}
		for key, value := range values {
			environment[variable(name, key)] = text(declared.Keys[key], value)
		}
	}
	return environment
}

func variable(output, key string) string {
	return strings.ToUpper(strings.ReplaceAll(output+"."+key, ".", "_"))
}

// text is a value as falcosidekick reads it.
func text(kind string, value any) string {
	switch v := value.(type) {
	case float64:
		return fmt.Sprintf("%.0f", v)
	case []any:
		var all []string
		for _, element := range v {
			all = append(all, fmt.Sprint(element))
		}
		return strings.Join(all, ",")
	case map[string]any:
		if kind == jsonMap {
			encoded, _ := json.Marshal(v) // of strings
			return string(encoded)
		}
		var all []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			all = append(all, fmt.Sprintf("%s:%v", name, v[name]))
		}
		return strings.Join(all, ",")
	}
	return fmt.Sprint(value)
}

// Destination is where events of a priority are delivered.
type Destination struct {
	Name string // the label destination of falcosecurity_falcosidekick_outputs_total
	From string // the lowest priority; empty: every event
}

// Destinations are those of the outputs that have a counter of deliveries, by name.
func (o Outputs) Destinations() []Destination {
	var all []Destination
	for _, name := range slices.Sorted(maps.Keys(o)) {
		declared := original.Outputs[name]
		values := declared.flat(o[name])
		for _, p := range declared.Parts {
			if p.Destination == "" || (declaration{Parts: []part{p}}).missing(values) != "" {
				continue
			}
			from, _ := values[p.Priority].(string)
			all = append(all, Destination{p.Destination, from})
		}
	}
	return all
}
