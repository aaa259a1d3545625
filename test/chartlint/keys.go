package chartlint

import (
	"fmt"

	"helm.sh/helm/v3/pkg/chart"

	"doks-security/charts/chartfile"
)

// Keys are the errors of values that the chart does not know, but for chartfile.ReviewedKeys; used collects those of
// them that it needed.
func Keys(c *chart.Chart, given map[string]any, used map[string]bool) []error {
	var errs []error
	for _, key := range chartfile.Unknown(c, given, func(path string) bool {
		used[path] = true
		return chartfile.ReviewedKeys[c.Name()][path] != ""
	}) {
		has := ""
		if key.Has != "" {
			has = fmt.Sprintf(" (an object; the chart has %s)", key.Has)
		}
		errs = append(errs, fmt.Errorf("%s%s: chart %s %s knows no such value", key.Path, has, c.Name(),
			c.Metadata.Version))
	}
	return errs
}
