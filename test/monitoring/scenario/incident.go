package scenario

import (
	"fmt"
	"math"
	"time"
)

// Midnight starts the day.
var Midnight = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Minutes of the day.
const Minutes = 24 * 60

// sample is a series' value in a minute; false: not scraped.
type sample func(minute int) (float64, bool)

// clock reads 14:05 as a minute of the day.
func clock(text string) int {
	at, err := time.Parse("15:04", text)
	if err != nil {
		panic(err)
	}
	return at.Hour()*60 + at.Minute()
}

func gauge(v float64) sample { return func(int) (float64, bool) { return v, true } }

// growing is a counter that grows by the rate of each minute.
func growing(perMinute func(minute int) float64) sample {
	sums := make([]float64, Minutes+2)
	for m := range Minutes + 1 {
		sums[m+1] = sums[m] + math.Round(perMinute(m))
	}
	return func(m int) (float64, bool) { return sums[m], true }
}

// counted first appears with its first event and lives while its replica does.
func counted(from, to string, events ...string) sample {
	return func(m int) (float64, bool) {
		n := 0
		for _, e := range events {
			if clock(e) <= m {
				n++
			}
		}
		return float64(n), n > 0 && m >= clock(from) && m < clock(to)
	}
}

func between(from, to string, inside, outside float64) sample {
	return func(m int) (float64, bool) {
		if m >= clock(from) && m < clock(to) {
			return inside, true
		}
		return outside, true
	}
}

// busy is how much a node does in a minute, about 1: more by day, with ripples, and twice on node b in the incident.
func busy(node, minute int) float64 {
	load :=
		1 + 0.25*math.Sin(2*math.Pi*float64(minute-clock("09:00"))/Minutes) + 0.06*math.Sin(float64(minute)/float64(7+2*node))
	if node == 1 && minute >= clock("14:00") && minute < clock("14:30") {
		load *= 2
	}
	return load
}

// incident is a day on three nodes. One rule is noisy all day. Before 14:00 a shell is opened in shop/web-1 on
// node b, then runs a dropped binary, and at 14:10 starts a virtual cluster. In the middle of it a replica of
// falcosidekick is replaced, one delivery fails, and Falco drops system calls. In the morning node c was without Falco.
func incident(metrics string) map[string]sample {
	series := map[string]sample{}
	for i, node := range []string{"a", "b", "c"} {
		series[`kube_node_info{node="`+node+`"}`] = gauge(1)
		series[`up{job="falco-metrics", node="`+node+`"}`] = gauge(1)
		series[`falcosecurity_scap_n_evts_total{node="`+node+
			`"}`] = growing(func(m int) float64 { return 60_000 * busy(i, m) })
		series[`falcosecurity_scap_n_drops_total{node="`+node+`"}`] = gauge(0)
		series[`falcosecurity_falco_outputs_queue_num_drops_total{node="`+node+`"}`] = gauge(0)
		series[`falcosecurity_falco_cpu_usage_ratio{node="`+node+`"}`] = func(m int) (float64, bool) {
			return (0.04 + float64(i)/100) * busy(i, m), true
		}
		series[`falcosecurity_falco_memory_rss_bytes{node="`+node+`"}`] = func(m int) (float64, bool) {
			return 170e6 + 10e6*float64(i) + 4e6*busy(i, m), true
		}
		series[`falcosecurity_falco_version_info{node="`+node+`", version="0.44.1"}`] = gauge(1)
		series[`falcosecurity_falco_sha256_rules_files_info{node="`+node+
			`", file_name="falco_rules.yaml", sha256="6f00"}`] = gauge(1)
	}
	series[`up{job="falco-metrics", node="c"}`] = between("10:00", "10:20", 0, 1)
	series[`falcosecurity_scap_n_drops_total{node="b"}`] = growing(func(m int) float64 {
		drops, _ := between("14:00", "14:30", 4000, 0)(m)
		return drops
	})
	for _, job := range []string{"falco-falcosidekick", "loki/loki", "falco-exporter"} {
		if job != "falco-exporter" || metrics == job {
			series[`up{job="`+job+`"}`] = gauge(1)
		}
	}
	for name, times := range reported(metrics) {
		lives := replicas[name.replica]
		series[name.series] = counted(lives[0], lives[1], times...)
	}
	running := `kube_pod_container_info{namespace=%q, pod=%q, container="syncer", ` +
		`image_spec="ghcr.io/loft-sh/vcluster-oss:0.36.1"}`
	series[fmt.Sprintf(running, "team-a", "preview-0")] = gauge(1)
	series[fmt.Sprintf(running, "vcluster", "demo-0")] = counted("14:09", "18:00", "14:09")
	return series
}
