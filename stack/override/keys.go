package override

import (
	"encoding/json"
	"fmt"

	"helm.sh/helm/v3/pkg/chart"

	"doks-security/charts/chartfile"
	"doks-security/stack/field"
)

// Keys refuses keys that the chart does not know.
func (f File) Keys(c *chart.Chart, errs *field.Errors) {
	unknown := chartfile.Unknown(c, f.Values, func(path string) bool { return chartfile.Copied(c.Name(), path) })
	for _, key := range unknown {
		allowed := fmt.Sprintf("a value that the chart %s %s knows: see its values.yaml", c.Name(), c.Metadata.Version)
		fix := "correct its spelling and its place, or remove it"
		switch {
		case key.Has != "":
			allowed = fmt.Sprintf("no map: the chart %s %s has %q there", c.Name(), c.Metadata.Version, key.Has)
		case key.Closest != "":
			fix = fmt.Sprintf("write %s, or remove it", key.Closest)
		}
		errs.Add(f.key(key.Path), f.at(key.Path), allowed, fix)
	}
}

// at is the value at a path of the file, as a message shows it.
func (f File) at(path string) any {
	for _, l := range leaves("", f.Values) {
		if l.path == path {
			return shown(path, l.value)
		}
	}
	return json.Number("a map")
}
