package monitoring

import (
	"fmt"
	"time"
)

// midnight starts the day.
var midnight = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

const day = 24 * 60 // minutes

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

func growing(perMinute float64) sample {
	return func(m int) (float64, bool) { return perMinute * float64(m), true }
}

// counted is born with its first event and lives while its replica does.
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

// incident is a day on three nodes. One rule is noisy all day. At 14:00 somebody runs a dropped binary in shop/web-1 on
// node b, at 14:10 starts a virtual cluster. In the middle of it a replica of falcosidekick is replaced, one delivery
// fails, and Falco drops system calls. In the morning node c was without Falco.
func incident() map[string]sample {
	series := map[string]sample{}
	for i, node := range []string{"a", "b", "c"} {
		series[`kube_node_info{node="`+node+`"}`] = gauge(1)
		series[`up{job="falco-metrics", node="`+node+`"}`] = gauge(1)
		series[`falcosecurity_scap_n_evts_total{node="`+node+`"}`] = growing(60_000)
		series[`falcosecurity_scap_n_drops_total{node="`+node+`"}`] = gauge(0)
		series[`falcosecurity_falco_outputs_queue_num_drops_total{node="`+node+`"}`] = gauge(0)
		series[`falcosecurity_falco_cpu_usage_ratio{node="`+node+`"}`] = gauge(0.04 + float64(i)/100)
		series[`falcosecurity_falco_memory_rss_bytes{node="`+node+`"}`] = gauge(180e6)
		series[`falcosecurity_falco_version_info{node="`+node+`", version="0.44.1"}`] = gauge(1)
		series[`falcosecurity_falco_sha256_rules_files_info{node="`+node+`", file_name="falco_rules.yaml", sha256="6f00"}`] = gauge(1)
	}
	series[`up{job="falco-metrics", node="c"}`] = between("10:00", "10:20", 0, 1)
	series[`falcosecurity_scap_n_drops_total{node="b"}`] = func(m int) (float64, bool) {
		return 2000 * float64(min(max(m-clock("14:00"), 0), 30)), true
	}
	for job, target := range map[string]string{"falco-falcosidekick": "x", "loki/loki": "loki-0"} {
		series[`up{job="`+job+`", instance="`+target+`"}`] = gauge(1)
	}
	event := func(rule, priority, node, namespace, pod, replica string) string {
		return fmt.Sprintf(`falcosecurity_falcosidekick_falco_events_total{rule=%q, priority_raw=%q, hostname=%q, k8s_ns_name=%q, k8s_pod_name=%q, pod=%q}`,
			rule, priority, node, namespace, pod, replica)
	}
	var hourly []string
	for hour := range 24 {
		hourly = append(hourly, fmt.Sprintf("%02d:30", hour))
	}
	series[event("Contact K8S API Server", "notice", "a", "shop", "tools-0", "sidekick-2")] = counted("00:00", "23:59", hourly...)
	dropped := func(replica string) string {
		return event("Drop and execute", "critical", "b", "shop", "web-1", replica)
	}
	series[dropped("sidekick-1")] = counted("00:00", "14:12", "14:00", "14:05")
	series[dropped("sidekick-2")] = counted("00:00", "23:59", "14:03")
	series[dropped("sidekick-3")] = counted("14:12", "23:59", "14:15")
	series[event("Virtual Cluster Started Without Approval", "warning", "b", "vcluster", "demo-0", "sidekick-2")] = counted("00:00", "23:59", "14:10")
	series[`kube_pod_container_info{namespace="vcluster", pod="demo-0", container="syncer", image_spec="ghcr.io/loft-sh/vcluster-oss:0.36.1"}`] = counted("14:09", "18:00", "14:09")
	series[`falcosecurity_falcosidekick_outputs_total{destination="loki", status="ok", pod="sidekick-2"}`] = counted("00:00", "23:59", append(hourly, "14:03", "14:10")...)
	series[`falcosecurity_falcosidekick_outputs_total{destination="loki", status="error", pod="sidekick-3"}`] = counted("14:12", "23:59", "14:15")
	return series
}
