// Package chartfile reads the archive of a Helm chart: which values it knows, and what it renders. It uses the code of
// Helm that needs no cluster: the loader, the schema of values, and the template engine
// (https://pkg.go.dev/helm.sh/helm/v3/pkg/engine).
//
//	chart, err := chartfile.Load(file)
//	unknown := chartfile.Unknown(chart, values, nil, nil)
//	objects, err := chartfile.Render(chart, target, values)
package chartfile

import (
	"fmt"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
)

// Load reads an archive, or a directory with an unpacked chart. Its digest is not checked: package charts does that.
func Load(file string) (*chart.Chart, error) {
	c, err := loader.Load(file)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	return c, nil
}
