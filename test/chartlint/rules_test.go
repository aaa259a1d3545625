package chartlint

import (
	"slices"
	"testing"
)

func TestMetricsOf(t *testing.T) {
	for expr, want := range map[string][]string{
		`up`:                       {"up"},
		`absent(up{job="a"} == 1)`: {"up"},
		`sum by (a, b) (rate(x_total{c=~"d e"}[5m])) / on (a) group_left (f) y > bool 0.5`: {"x_total",
			"y"},
		"# HA clusters (zone)\n100 * sum(rate(x[2m])) by (route) > 10": {"x"},
		`label_replace(a:b:sum offset 30m, "n", "$1", "m", "(.+)") unless on () kube_node_info or vector(1)`: {"a:b:sum",
			"kube_node_info"},
		`sum(x) BY (a) OR y`:                  {"x", "y"},
		`time() - (x{} > 0) > 60 * 60 * 1e3`:  {"x"},
		`histogram_quantile(0.99, x:y) and z`: {"x:y", "z"},
	} {
		got, err := metricsOf(expr)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v (error: %v)", expr, got, want, err)
		}
	}
}
