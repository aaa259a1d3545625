package preflight

import (
	"fmt"
	"slices"
	"strings"

	"github.com/digitalocean/godo"

	"doks-security/stack/field"
)

// sizes refuses sizes of nodes that DigitalOcean does not offer. A pool that runs keeps its size when it is no longer
// offered.
func sizes(offered []string, running *godo.KubernetesCluster, w Wanted, errs *field.Errors) {
	for i, p := range w.Pools {
		kept := running != nil && slices.ContainsFunc(running.NodePools, func(r *godo.KubernetesNodePool) bool {
			return r.Name == p.Name && r.Size == p.Size
		})
		if kept || slices.Contains(offered, p.Size) {
			continue
		}
		family, _, _ := strings.Cut(p.Size, "-")
		alike := slices.DeleteFunc(slices.Clone(offered),
			func(size string) bool { return !strings.HasPrefix(size, family+"-") })
		if len(alike) == 0 {
			alike = offered
		}
		errs.Add(fmt.Sprintf("cluster.pools[%d].size", i), p.Size,
			"a size that DigitalOcean offers for nodes: "+strings.Join(alike, ", "),
			"correct it; `doctl kubernetes options sizes` lists them")
	}
}
